"""R18 to R21: rank, the bank's silence, the registry's words, and fees without a licence."""

from datetime import date
from typing import Any

import pytest

from alerts.domain.workdays import Calendar
from tests.unit.alerts.rules.conduct_facts import YUAN, Told, judge, level, verdicts

NOW = "2026-11-20 10:00"


@pytest.mark.parametrize(
    ("place", "expected"), [(1, "info"), (10, "info"), (11, "no_hit"), (0, "no_hit")]
)
def test_the_first_ten_are_talked_to(place: int, expected: str) -> None:
    told = Told()
    told.add("rank", "2026-10-01", 7_000 * YUAN, ref="320602", number=place)

    found = judge("top_n_interview", told, NOW)

    assert level(found) == expected
    if expected == "info":
        assert found[0].scope == "2026-Q4"
        assert found[0].sentence == (
            f"2026-11-20 10:00 2026-Q4 预收费存量 7,000.00 元，居 320602 第 {place} 位"
            "（阈值前 10 位），属必谈机构"
        )


@pytest.mark.parametrize(
    ("as_of", "expected"),
    [
        ("2026-12-31 23:59", [("hit", "info", "2026-Q4")]),
        ("2027-01-01 00:00", [("no_hit", None, "open")]),
    ],
)
def test_a_rank_is_of_its_quarter_alone(as_of: str, expected: list[Any]) -> None:
    told = Told()
    told.add("rank", "2026-10-01", 7_000, number=1)

    assert verdicts(judge("top_n_interview", told, as_of)) == expected


def test_the_rank_heard_last_holds() -> None:
    told = Told()
    told.add("rank", "2026-10-01", 7_000, number=11, seen="2026-10-09")
    told.add("rank", "2026-10-01", 7_000, number=1, seen="2026-10-02")

    assert level(judge("top_n_interview", told, NOW)) == "no_hit"


# 2026-11-16 is a Monday.
@pytest.mark.parametrize(
    ("as_of", "expected"),
    [
        ("2026-11-18 18:00", "no_hit"),
        ("2026-11-18 18:01", "warning"),
        ("2026-11-23 18:00", "warning"),
        ("2026-11-23 18:01", "critical"),
    ],
)
def test_silence_of_two_and_of_five_working_days(as_of: str, expected: str) -> None:
    told = Told()
    told.add("account", "2026-01-01", tag="bank-a")
    told.add("statement", "2026-11-16", 100, tag="bank-a")
    told.add("statement", "2026-11-20", 100, tag="bank-b")

    found = judge("feed_silent", told, as_of)

    assert level(found) == expected
    if expected != "no_hit":
        assert (found[0].reason, found[0].fact_ids) == ("feed_silent", (2,))
        assert "银行 bank-a 最近一份对账单截至 2026-11-16 00:00" in found[0].sentence


def test_a_holiday_is_no_silence() -> None:
    told = Told()
    told.add("account", "2026-01-01", tag="bank-a")
    told.add("statement", "2026-09-30", 100, tag="bank-a")
    week = Calendar({date(2026, 10, n): False for n in range(1, 9)})

    assert level(judge("feed_silent", told, "2026-10-12 10:00", calendar=week)) == "no_hit"
    assert level(judge("feed_silent", told, "2026-10-12 10:00")) == "critical"


def test_a_bank_that_never_spoke_is_counted_from_the_opening_of_the_account() -> None:
    told = Told()
    told.add("account", "2026-11-16", tag="bank-a")

    assert level(judge("feed_silent", told, "2026-11-18 18:00")) == "no_hit"
    found = judge("feed_silent", told, "2026-11-18 18:01")
    assert level(found) == "warning"
    assert "尚无对账单，账户开立于" in found[0].sentence


def test_only_the_last_accounts_bank_is_heard_and_without_account_none() -> None:
    told = Told()
    told.add("statement", "2026-01-01", tag="bank-a")
    assert level(judge("feed_silent", told, NOW)) == "no_hit"

    told.add("account", "2026-01-01", tag="bank-a")
    assert level(judge("feed_silent", told, NOW)) == "critical"
    told.add("account", "2026-11-19", tag="bank-b")
    assert level(judge("feed_silent", told, NOW)) == "no_hit"


