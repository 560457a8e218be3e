"""Field types: what they take, and that OpenAPI says the same."""

from datetime import UTC, date, datetime
from typing import Annotated, Any

import pytest
from pydantic import TypeAdapter, ValidationError
from stdnum.cn import uscc

from shared.web.fields import (
    AccountNumber,
    CallerId,
    Day,
    DistrictCode,
    FenOrZero,
    Instant,
    InstitutionIdField,
    Since,
    Until,
    refusal,
    text,
)
from tests.support.tables import cases

Kind = Any

# value                                taken
INSTANTS = """
  2026-12-05T09:00:00+08:00            yes
  2026-12-05T01:00:00Z                 yes
  2026-12-05t01:00:00z                 yes
  2026-12-05T01:00:00.123456Z          yes
  2026-12-05T01:00:00.123456789Z       yes
  1900-01-01T00:00:00Z                 yes
  2200-12-31T23:59:59-23:59            yes
  2026-12-05T09:00:00                  no
  2026-12-05 09:00:00+08:00            no
  2026-12-05T09:00+08:00               no
  2026-12-05T09:00:00+0800             no
  2026-12-05T09:00:00+08               no
  2026-12-05T09:00:60Z                 no
  2026-12-05T24:00:00Z                 no
  2026-02-30T09:00:00Z                 no
  2026-12-05                           no
  1899-12-31T00:00:00Z                 no
  2201-01-01T00:00:00Z                 no
  1764896400                           no
  ２０２６-12-05T09:00:00Z               no
  2026-12-05T09:00:00.Z                no
  2026-12-05T09:00:00+24:00            no
"""


def taken(kind: Kind, value: object) -> bool:
    try:
        TypeAdapter(kind).validate_python(value)
    except ValidationError:
        return False
    return True


@cases(INSTANTS)
def test_an_instant_is_rfc_3339_with_its_offset(row: list[str]) -> None:
    assert taken(Instant, row[0]) is (row[1] == "yes")


def test_an_instant_keeps_its_moment() -> None:
    found = TypeAdapter(Instant).validate_python("2026-12-05T09:00:00+08:00")
    assert found == datetime(2026, 12, 5, 1, tzinfo=UTC)
    assert found.tzinfo is UTC


def test_one_spelling_is_parsed_once_and_a_wrong_one_is_refused_each_time() -> None:
    adapter = TypeAdapter(Instant)
    first = adapter.validate_json('"2026-12-05T09:00:00+08:00"')
    assert adapter.validate_json('"2026-12-05T09:00:00+08:00"') is first
    assert adapter.validate_json('"2026-12-05T09:00:01+08:00"') != first
    for wrong in ("2026-12-05T09:00:00", "2026-02-30T09:00:00Z", "2026-12-05T09:00:00Z" + " " * 99):
        for _ in range(2):
            with pytest.raises(ValidationError) as raised:
                adapter.validate_python(wrong)
            assert [error["type"] for error in raised.value.errors()] == ["not_an_instant"]


def test_numbers_and_objects_are_no_instants() -> None:
    wrong: list[object] = [1764896400, 1.5, True, None, [], {}]
    assert not any(taken(Instant, value) for value in wrong)


# value         taken
DAYS = """
  2026-12-05    yes
  2024-02-29    yes
  2026-02-29    no
  2026-2-5      no
  20261205      no
  2026-12-05T00:00:00  no
  05.12.2026    no
  1899-12-31    no
  2201-01-01    no
"""


@cases(DAYS)
def test_a_day_is_year_month_day(row: list[str]) -> None:
    assert taken(Day, row[0]) is (row[1] == "yes")


def test_a_day_is_a_date() -> None:
    assert TypeAdapter(Day).validate_python("2026-12-05") == date(2026, 12, 5)


# value                  taken
INSTITUTIONS = """
  91320602MA1ABCDE16     yes
  91110000600037341L     yes
  91320602MA1ABCDE17     no
  91320602MA1ABCDE1      no
  91320602MA1ABCDE166    no
  91320602ma1abcde16     no
  91320602MA1ABCDEI6     no
  91320602MA1ABCDEO6     no
"""


@cases(INSTITUTIONS)
def test_of_an_institution_id_the_check_digit_is_verified(row: list[str]) -> None:
    assert taken(InstitutionIdField, row[0]) is (row[1] == "yes")


