"""R11 and R12: the pace against the days that are left, and Zhengzhou's two dates."""

from datetime import date

import pytest

from alerts.domain.outcome import Outcome
from alerts.domain.workdays import Calendar
from tests.unit.alerts.rules.conduct_facts import YUAN, Told, campaign, days, judge, level, verdicts

ONE = "00000000-0000-0000-0000-000000000001"
AHEAD = campaign("2026-12-31", "2026-12-28")


def _paced(held_yuan: int, daily_yuan: int, first: str, number: int = 28) -> Told:
    """Tell of an institution that taught the same each day and holds so much now."""
    told = Told()
    told.institution()
    taught = days(first, number)
    told.add("funded", "2026-01-01", (held_yuan + daily_yuan * number) * YUAN, ref="C-1")
    for day in taught:
        told.add("released", day, daily_yuan * YUAN)
    return told


# On 2026-12-01 the window is 2026-11-03 to 2026-11-30, and 31 days are left, today with them.
@pytest.mark.parametrize(
    ("held_yuan", "expected"),
    [(3_100, "no_hit"), (3_101, "warning"), (4_650, "warning"), (4_651, "critical")],
)
def test_projection_at_its_thresholds(held_yuan: int, expected: str) -> None:
    told = _paced(held_yuan, 100, "2026-11-03")

    assert level(judge("clearance_projection", told, "2026-12-01 10:00", campaigns=[AHEAD])) == (
        expected
    )


def test_projection_names_what_is_left_and_rests_on_the_window() -> None:
    told = _paced(3_200, 100, "2026-11-03")

    (found,) = judge("clearance_projection", told, "2026-12-01 10:00", campaigns=[AHEAD])

    assert found.scope == ONE
    assert found.inputs["remainder_fen"] == 100 * YUAN
    assert found.inputs["rate_fen"] == 100 * YUAN
    assert found.inputs["days_left"] == 31
    assert "预计剩余 100.00 元" in found.sentence
    assert found.fact_ids == tuple(range(2, 31))


def test_the_hour_of_the_day_changes_nothing_before_lessons_are_told() -> None:
    told = _paced(3_101, 100, "2026-11-03")
    hours = ("00:00", "10:00", "23:59")

    found = [
        judge("clearance_projection", told, f"2026-12-01 {hour}", campaigns=[AHEAD])
        for hour in hours
    ]

    assert {level(one) for one in found} == {"warning"}


def test_what_was_taught_today_or_before_the_window_is_not_the_pace() -> None:
    told = _paced(3_101, 100, "2026-11-03")
    told.add("released", "2026-11-02 23:59", 1_000 * YUAN)
    told.add("released", "2026-12-01 00:00", 1_000 * YUAN)
    told.add("funded", "2026-01-01", 2_000 * YUAN, ref="C-2")

    assert level(judge("clearance_projection", told, "2026-12-01 10:00", campaigns=[AHEAD])) == (
        "warning"
    )


def test_lessons_put_back_slow_the_pace() -> None:
    told = _paced(3_000, 100, "2026-11-03")
    told.add("reversed", "2026-11-20 12:00", 100 * YUAN, ref="C-1", number=7)

    assert level(judge("clearance_projection", told, "2026-12-01 10:00", campaigns=[AHEAD])) == (
        "warning"
    )


def test_subject_classes_are_counted_on_working_days_only() -> None:
    told = Told()
    told.institution("subject")
    told.add("funded", "2026-01-01", (20 + 23) * 100 * YUAN, ref="C-1")
    for day in days("2026-11-03", 28):
        if date.fromisoformat(day[:10]).weekday() < 5:
            told.add("released", day, 100 * YUAN)
    # 23 working days are left from 12-01 to 12-31; with the last of them a holiday, 22.
    holiday = Calendar({date(2026, 12, 31): False})

    def judged(calendar: Calendar) -> str:
        found = judge(
            "clearance_projection",
            told,
            "2026-12-01 10:00",
            campaigns=[AHEAD],
            calendar=calendar,
        )
        return level(found)

    assert judged(Calendar()) == "no_hit"
    assert judged(holiday) == "warning"


@pytest.mark.parametrize(
    ("refund_by", "expected"),
    [("2026-12-16", "warning"), ("2026-12-15", "critical"), ("2026-11-30", "critical")],
)
def test_a_refund_date_within_a_fortnight_makes_it_red(refund_by: str, expected: str) -> None:
    told = _paced(3_101, 100, "2026-11-03")
    close = campaign("2026-12-31", refund_by)

    assert level(judge("clearance_projection", told, "2026-12-01 10:00", campaigns=[close])) == (
        expected
    )


def test_a_close_refund_date_says_nothing_where_the_pace_suffices() -> None:
    told = _paced(3_100, 100, "2026-11-03")
    close = campaign("2026-12-31", "2026-12-02")

    assert level(judge("clearance_projection", told, "2026-12-01 10:00", campaigns=[close])) == (
        "no_hit"
    )