@pytest.mark.parametrize(
    ("tag", "status", "expected"),
    [
        ("licence.revoked", "revoked", "critical"),
        ("list.black.added", "normal", "critical"),
        ("licence.suspended", "suspended", "warning"),
        ("licence.expired", "expired", "warning"),
        ("list.white.removed", "normal", "warning"),
        ("institution.changed", "deregistered", "warning"),
        ("institution.listed", "winding_down", "warning"),
        ("institution.missing", "normal", "info"),
        ("institution.changed", "normal", "no_hit"),
        ("institution.changed", "unknown", "no_hit"),
        ("institution.listed", "suspended", "no_hit"),
        ("institution.restored", "normal", "no_hit"),
        ("list.black.removed", "normal", "no_hit"),
    ],
)
def test_how_grave_each_word_of_the_registry_is(tag: str, status: str, expected: str) -> None:
    told = Told()
    told.add("registry", "2026-11-19", ref="L-1", tag=tag, status=status)

    found = judge("registry_adverse", told, NOW)

    assert level(found) == expected
    if expected != "no_hit":
        assert (found[0].scope, found[0].fact_ids) == ("1", (1,))


@pytest.mark.parametrize(
    ("tag", "status", "later", "white"),
    [
        ("licence.revoked", "revoked", "institution.restored", None),
        ("licence.suspended", "suspended", "institution.restored", None),
        ("institution.changed", "transformed", "institution.restored", None),
        ("list.black.added", "normal", "list.black.removed", None),
        ("list.white.removed", "normal", "institution.changed", True),
        ("institution.missing", "normal", "institution.changed", None),
    ],
)
def test_a_word_that_was_taken_back_stands_no_more(
    tag: str, status: str, later: str, *, white: bool | None
) -> None:
    told = Told()
    told.add("registry", "2026-11-18", tag=tag, status=status)
    told.add("registry", "2026-11-19", tag=later, status="normal", white_listed=white)

    assert level(judge("registry_adverse", told, NOW)) == "no_hit"
    assert level(judge("registry_adverse", told, "2026-11-18 10:00")) != "no_hit"


def test_another_word_takes_nothing_back() -> None:
    told = Told()
    told.add("registry", "2026-11-17", tag="licence.revoked", status="revoked")
    told.add("registry", "2026-11-18", tag="list.black.added", status="revoked")
    told.add("registry", "2026-11-19", tag="list.white.removed", white_listed=False)
    told.add("registry", "2026-11-19", tag="institution.changed", white_listed=False)
    told.add("registry", "2026-11-20", tag="institution.missing")

    assert verdicts(judge("registry_adverse", told, NOW)) == [
        ("hit", "critical", "1"),
        ("hit", "critical", "2"),
        ("hit", "warning", "3"),
        ("hit", "info", "5"),
    ]


def test_of_very_many_words_the_newest_are_judged() -> None:
    told = Told()
    for _ in range(51):
        told.add("registry", "2026-11-17", tag="licence.revoked", status="revoked")

    found = judge("registry_adverse", told, NOW)
    assert [one.scope for one in found] == [str(n) for n in range(2, 52)]


@pytest.mark.parametrize(
    ("valid_until", "expected"),
    [
        ("2026-12-21", []),
        ("2026-12-20", [("hit", "warning", "2026-12-20")]),
        ("2026-11-19", [("hit", "warning", "2026-11-19")]),
        ("9999-12-31", []),
        ("soon", []),
    ],
)
def test_a_licence_that_runs_out_within_thirty_days(valid_until: str, expected: list[Any]) -> None:
    told = Told()
    told.add("registry", "2026-01-01", tag="institution.listed", valid_until=valid_until)
    without_account = judge("registry_adverse", told, NOW)
    told.add("account", "2026-01-02", tag="bank-a")

    assert level(without_account) == "no_hit"
    assert verdicts(judge("registry_adverse", told, NOW)) == (
        expected or [("no_hit", None, "open")]
    )


def test_what_runs_out_is_said_of_the_last_word_and_keeps_its_case() -> None:
    told = Told()
    told.add("registry", "2026-01-01", tag="institution.listed", valid_until="2026-12-01")
    told.add("registry", "2026-11-01", tag="institution.changed", valid_until="2026-12-01")
    told.add("account", "2026-01-02", tag="bank-a")
    (found,) = judge("registry_adverse", told, NOW)
    assert (found.scope, found.fact_ids) == ("2026-12-01", (1, 2))

    told.add("registry", "2026-11-10", tag="institution.changed", valid_until="2029-12-01")
    assert level(judge("registry_adverse", told, NOW)) == "no_hit"


def test_a_licence_that_is_over_cannot_run_out() -> None:
    told = Told()
    told.add(
        "registry", "2026-11-10", tag="licence.expired", status="expired", valid_until="2026-11-09"
    )

    assert verdicts(judge("registry_adverse", told, NOW)) == [("hit", "warning", "1")]


def test_how_it_stood_when_first_listed_is_a_turn_only_where_money_is_supervised() -> None:
    told = Told()
    told.add("registry", "2026-11-19", tag="licence.revoked", status="revoked", status_before=None)
    assert level(judge("registry_adverse", told, NOW)) == "no_hit"
    told.add("account", "2026-11-19", tag="bank-a")
    assert level(judge("registry_adverse", told, NOW)) == "critical"


