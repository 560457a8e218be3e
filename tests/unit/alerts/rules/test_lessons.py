"""R13: rest days, closing hours, two places at once, too long a day."""

from datetime import date

import pytest

from alerts.domain.workdays import Calendar
from tests.unit.alerts.rules.conduct_facts import YUAN, Told, judge, lesson, level, verdicts

FRIDAY = "2026-11-20"
SATURDAY = "2026-11-21"
NOW = f"{SATURDAY} 22:00"


def _one(starts: str, ends: str | None, category: str = "subject", **fields: object) -> Told:
    told = Told()
    told.institution(category)
    told.lessons(NOW, lesson(starts, ends, **fields))
    return told


def _class(
    starts: str, ends: str, pupils: int, first: int = 1, **fields: object
) -> list[dict[str, object]]:
    return [
        lesson(starts, ends, contract_id=f"C-{first + n}", student_ref=f"S-{first + n}", **fields)
        for n in range(pupils)
    ]


@pytest.mark.parametrize(
    ("category", "starts", "ends", "expected"),
    [
        ("subject", f"{FRIDAY} 18:00", f"{FRIDAY} 20:30", "no_hit"),
        ("subject", f"{FRIDAY} 18:00", f"{FRIDAY} 20:31", "warning"),
        ("subject", f"{SATURDAY} 10:00", f"{SATURDAY} 11:00", "warning"),
        ("subject", f"{FRIDAY} 20:31", None, "warning"),
        ("subject", f"{FRIDAY} 20:29", None, "no_hit"),
        ("non_subject", f"{SATURDAY} 10:00", f"{SATURDAY} 11:00", "no_hit"),
        ("non_subject", f"{FRIDAY} 20:00", f"{FRIDAY} 21:30", "no_hit"),
        ("", f"{SATURDAY} 10:00", f"{SATURDAY} 11:00", "no_hit"),
    ],
)
def test_when_subject_classes_may_be_taught(
    category: str, starts: str, ends: str | None, expected: str
) -> None:
    told = _one(starts, ends, category)

    assert level(judge("release_prohibited_time", told, NOW)) == expected


def test_a_make_up_day_is_a_day_of_work_and_a_holiday_is_none() -> None:
    turned = Calendar({date(2026, 11, 21): True, date(2026, 11, 20): False})

    on_saturday = _one(f"{SATURDAY} 10:00", f"{SATURDAY} 11:00")
    on_friday = _one(f"{FRIDAY} 18:00", f"{FRIDAY} 19:00")

    found = judge("release_prohibited_time", on_saturday, NOW, calendar=turned)
    assert level(found) == "no_hit"
    found = judge("release_prohibited_time", on_friday, NOW, calendar=turned)
    assert verdicts(found) == [("hit", "warning", FRIDAY)]


def test_a_subject_contract_is_bound_in_whatever_institution() -> None:
    told = Told()
    told.institution("non_subject")
    told.add("contract", "2026-11-01", ref="C-1", tag="subject")
    told.lessons(NOW, lesson(f"{SATURDAY} 10:00", f"{SATURDAY} 11:00"))

    assert level(judge("release_prohibited_time", told, NOW)) == "warning"


@pytest.mark.parametrize(
    ("own", "course", "ends", "expected"),
    [
        ("online", None, "21:00", "no_hit"),
        ("online", None, "21:01", "warning"),
        ("online", "offline", "21:00", "warning"),
        ("offline", "online", "21:00", "no_hit"),
        ("both", None, "20:31", "warning"),
    ],
)
def test_online_lessons_may_end_at_nine(
    own: str, course: str | None, ends: str, expected: str
) -> None:
    told = Told()
    told.institution("subject", own)
    told.add("contract", "2026-11-01", ref="C-1", tag="subject", course_delivery=course)
    told.lessons(NOW, lesson(f"{FRIDAY} 20:00", f"{FRIDAY} {ends}"))

    assert level(judge("release_prohibited_time", told, NOW)) == expected


def test_a_district_may_hold_everyone_to_the_closing_hours() -> None:
    told = _one(f"{FRIDAY} 20:00", f"{FRIDAY} 20:31", "non_subject")

    found = judge("release_prohibited_time", told, NOW, hours_for_all=1)
    assert level(found) == "warning"


@pytest.mark.parametrize(
    ("pupils", "fee_yuan", "expected"),
    [
        (1, 100, "warning"),
        (19, 100, "warning"),
        (20, 100, "critical"),
        (2, 9_999, "warning"),
        (2, 10_000, "critical"),
    ],
)
def test_levels_by_number_and_amount(pupils: int, fee_yuan: int, expected: str) -> None:
    told = Told()
    told.institution("subject")
    told.lessons(
        NOW,
        *_class(f"{SATURDAY} 10:00", f"{SATURDAY} 11:00", pupils, amount_fen=fee_yuan * YUAN),
    )

    found = judge("release_prohibited_time", told, NOW)

    assert level(found) == expected
    assert found[0].inputs["lessons"] == pupils
    assert found[0].inputs["amount_fen"] == pupils * fee_yuan * YUAN


