"""R16 and R17: refunds asked for, refunds not paid, and the signs of running out of money."""

from datetime import date

import pytest

from alerts.domain.workdays import Calendar
from tests.unit.alerts.rules.conduct_facts import YUAN, Told, days, judge, level

NOW = "2026-11-20 10:00"


def _ask(told: Told, when: str, number: int, first: int = 1, tag: str = "requested") -> None:
    for n in range(first, first + number):
        told.add("refund", when, 100 * YUAN, ref=f"F-{n}", tag=tag, contract_id=f"C-{n}")


@pytest.mark.parametrize(
    ("now", "before", "expected"),
    [
        (19, 0, "no_hit"),
        (20, 0, "warning"),
        (24, 32, "warning"),
        (23, 32, "no_hit"),
        (24, 33, "no_hit"),
    ],
)
def test_a_surge_is_three_times_the_weeks_before_and_twenty_families(
    now: int, before: int, expected: str
) -> None:
    told = Told()
    _ask(told, "2026-11-18 10:00", now)
    _ask(told, "2026-10-20 10:00", before, 101)
    _ask(told, "2026-10-21 10:00", before, 101, "paid")
    _ask(told, "2026-10-10 10:00", 90, 301, "paid")

    found = judge("refund_surge", told, NOW)

    assert level(found) == expected
    if expected == "warning":
        assert len(found[0].fact_ids) == now


@pytest.mark.parametrize(
    ("when", "counted"), [("2026-11-13 10:00", False), ("2026-11-13 10:01", True)]
)
def test_the_last_week_begins_after_its_first_instant(when: str, *, counted: bool) -> None:
    told = Told()
    _ask(told, when, 20)

    assert level(judge("refund_surge", told, NOW)) == ("warning" if counted else "no_hit")


def test_families_are_counted_and_not_their_contracts() -> None:
    told = Told()
    for n in range(1, 21):
        told.add("contract", "2026-10-01", ref=f"C-{n}", student_ref=f"S-{max(n, 2)}")
    _ask(told, "2026-11-18", 20)
    assert level(judge("refund_surge", told, NOW)) == "no_hit"

    _ask(told, "2026-11-18", 1, 21)
    assert level(judge("refund_surge", told, NOW)) == "warning"


@pytest.mark.parametrize("tag", ["requested", "contested", "payer_unknown", "instructed"])
@pytest.mark.parametrize(
    ("as_of", "expected"), [("2026-11-20 18:00", "no_hit"), ("2026-11-20 18:01", "critical")]
)
def test_after_ten_working_days_a_refund_is_overdue(tag: str, as_of: str, expected: str) -> None:
    told = Told()
    _ask(told, "2026-11-06 10:00", 1)
    _ask(told, "2026-11-09 10:00", 1, tag=tag)

    found = judge("refund_surge", told, as_of)

    assert level(found) == expected
    if expected == "critical":
        assert (found[0].inputs["stuck"], found[0].fact_ids) == (1, (1,))


def test_a_paid_refund_waits_no_more_and_holidays_are_not_counted() -> None:
    told = Told()
    _ask(told, "2026-11-06 10:00", 1)
    holiday = Calendar({date(2026, 11, 18): False})

    assert level(judge("refund_surge", told, "2026-11-23", calendar=holiday)) == "no_hit"
    assert level(judge("refund_surge", told, "2026-11-23")) == "critical"
    _ask(told, "2026-11-20 10:00", 1, tag="paid")
    assert level(judge("refund_surge", told, "2026-11-23")) == "no_hit"


def test_surge_and_backlog_are_one_red_case_that_says_both() -> None:
    told = Told()
    _ask(told, "2026-11-01 10:00", 1, 50)
    _ask(told, "2026-11-18 10:00", 20)

    (found,) = judge("refund_surge", told, NOW)

    assert found.severity == "critical"
    assert found.fact_ids == tuple(range(1, 22))
    assert found.sentence == (
        "2026-11-20 10:00 近 7 天 20 户家庭提出退费 20 笔，此前 28 天 1 笔"
        "（阈值 20 户且周均的 300%）；"
        "1 笔退费共 100.00 元超过 10 个工作日未退（阈值 0 笔）"
    )


def _inflow(told: Told, before_fen: int, now_fen: int) -> None:
    told.add("credit", "2026-10-01 10:00", before_fen)
    told.add("credit", "2026-11-01 10:00", now_fen)


