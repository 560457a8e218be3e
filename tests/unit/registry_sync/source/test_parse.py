"""Rows to records: one fault stops one row, and nothing unknown is guessed."""

from datetime import date

import pytest

from registry_sync.domain.record import LONG_TERM, Parsed, SetAside
from registry_sync.domain.words import RowFault
from registry_sync.source.mapping import Mapping
from registry_sync.source.parse import UNKNOWN_COLUMNS_MAX, Parser, parse_rows
from tests.unit.registry_sync.source.codes import a_code

NATIONAL = Mapping.load("national")
WHITE_LIST = Mapping.load("white_list")
BY_DISTRICT = Mapping.load("white_list_by_district")
CODE = a_code(1)


def a_line(**changes: object) -> dict[str, object]:
    return {
        "uscc": CODE,
        "licenceNo": "151010470000001",
        "orgName": "星光学校",
        "regionCode": "510104",
        "orgType": "3",
        "orgStatus": "正常",
        "hasLicence": "1",
        "hasRegistration": "0",
        "licenceValidTo": "长期",
        "whiteList": "1",
        "blackList": "0",
        "address": "春熙路1号",
        "changedOn": "2026-01-02",
    } | changes


def parsed(*lines: dict[str, object], mapping: Mapping = NATIONAL) -> Parsed:
    return parse_rows(mapping, [(f"line {at}", line) for at, line in enumerate(lines, start=1)])


def test_a_line_of_the_platform_is_a_record() -> None:
    found = parsed(a_line())
    (record,) = found.records
    assert record.key == (CODE, "151010470000001")
    assert record.values == (
        *("星光学校", "510104", "non_subject", "offline", "normal", "yes", "no"),
        *(LONG_TERM, "yes", "no", "春熙路1号"),
    )
    assert (record.since, record.where) == (date(2026, 1, 2), "line 1")
    assert (found.set_aside, found.unknown_columns, found.remarks) == ([], [], [])


FAULTS = [
    ({"uscc": "92510104MA6000001X"}, "credit_code_wrong", "institution_id"),
    ({"uscc": 92510104}, "numeric_id", "institution_id"),
    ({"uscc": None}, "field_missing", "institution_id"),
    ({"uscc": ""}, "field_missing", "institution_id"),
    ({"licenceNo": 151010470000001}, "numeric_id", "licence_no"),
    ({"orgName": " "}, "field_missing", "name"),
    ({"orgName": "a\0"}, "shape_wrong", "name"),
    ({"orgName": {"zh": "星光"}}, "shape_wrong", "name"),
    ({"regionCode": "51"}, "word_unknown", "district_code"),
    ({"orgType": "5"}, "word_unknown", "kind_of_teaching"),
    ({"hasLicence": "2"}, "word_unknown", "licensed"),
    ({"blackList": "yes"}, "word_unknown", "black_listed"),
    ({"licenceValidTo": "soon"}, "date_wrong", "valid_until"),
    ({"changedOn": "长期"}, "date_wrong", "since"),
    ({"address": "a" * 301}, "shape_wrong", "address"),
]


@pytest.mark.parametrize(("change", "reason", "field"), FAULTS)
def test_a_fault_sets_one_row_aside(change: dict[str, object], reason: str, field: str) -> None:
    found = parsed(a_line(**change), a_line(uscc=a_code(2)))
    assert [record.institution_id for record in found.records] == [a_code(2)]
    (aside,) = found.set_aside
    assert (aside.where, aside.reason, aside.field) == ("line 1", reason, field)
    is_known = field not in {"institution_id", "licence_no"}
    assert aside.key == ((CODE, "151010470000001") if is_known else None)


@pytest.mark.parametrize("missing", ["uscc", "orgName", "orgStatus"])
def test_what_is_required_must_be_said(missing: str) -> None:
    line = a_line()
    del line[missing]
    (aside,) = parsed(line).set_aside
    assert aside.reason is RowFault.field_missing


def test_what_is_not_required_may_be_left_out() -> None:
    (record,) = parsed({"uscc": CODE, "orgName": "星光", "orgStatus": "吊销"}).records
    assert record.key == (CODE, "")
    assert (record.get("status"), record.get("licensed"), record.since) == ("revoked", None, None)


@pytest.mark.parametrize("word", ["歇业", "", None, "normal", 7])
def test_a_status_that_is_not_named_is_unknown_and_counted(word: object) -> None:
    found = parsed(a_line(orgStatus=word), a_line(uscc=a_code(2)))
    assert [record.get("status") for record in found.records] == ["unknown", "normal"]
    assert found.remarks == ["The status of 1 rows is no word known, first at line 1."]