@pytest.mark.parametrize(
    ("second", "until", "found"),
    [("10:00", "11:00", 0), ("11:00", "12:00", 0), ("10:59", "12:00", 4), ("09:00", "10:01", 4)],
)
def test_a_teacher_gives_one_class_at_a_time(second: str, until: str, found: int) -> None:
    told = Told()
    told.institution()
    told.lessons(
        NOW,
        *_class(f"{SATURDAY} 10:00", f"{SATURDAY} 11:00", 2, teacher_ref="T-1"),
        *_class(f"{SATURDAY} {second}", f"{SATURDAY} {until}", 2, 3, teacher_ref="T-1"),
        *_class(f"{SATURDAY} 10:30", f"{SATURDAY} 11:30", 2, 5, teacher_ref="T-2"),
        *_class(f"{SATURDAY} 10:30", f"{SATURDAY} 11:30", 2, 7),
    )

    outcomes = judge("release_prohibited_time", told, NOW)

    assert outcomes[0].inputs.get("clash", 0) == found


@pytest.mark.parametrize(
    ("second", "until", "found"),
    [("11:00", "12:00", 0), ("10:59", "12:00", 2), ("10:00", "11:00", 2)],
)
def test_a_pupil_sits_in_one_lesson_at_a_time(second: str, until: str, found: int) -> None:
    told = Told()
    told.institution()
    told.lessons(
        NOW,
        lesson(f"{SATURDAY} 10:00", f"{SATURDAY} 11:00", student_ref="S-1"),
        lesson(f"{SATURDAY} {second}", f"{SATURDAY} {until}", student_ref="S-1", contract_id="C-2"),
        lesson(f"{SATURDAY} 10:00", f"{SATURDAY} 11:00", contract_id="C-3"),
        lesson(f"{SATURDAY} 10:00", f"{SATURDAY} 11:00", contract_id="C-4"),
    )

    outcomes = judge("release_prohibited_time", told, NOW)

    assert outcomes[0].inputs.get("clash", 0) == found


@pytest.mark.parametrize(("last", "found"), [("21:00", 0), ("21:01", 2)])
def test_a_teacher_gives_no_more_than_twelve_hours(last: str, found: int) -> None:
    told = Told()
    told.institution()
    told.lessons(
        NOW,
        *_class(f"{SATURDAY} 08:00", f"{SATURDAY} 14:00", 3, teacher_ref="T-1"),
        *_class(f"{SATURDAY} 15:00", f"{SATURDAY} {last}", 2, 4, teacher_ref="T-1"),
    )

    outcomes = judge("release_prohibited_time", told, NOW)

    assert outcomes[0].inputs.get("overlong", 0) == found


def test_days_are_judged_apart_and_added_up_over_releases() -> None:
    told = Told()
    told.institution("subject")
    told.lessons(f"{SATURDAY} 12:00", *_class(f"{SATURDAY} 10:00", f"{SATURDAY} 11:00", 12))
    told.lessons(f"{SATURDAY} 20:00", *_class(f"{SATURDAY} 13:00", f"{SATURDAY} 14:00", 8, 21))
    told.lessons(f"{SATURDAY} 20:00", lesson("2026-11-15 10:00", None, contract_id="C-77"))

    found = judge("release_prohibited_time", told, NOW)

    assert verdicts(found) == [
        ("hit", "warning", "2026-11-15"),
        ("hit", "critical", SATURDAY),
    ]
    assert [one.fact_ids for one in found] == [(4,), (2, 3)]


def test_a_lesson_told_twice_counts_once_and_one_put_back_not_at_all() -> None:
    told = _one(f"{SATURDAY} 10:00", f"{SATURDAY} 11:00")
    told.lessons(NOW, lesson(f"{SATURDAY} 10:00", f"{SATURDAY} 11:00"))

    assert judge("release_prohibited_time", told, NOW)[0].inputs["lessons"] == 1
    told.add("reversed", NOW, 100 * YUAN, ref="C-1", number=1)
    assert level(judge("release_prohibited_time", told, NOW)) == "no_hit"
    told.lessons(NOW, lesson(f"{SATURDAY} 10:00", f"{SATURDAY} 11:00"))
    assert level(judge("release_prohibited_time", told, NOW)) == "warning"


def test_releases_of_before_yesterday_are_not_looked_at() -> None:
    told = _one(f"{SATURDAY} 10:00", f"{SATURDAY} 11:00")
    old = Told()
    old.institution()
    old.add("released", "2026-11-20 23:59", 100, number=1)

    assert level(judge("release_prohibited_time", told, "2026-11-22 23:59")) == "warning"
    assert level(judge("release_prohibited_time", told, "2026-11-23 00:00")) == "no_hit"
    assert level(judge("release_prohibited_time", old, "2026-11-22 00:00")) == "no_hit"


@pytest.mark.parametrize(
    "told_of",
    [
        None,
        "C-1",
        [{"contract_id": "C-1"}],
        [lesson(FRIDAY, None) | {"taught_at": "soon"}],
        [lesson(FRIDAY, None) | {"taught_at": "2026-11-20T10:00:00"}],
        [7],
    ],
)
def test_a_release_that_cannot_be_read_is_not_taken_for_harmless(told_of: object) -> None:
    told = _one(f"{SATURDAY} 10:00", f"{SATURDAY} 11:00")
    told.add("released", NOW, 100, number=1, lessons=told_of)

    found = judge("release_prohibited_time", told, NOW)

    assert verdicts(found) == [
        ("hit", "warning", SATURDAY),
        ("indeterminate", None, "open"),
    ]
    assert found[1].reason == "no_lessons"


def test_the_sentence_names_day_amount_and_threshold() -> None:
    found = judge("release_prohibited_time", _one(f"{SATURDAY} 10:00", f"{SATURDAY} 11:00"), NOW)

    assert found[0].sentence == (
        "2026-11-21 22:00 核查 2026-11-21 的消课：1 课时、100.00 元不合规定"
        "（休息日或节假日授课 1 课时），阈值 1 课时，红色 20 课时或 20,000.00 元"
    )