def test_of_an_institution_id_nothing_else_is_verified() -> None:
    stem = "YY000000000000000"
    assert taken(InstitutionIdField, stem + uscc.calc_check_digit(stem))


# value                                taken
CALLER_IDS = """
  C-2026-0001                          yes
  a.b_c:d-e                            yes
  a/b                                  no
  a b                                  no
  张三                                  no
  é                                    no
"""


@cases(CALLER_IDS)
def test_a_callers_id_is_64_plain_characters(row: list[str]) -> None:
    assert taken(CallerId, row[0]) is (row[1] == "yes")


def test_a_callers_id_has_its_length() -> None:
    assert [taken(CallerId, "a" * length) for length in (0, 1, 64, 65)] == [
        False,
        True,
        True,
        False,
    ]


def test_an_account_number_has_6_to_34_characters() -> None:
    assert [taken(AccountNumber, "6" * length) for length in (5, 6, 34, 35)] == [
        False,
        True,
        True,
        False,
    ]
    assert not taken(AccountNumber, "6222 0200 0000")


def test_a_district_code_has_6_9_or_12_digits() -> None:
    lengths = [length for length in range(15) if taken(DistrictCode, "3" * length)]
    assert lengths == [6, 9, 12]


def test_text_is_never_blank_and_never_holds_nul() -> None:
    line = Annotated[str, text(4)]
    assert [value for value in ("a", " a ", "张三", "abcd") if taken(line, value)] != []
    assert not any(taken(line, value) for value in ("", " ", "\t\n", "\0", "a\0", "　", "abcde", 1))


def test_an_amount_may_be_nothing_only_where_it_says_so() -> None:
    assert taken(FenOrZero, 0)
    assert not taken(FenOrZero, -1)


def test_a_refusal_carries_its_sentence() -> None:
    error = refusal("too_odd", "Must be even.")
    assert (error.type, error.message()) == ("too_odd", "Must be even.")


def test_what_is_shown_is_what_is_checked() -> None:
    shown = {
        "date-time": TypeAdapter(Instant).json_schema(),
        "date": TypeAdapter(Day).json_schema(),
    }
    assert {schema["format"] for schema in shown.values()} == set(shown)
    assert TypeAdapter(CallerId).json_schema()["pattern"] == "^[A-Za-z0-9._:-]{1,64}$"
    assert TypeAdapter(InstitutionIdField).json_schema()["format"] == "uscc"
    assert TypeAdapter(FenOrZero).json_schema()["maximum"] == 10**15


@pytest.mark.parametrize("kind", [Instant, Day, InstitutionIdField, CallerId, AccountNumber])
def test_the_documented_example_is_taken(kind: Kind) -> None:
    [example] = TypeAdapter(kind).json_schema()["examples"]
    assert taken(kind, example)


# given                        begins                       ends
SPANS = """
  2026-12-05                   2026-12-04T16:00:00+00:00    2026-12-05T15:59:59.999999+00:00
  2026-12-05T09:00:00+08:00    2026-12-05T01:00:00+00:00    2026-12-05T01:00:00+00:00
  2026-12-05t01:00:00z         2026-12-05T01:00:00+00:00    2026-12-05T01:00:00+00:00
"""


@cases(SPANS)
def test_a_day_begins_at_its_midnight_and_ends_with_its_last_tick(row: list[str]) -> None:
    given, begins, ends = row
    assert TypeAdapter(Since).validate_python(given) == datetime.fromisoformat(begins)
    assert TypeAdapter(Until).validate_python(given) == datetime.fromisoformat(ends)


@pytest.mark.parametrize(
    "given", ["2026-02-30", "2026-12-05T09:00:00", "2026-12-05T25:00:00Z", "2026", "", "x"]
)
def test_what_is_neither_a_day_nor_an_instant_is_refused(given: str) -> None:
    for kind in (Since, Until):
        with pytest.raises(ValidationError) as refused:
            TypeAdapter(kind).validate_python(given)
        assert refused.value.errors()[0]["type"] == "not_a_moment"


def test_what_was_spelled_is_shown_as_the_value_it_is() -> None:
    for kind, given in ((Instant, "2026-12-05T09:00:00Z"), (Day, "2026-12-05")):
        adapter: TypeAdapter[Kind] = TypeAdapter(kind)
        value = adapter.validate_python(given)
        assert adapter.dump_python(value) == value  # and no warning of the library's
        assert adapter.dump_json(value).decode().strip('"').startswith(given[:10])