STATUSES = [
    ("正常", "normal"),
    ("停业", "suspended"),
    ("暂停招生", "suspended"),
    ("转型", "transformed"),
    ("营转非", "transformed"),
    ("注销", "deregistered"),
    ("吊销", "revoked"),
    ("许可证过期", "expired"),
    ("终止清算", "winding_down"),
    (" 吊销\u3000", "revoked"),
]


@pytest.mark.parametrize(("word", "status"), STATUSES)
def test_every_status_of_the_platform_is_known(word: str, status: str) -> None:
    assert parsed(a_line(orgStatus=word)).records[0].get("status") == status


def test_unknown_columns_are_named_once_and_bounded() -> None:
    found = parsed(
        a_line(score="9"), a_line(uscc=a_code(2), score="8"), a_line(uscc=a_code(3), **{"a\0": 1})
    )
    assert found.unknown_columns == ["score", "a?"]
    assert len(found.records) == 3
    many = parsed(*({"uscc": CODE, f"c{number}": 1} for number in range(400)))
    assert len(many.unknown_columns) == UNKNOWN_COLUMNS_MAX


def test_rows_that_say_the_same_are_one() -> None:
    found = parsed(a_line(), a_line())
    assert (len(found.records), found.set_aside) == (1, [])
    assert found.remarks == ["1 rows repeat another one word for word."]


def test_rows_of_one_site_that_differ_are_all_set_aside() -> None:
    found = parsed(a_line(), a_line(orgName="月光"), a_line(), a_line(uscc=a_code(2)))
    assert [record.institution_id for record in found.records] == [a_code(2)]
    assert [(one.where, one.reason) for one in found.set_aside] == [
        ("line 1", "row_repeated"),
        ("line 2", "row_repeated"),
        ("line 3", "row_repeated"),
    ]


@pytest.mark.parametrize("bad_first", [True, False])
def test_a_row_beside_one_that_cannot_be_read_is_not_believed(bad_first: bool) -> None:
    lines = [a_line(licenceValidTo="soon"), a_line()]
    found = parsed(*(lines if bad_first else reversed(lines)))
    assert found.records == []
    assert {one.reason for one in found.set_aside} == {"date_wrong", "row_repeated"}


def test_sites_of_one_institution_stand_apart() -> None:
    assert len(parsed(a_line(), a_line(licenceNo="151010470000002")).records) == 2


def test_a_row_that_could_not_be_read_at_all_is_passed_on() -> None:
    aside = SetAside("line 1", RowFault.shape_wrong)
    assert parse_rows(NATIONAL, [aside]).set_aside == [aside]


def a_sheet_row(**changes: object) -> dict[str, object]:
    return {"统一社会信用代码": CODE, "学校名称": "星光学校"} | changes


def test_a_white_list_says_that_one_is_listed() -> None:
    (record,) = parsed(a_sheet_row(), mapping=WHITE_LIST).records
    assert record.get("white_listed") == "yes"
    (record,) = parsed(a_sheet_row(白名单="否"), mapping=WHITE_LIST).records
    assert record.get("white_listed") == "no"


def test_what_stands_for_nothing_is_nothing() -> None:
    row = a_sheet_row(办学许可证号="无", 有效期="/", 地址=" — ", 类别="-")
    (record,) = parsed(row, mapping=WHITE_LIST).records
    assert (record.licence_no, record.get("valid_until"), record.get("address")) == ("", None, None)


def test_two_columns_may_not_contradict_each_other() -> None:
    agreeing = a_sheet_row(类别="线下学科类", 授课方式="线下")
    assert parsed(agreeing, mapping=WHITE_LIST).records[0].get("delivery") == "offline"
    for row in (
        a_sheet_row(类别="线下学科类", 授课方式="线上"),
        a_sheet_row(授课方式="线上", 类别="线下学科类"),
    ):
        assert parsed(row, mapping=WHITE_LIST).set_aside[0].reason is RowFault.word_unknown


def test_a_bureau_may_name_its_districts() -> None:
    row = a_sheet_row(区县="锦江区", 有无办学许可证="无", 类别="学科类")
    (record,) = parsed(row, mapping=BY_DISTRICT).records
    assert record.get("district_code") == "510104"
    assert record.get("licensed") == "no"
    found = parsed(a_sheet_row(区县="远方"), a_sheet_row(区县="无"), mapping=BY_DISTRICT)
    assert {one.reason for one in found.set_aside} == {"word_unknown", "field_missing"}


def test_a_fault_is_placed_by_its_cell() -> None:
    parser = Parser(NATIONAL)
    parser.read([("row 7", a_line(orgType="5"))], at=lambda where, header: f"{where} {header}")
    assert parser.parsed().set_aside[0].where == "row 7 orgType"
