"""Mappings: those there are load, and one that contradicts itself does not."""

import pytest
from pydantic import ValidationError

from registry_sync.domain.record import FIELDS
from registry_sync.source.headers import header_of
from registry_sync.source.mapping import Kind, Mapping, names

GOOD = {
    "name": "bureau",
    "title": "白名单",
    "kind": "sheet",
    "required": ["institution_id"],
    "columns": {"institution_id": ["代码"], "status": ["状态"], "kind": ["类别"]},
    "values": {"status": {"正常": "normal"}},
    "splits": {"kind": {"学科类": {"category": "subject"}}},
    "defaults": {"white_listed": "yes"},
}


def test_every_mapping_loads_under_its_name() -> None:
    assert {"national", "white_list", "white_list_by_district"} <= set(names())
    for name in names():
        mapping = Mapping.load(name)
        assert mapping.name == name
        assert mapping.headers


@pytest.mark.parametrize("name", ["nowhere", "../mappings/national", ""])
def test_no_other_mapping_loads(name: str) -> None:
    with pytest.raises(KeyError):
        Mapping.load(name)


def test_the_national_platform_says_every_field() -> None:
    mapping = Mapping.load("national")
    said = set(mapping.columns) | {
        field for table in mapping.splits.values() for fields in table.values() for field in fields
    }
    assert said >= set(FIELDS)


def test_headers_of_sheets_are_written_as_they_are_compared() -> None:
    for mapping in map(Mapping.load, names()):
        if mapping.kind is Kind.sheet:
            for header in [*mapping.headers, *mapping.ignored, *mapping.footers]:
                assert header_of(header) == header


def test_a_mapping_that_agrees_with_itself_is_taken() -> None:
    assert Mapping.model_validate(GOOD).headers == {
        "代码": "institution_id",
        "状态": "status",
        "类别": "kind",
    }


CONTRADICTIONS = [
    ({"ignored": ["代码"]}, "the header 代码 stands twice"),
    ({"columns": {"institution_id": ["代码"], "owner": ["人"]}}, "no field is called owner"),
    ({"required": ["name"]}, "no column gives name"),
    ({"required": ["kind"]}, "kind cannot be required"),
    ({"values": {"status": {"正常": "fine"}}}, "status is never fine"),
    ({"values": {"status": {"正常": "unknown"}}}, "status is never unknown"),
    ({"values": {"name": {"甲": "乙"}}}, "name is never 乙"),
    ({"values": {}}, "the words of status are not given"),
    ({"splits": {"kind": {"a": {"category": "music"}}}}, "category is never music"),
    ({"splits": {**GOOD["splits"], "form": {}}}, "no column gives form"),
    ({"defaults": {"name": "甲"}}, "name is no list's to say"),
    ({"name": "Bureau 1"}, "Bureau 1 is no name"),
    ({"colour": "red"}, "Extra inputs"),
]


@pytest.mark.parametrize(("change", "complaint"), CONTRADICTIONS)
def test_a_mapping_that_contradicts_itself_does_not_load(
    change: dict[str, object], complaint: str
) -> None:
    with pytest.raises(ValidationError, match=complaint):
        Mapping.model_validate(GOOD | change)
