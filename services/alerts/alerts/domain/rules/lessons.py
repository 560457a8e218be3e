"""R13: lessons released that were not allowed, or cannot have been given (禁止时段、虚假消课).

Judged by the day on which the lessons were given, of what was released since yesterday morning:
of older releases the single lessons are no longer at hand. A lesson put back does not count, and
a release that does not name its lessons leaves the rule without a judgement.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from alerts.domain.attendance import Lesson, beyond_hours, clashing, lessons_of
from alerts.domain.evidence import believed, hit
from alerts.domain.facts import Fact, Kind
from alerts.domain.outcome import NO_HIT, Outcome, Severity, indeterminate
from alerts.domain.rule import YUAN, Parameter, Params, Rule
from alerts.domain.teaching import (
    OFFLINE_UNTIL_MINUTE,
    ONLINE,
    ONLINE_UNTIL_MINUTE,
    SUBJECT,
    ends_late,
    is_permitted_day,
)
from alerts.domain.view import FactView
from alerts.domain.wording import count, when, yuan
from shared.time import business_day

_DAY_MINUTES: Final = 24 * 60
_TWO_DAYS: Final = timedelta(days=2)

PARAMETERS: Final = (
    Parameter("warning_lessons", 1, 1, 1_000, "count", "design"),
    Parameter("critical_lessons", 20, 1, 10_000, "count", "design"),
    Parameter("critical_fen", 20_000 * YUAN, 100 * YUAN, 10_000_000 * YUAN, "fen", "design"),
    Parameter("offline_until_minute", OFFLINE_UNTIL_MINUTE, 1_020, _DAY_MINUTES, "minutes", "长治"),
    Parameter(
        "online_until_minute", ONLINE_UNTIL_MINUTE, 1_020, _DAY_MINUTES, "minutes", "双减意见"
    ),
    Parameter("hours_for_all", 0, 0, 1, "count", "教监管〔2022〕4号"),
    Parameter("teacher_hours_max", 12, 1, 24, "hours", "design"),
)
"""`hours_for_all` of 1 holds non-subject lessons to the same closing hours."""


@dataclass(frozen=True, slots=True)
class Breach:
    """The lessons of one day that break each of the four rules."""

    rest_day: set[tuple[str, int]]
    late: set[tuple[str, int]]
    clash: set[tuple[str, int]]
    overlong: set[tuple[str, int]]

    @property
    def keys(self) -> set[tuple[str, int]]:
        """Return every lesson that breaks one."""
        return self.rest_day | self.late | self.clash | self.overlong


def judge_lessons(view: FactView, params: Params) -> tuple[Outcome, ...]:
    """Tell of each day, of which lessons were released lately, how many were not allowed."""
    lessons, unnamed = _released(view)
    by_day: dict[date, list[Lesson]] = {}
    for lesson in lessons:
        by_day.setdefault(lesson.day, []).append(lesson)
    contracts = believed(view.of(Kind.contract)) if lessons else {}
    found = [_judge(view, params, day, by_day[day], contracts) for day in sorted(by_day)]
    outcomes = [one for one in found if one is not None]
    if unnamed:
        outcomes.append(indeterminate("no_lessons", releases=len(unnamed)))
    return tuple(outcomes) or (NO_HIT,)


def _released(view: FactView) -> tuple[list[Lesson], list[Fact]]:
    """Return the lessons that stand, each once, and the releases that name none."""
    yesterday = business_day(view.as_of) - timedelta(days=1)
    standing: dict[tuple[str, int], Lesson] = {}
    unnamed = []
    for fact in view.since(Kind.released, _TWO_DAYS):
        if business_day(fact.at) < yesterday:
            continue
        told = lessons_of(fact)
        if told is None:
            unnamed.append(fact)
        else:
            standing.update((one.key, one) for one in told)
    for back in view.since(Kind.reversed, _TWO_DAYS):
        one = standing.get((back.ref, back.number))
        if one and (one.fact.at, one.fact.fact_id) < (back.at, back.fact_id):
            del standing[one.key]
    return list(standing.values()), unnamed


def _judge(
    view: FactView,
    params: Params,
    day: date,
    lessons: Sequence[Lesson],
    contracts: dict[str, Fact],
) -> Outcome | None:
    breach = _breach(view, params, lessons, contracts)
    bad = [one for one in lessons if one.key in breach.keys]
    amount = sum(one.amount_fen for one in bad)
    if len(bad) >= params["critical_lessons"] or (bad and amount >= params["critical_fen"]):
        severity = Severity.critical
    elif len(bad) >= params["warning_lessons"]:
        severity = Severity.warning
    else:
        return None
    return hit(
        severity,
        [one.fact for one in bad],
        _sentence(view, params, day, breach, len(bad), amount),
        {
            "lessons": len(bad),
            "amount_fen": amount,
            "rest_day": len(breach.rest_day),
            "late": len(breach.late),
            "clash": len(breach.clash),
            "overlong": len(breach.overlong),
            **{name: params[name] for name in sorted(params)},
        },
        scope=day.isoformat(),
    )


def _breach(
    view: FactView, params: Params, lessons: Sequence[Lesson], contracts: dict[str, Fact]
) -> Breach:
    rest_day, late = set(), set()
    known = view.latest(Kind.identity)
    own_delivery = known.body.get("delivery") if known else None
    for one in lessons:
        contract = contracts.get(one.contract_id)
        is_subject = SUBJECT in {view.category, contract.tag if contract else ""}
        if is_subject and not is_permitted_day(view.calendar, SUBJECT, one.day):
            rest_day.add(one.key)
        delivery = (contract.body.get("course_delivery") if contract else None) or own_delivery
        name = "online_until_minute" if delivery == ONLINE else "offline_until_minute"
        has_hours = is_subject or params["hours_for_all"]
        if has_hours and ends_late(one.starts, one.ends, params[name]):
            late.add(one.key)
    overlong = beyond_hours(lessons, params["teacher_hours_max"])
    return Breach(rest_day, late, clashing(lessons), overlong)


def _sentence(
    view: FactView, params: Params, day: date, breach: Breach, number: int, amount: int
) -> str:
    parts = (
        ("休息日或节假日授课", breach.rest_day),
        ("超过规定结束时间", breach.late),
        ("教师或学员同一时间在两处", breach.clash),
        (f"教师当日超过 {params['teacher_hours_max']} 小时", breach.overlong),
    )
    seen = "、".join(f"{name} {count(len(keys), '课时')}" for name, keys in parts if keys)
    return (
        f"{when(view.as_of)} 核查 {day} 的消课：{count(number, '课时')}、{yuan(amount)}不合规定"
        f"（{seen}），阈值 {count(params['warning_lessons'], '课时')}，"
        f"红色 {count(params['critical_lessons'], '课时')}或 {yuan(params['critical_fen'])}"
    )


RELEASE_PROHIBITED_TIME: Final = Rule(
    number="R13",
    key="release_prohibited_time",
    title="禁止时段或不可能的消课",
    version=1,
    parameters=PARAMETERS,
    evaluate=judge_lessons,
)