def test_the_best_week_and_not_the_average_is_what_can_be_asked_for() -> None:
    told = Told()
    told.institution()
    told.add("funded", "2026-01-01", 700 * YUAN + 4_650 * YUAN, ref="C-1")
    for day in days("2026-11-24", 7):
        told.add("released", day, 100 * YUAN)

    # Required: 150 a day; the average is 25, the best week's 100.
    found = judge("clearance_projection", told, "2026-12-01 10:00", campaigns=[AHEAD])
    assert level(found) == "warning"
    told.add("funded", "2026-01-01", 1, ref="C-2")
    found = judge("clearance_projection", told, "2026-12-01 10:00", campaigns=[AHEAD])
    assert level(found) == "critical"


def test_who_never_taught_is_red_and_who_holds_nothing_is_clear() -> None:
    idle = _paced(1, 0, "2026-11-03", 0)
    empty = _paced(0, 100, "2026-11-03")

    for key in ("clearance_projection", "clearance_overdue"):
        assert level(judge(key, empty, "2027-01-05", campaigns=[AHEAD])) == "no_hit"
    found = judge("clearance_projection", idle, "2026-12-01 10:00", campaigns=[AHEAD])
    assert level(found) == "critical"


def test_each_campaign_that_concerns_it_is_judged_by_itself() -> None:
    told = _paced(3_100, 100, "2026-11-03")
    campaigns = [
        AHEAD,
        campaign("2026-12-30", "2026-12-28", 2),
        campaign("2026-12-02", "2026-12-02", 3, district_code="320100"),
        campaign("2026-12-02", "2026-12-02", 4, category="subject"),
    ]

    found = judge("clearance_projection", told, "2026-12-01 10:00", campaigns=campaigns)

    assert verdicts(found) == [
        ("no_hit", None, ONE),
        ("hit", "warning", ONE[:-1] + "2"),
    ]


def test_without_a_campaign_there_is_nothing_to_clear() -> None:
    told = _paced(3_101, 100, "2026-11-03")

    for key in ("clearance_projection", "clearance_overdue"):
        assert verdicts(judge(key, told, "2026-12-01 10:00")) == [("no_hit", None, "open")]


ZHENGZHOU = campaign("2021-12-31", "2021-10-25")


def _zhengzhou() -> Told:
    """Tell of 90,000 yuan held on 2021-08-01 of which 500 are taught on each day."""
    told = Told()
    told.institution()
    told.add("funded", "2021-07-01", 90_000 * YUAN, ref="C-1")
    for day in days("2021-08-01", 153):
        told.add("released", day, 500 * YUAN)
    return told


def _both(told: Told, day: str) -> tuple[str, str]:
    def judged(key: str) -> list[Outcome]:
        return judge(key, told, f"{day} 09:00", campaigns=[ZHENGZHOU])

    return level(judged("clearance_projection")), level(judged("clearance_overdue"))


@pytest.mark.parametrize(
    ("day", "projected", "overdue"),
    [
        ("2021-09-15", "warning", "no_hit"),
        ("2021-10-10", "warning", "no_hit"),
        ("2021-10-11", "critical", "no_hit"),
        ("2021-10-25", "critical", "no_hit"),
        ("2021-10-26", "critical", "critical"),
        ("2021-12-31", "critical", "critical"),
        ("2022-01-01", "no_hit", "critical"),
    ],
)
def test_zhengzhou_when_the_pace_is_too_slow(day: str, projected: str, overdue: str) -> None:
    assert _both(_zhengzhou(), day) == (projected, overdue)


@pytest.mark.parametrize(
    ("day", "projected", "overdue"),
    [
        ("2021-10-25", "no_hit", "no_hit"),
        ("2021-10-26", "no_hit", "no_hit"),
        ("2022-01-01", "no_hit", "no_hit"),
    ],
)
def test_zhengzhou_when_the_rest_was_given_back(day: str, projected: str, overdue: str) -> None:
    told = _zhengzhou()
    told.add("refund", "2021-10-20", 13_500 * YUAN, ref="F-1", tag="requested")
    told.add("refund", "2021-10-24", 13_500 * YUAN, ref="F-1", tag="instructed")

    assert _both(told, day) == (projected, overdue)


def test_zhengzhou_a_refund_only_asked_for_clears_nothing() -> None:
    told = _zhengzhou()
    told.add("refund", "2021-10-20", 13_500 * YUAN, ref="F-1", tag="requested")

    assert _both(told, "2021-10-26") == ("critical", "critical")


def test_overdue_names_the_date_that_was_missed() -> None:
    before = judge("clearance_overdue", _zhengzhou(), "2021-10-26", campaigns=[ZHENGZHOU])[0]
    after = judge("clearance_overdue", _zhengzhou(), "2022-01-01", campaigns=[ZHENGZHOU])[0]

    assert (before.inputs["missed"], after.inputs["missed"]) == ("2021-10-25", "2021-12-31")
    assert after.inputs["overdue_fen"] == 13_500 * YUAN
    assert "退费期限 2021-10-25 已过" in before.sentence
    assert "清零期限 2021-12-31 已过，13,500.00 元" in after.sentence


def test_a_campaign_without_end_is_counted_for_a_year() -> None:
    told = _paced(36_700, 100, "2026-11-03")
    endless = campaign("9999-12-31", "9999-12-31")

    found = judge("clearance_projection", told, "2026-12-01", campaigns=[endless])
    assert level(found) == "no_hit"
    told.add("funded", "2026-01-01", 1, ref="C-2")
    found = judge("clearance_projection", told, "2026-12-01", campaigns=[endless])
    assert level(found) == "warning"