def _wages(told: Told, *when: str, purpose: str = "工资") -> None:
    for day in when:
        told.add("debit", day, 50_000 * YUAN, tag="unbacked", purpose=purpose)


WAGES = ("2026-08-10", "2026-09-10", "2026-10-10")


def _distressed(*, inflow: bool, wages: bool, refunds: bool) -> Told:
    told = Told()
    _inflow(told, 10_000, 2_999 if inflow else 3_000)
    _wages(told, *WAGES, *(() if wages else ("2026-11-10",)))
    _ask(told, "2026-11-10", 5 if refunds else 4)
    return told


@pytest.mark.parametrize(
    ("inflow", "wages", "refunds", "expected"),
    [
        (True, True, True, "critical"),
        (True, True, False, "warning"),
        (True, False, True, "warning"),
        (False, True, True, "warning"),
        (True, False, False, "no_hit"),
        (False, True, False, "no_hit"),
        (False, False, True, "no_hit"),
        (False, False, False, "no_hit"),
    ],
)
def test_two_signs_of_three_are_yellow_and_three_are_red(
    expected: str, *, inflow: bool, wages: bool, refunds: bool
) -> None:
    told = _distressed(inflow=inflow, wages=wages, refunds=refunds)

    assert level(judge("distress", told, NOW)) == expected


@pytest.mark.parametrize(
    ("as_of", "word"), [("2026-11-14 10:00", "not_met"), ("2026-11-15 10:00", "met")]
)
def test_wages_are_missed_after_thirty_five_days(as_of: str, word: str) -> None:
    told = _distressed(inflow=True, wages=True, refunds=True)

    assert judge("distress", told, as_of)[0].inputs["payroll"] == word


@pytest.mark.parametrize(
    "wages",
    [
        (),
        WAGES[1:],
        ("2026-07-01", "2026-09-10", "2026-10-10"),
        ("2026-08-10", "2026-09-15", "2026-10-21"),
    ],
)
def test_wages_that_never_recurred_are_unknown_and_said_to_be(wages: tuple[str, ...]) -> None:
    told = Told()
    _inflow(told, 10_000, 0)
    _wages(told, *wages)
    _ask(told, "2026-11-10", 5)

    (found,) = judge("distress", told, NOW)

    assert (found.severity, found.inputs["payroll"]) == ("warning", "unknown")
    assert "工资发放情况无法判断" in found.sentence


def test_wages_are_known_by_the_code_too_and_by_nothing_else() -> None:
    for purpose, word in (("SALA", "met"), ("租金", "unknown"), ("", "unknown")):
        told = Told()
        _inflow(told, 10_000, 0)
        _wages(told, *WAGES, purpose=purpose)
        _ask(told, "2026-11-10", 5)

        assert judge("distress", told, NOW)[0].inputs["payroll"] == word


def test_wages_of_half_a_year_ago_say_nothing() -> None:
    told = Told()
    _wages(told, *days("2026-03-24", 3, 30))
    _inflow(told, 10_000, 0)
    _ask(told, "2026-11-10", 5)

    assert judge("distress", told, "2026-11-19")[0].inputs["payroll"] == "met"
    assert judge("distress", told, "2026-11-20")[0].inputs["payroll"] == "unknown"


def test_without_money_before_nothing_collapsed_and_refunds_must_double() -> None:
    told = Told()
    _inflow(told, 0, 0)
    _wages(told, *WAGES)
    _ask(told, "2026-11-10", 5)
    _ask(told, "2026-10-10", 3, 50)
    assert level(judge("distress", told, NOW)) == "no_hit"

    _ask(told, "2026-11-10", 1, 6)
    assert level(judge("distress", told, NOW)) == "warning"


def test_the_sentence_of_distress_names_each_sign() -> None:
    told = _distressed(inflow=True, wages=True, refunds=True)

    assert judge("distress", told, NOW)[0].sentence == (
        "2026-11-20 10:00 经营困难迹象 3 项（阈值 2 项，红色 3 项）："
        "近 28 天流入 29.99 元，此前 28 天 100.00 元（阈值 30%）；"
        "上次发放工资是 2026-10-10，已 41 天（阈值 35 天）；"
        "近 28 天退费申请 5 笔，此前 28 天 0 笔（阈值 5 笔且 200%）"
    )