def test_a_turn_is_told_of_whoever_it_is() -> None:
    told = Told()
    before = {"status": "revoked", "status_before": "normal"}
    told.add("registry", "2026-11-19", tag="licence.revoked", **before)
    assert level(judge("registry_adverse", told, NOW)) == "critical"


def test_a_stale_word_says_so() -> None:
    told = Told()
    for stale in (True, False):
        told.add("registry", "2026-11-19", tag="licence.revoked", status="revoked", stale=stale)

    said = [one.sentence for one in judge("registry_adverse", told, NOW)]

    assert [one.endswith("；来源已过时，请先核实") for one in said] == [True, False]


def _status(told: Told, when: str, status: str | None, **fields: object) -> None:
    told.add("registry", when, ref="L-1", tag="institution.changed", status=status, **fields)


@pytest.mark.parametrize(
    ("amount_fen", "booked", "expected"),
    [
        (100 * YUAN, "2026-11-10 10:00", "critical"),
        (100 * YUAN - 1, "2026-11-10 10:00", "no_hit"),
        (100 * YUAN, "2026-11-10 09:59", "no_hit"),
        (100 * YUAN, "2026-11-15 10:00", "no_hit"),
        (100 * YUAN, "2026-11-15 09:59", "critical"),
    ],
)
def test_fees_while_the_licence_was_revoked(amount_fen: int, booked: str, expected: str) -> None:
    told = Told()
    _status(told, "2026-01-01", "normal")
    _status(told, "2026-11-10 10:00", "revoked")
    _status(told, "2026-11-15 10:00", "normal")
    told.add("credit", booked, amount_fen)

    found = judge("collect_without_licence", told, NOW)

    assert level(found) == expected
    if expected == "critical":
        assert found[0].fact_ids == (2, 4)


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("suspended", "critical"),
        ("expired", "critical"),
        ("deregistered", "critical"),
        ("transformed", "critical"),
        ("winding_down", "critical"),
        ("normal", "no_hit"),
        ("unknown", "indeterminate"),
        (None, "indeterminate"),
        ("a word we do not know", "indeterminate"),
    ],
)
def test_which_statuses_allow_fees(status: str | None, expected: str) -> None:
    told = Told()
    _status(told, "2026-01-01", status)
    told.add("credit", "2026-11-10", 100 * YUAN)

    assert level(judge("collect_without_licence", told, NOW)) == expected


def test_a_revocation_reaches_back_to_the_authoritys_day() -> None:
    told = Told()
    _status(told, "2026-01-01", "normal")
    told.add("credit", "2026-10-31 23:59", 100 * YUAN)
    told.add("credit", "2026-11-01 00:00", 100 * YUAN)
    told.add("registry", "2026-11-18", tag="licence.revoked", status="revoked", since="2026-11-01")

    assert level(judge("collect_without_licence", told, "2026-11-17")) == "no_hit"
    (found,) = judge("collect_without_licence", told, NOW)
    assert (found.severity, found.fact_ids) == ("critical", (3, 4))


def test_a_word_never_holds_later_than_it_was_said() -> None:
    told = Told()
    _status(told, "2026-11-01", "revoked", since="2027-01-01")
    told.add("credit", "2026-11-10", 100 * YUAN)

    assert level(judge("collect_without_licence", told, NOW)) == "critical"


def test_nothing_is_claimed_of_a_time_of_which_nothing_is_known() -> None:
    told = Told()
    told.add("credit", "2026-11-10", 100 * YUAN)
    assert level(judge("collect_without_licence", told, NOW)) == "no_hit"

    _status(told, "2026-11-15", "normal")
    (found,) = judge("collect_without_licence", told, NOW)
    assert (found.verdict, found.reason) == ("indeterminate", "registry_unknown")
    assert found.inputs == {"credits": 1}


def test_fees_before_the_look_back_are_history() -> None:
    told = Told()
    _status(told, "2020-01-01", "revoked")
    told.add("credit", "2026-08-22 10:00", 100 * YUAN)

    assert level(judge("collect_without_licence", told, NOW)) == "no_hit"
    assert level(judge("collect_without_licence", told, "2026-11-20 09:59")) == "critical"


def test_the_sentence_of_unlicensed_fees_names_them() -> None:
    told = Told()
    _status(told, "2026-01-01", "expired")
    told.add("credit", "2026-11-10 10:00", 4_800 * YUAN)

    assert judge("collect_without_licence", told, NOW)[0].sentence == (
        "2026-11-20 10:00 许可无效（过期）期间入账 1 笔共 4,800.00 元，最早 2026-11-10 10:00"
        "（近 90 天，阈值单笔 100.00 元）"
    )
