"""R14 to R17 by brute force: charging, collecting, giving back, and running out of money."""

from collections.abc import Iterable
from datetime import date, timedelta
from fractions import Fraction

from alerts.domain.facts import Fact
from tests.oracle.world import (
    DAY,
    Finding,
    Values,
    World,
    day_of,
    days,
    hit,
    in_china,
    nothing,
    read_day,
    unsure,
)


def month_of(day: date, number: int) -> date:
    """Return the same day so many months later, or the last of a month that lacks it."""
    months = day.year * 12 + day.month - 1 + number
    for back in range(4):
        try:
            return date(months // 12, months % 12 + 1, day.day - back)
        except ValueError:
            continue
    raise AssertionError


def open_contracts(world: World) -> list[Fact]:
    """Return the contracts that nobody closed."""
    closed = [one.ref for one in world.known("contract_closed")]
    return [one for one in world.last_heard("contract") if one.ref not in closed]


def is_over(contract: Fact, others: list[Fact], values: Values) -> bool:
    """Tell whether a contract charges for too long, too many, too much or too early."""
    said = contract.body
    starts, ends = read_day(said.get("starts_on")), read_day(said.get("ends_on"))
    if contract.number > values["lessons_max"]:
        return True
    if contract.tag == "non_subject" and contract.amount_fen > values["non_subject_max_fen"]:
        return True
    if not starts or not ends:
        return False
    if ends > month_of(starts, values["span_months_max"]):
        return True
    signed = read_day(said.get("signed_on")) or day_of(contract.at)
    if signed >= month_of(starts, -values["months_ahead_max"]):
        return False
    for other in others:
        if other is contract or other.body.get("student_ref") != said.get("student_ref"):
            continue
        first = read_day(other.body.get("starts_on"))
        last = read_day(other.body.get("ends_on"))
        if said.get("student_ref") and first and last and first <= signed <= last:
            return False
    return True


def overcollection_span(world: World, values: Values) -> list[Finding]:
    """R14."""
    key, contracts = "overcollection_span", open_contracts(world)
    over = [one for one in contracts if is_over(one, contracts, values)]
    if len(over) >= values["critical_contracts"]:
        return [hit(key, "critical", over)]
    if len(over) >= values["warning_contracts"]:
        return [hit(key, "warning", over)]
    for one in contracts:
        if not read_day(one.body.get("starts_on")) or not read_day(one.body.get("ends_on")):
            return [unsure(key)]
    return [nothing(key)]


def off_account_collection(world: World, values: Values) -> list[Finding]:
    """R15."""
    key = "off_account_collection"
    due = [
        one
        for one in open_contracts(world)
        if world.as_of - max(one.at, one.seen_at) >= timedelta(days=values["grace_days"])
    ]
    funded = world.known("funded")
    lacking = {
        one.fact_id: one.amount_fen - sum(f.amount_fen for f in funded if f.ref == one.ref)
        for one in due
    }
    waiting = 0
    for one in world.last_heard("unallocated"):
        after = [
            f.amount_fen
            for f in funded
            if f.tag == one.ref and (f.seen_at, f.fact_id) > (one.seen_at, one.fact_id)
        ]
        waiting += max(0, one.amount_fen - sum(after))
    waiting -= sum(one.amount_fen for one in world.last_heard("debit") if one.tag == "return")
    missing = sum(fen for fen in lacking.values() if fen > 0) - max(0, waiting)
    contracted = sum(one.amount_fen for one in due)
    short = [one for one in due if lacking[one.fact_id] > 0]
    if missing > values["critical_fen"]:
        return [hit(key, "critical", short)]
    if missing > max(
        Fraction(values["warning_fen"]), Fraction(contracted * values["warning_bps"], 10_000)
    ):
        return [hit(key, "warning", short)]
    return [nothing(key)]


def asked_for(world: World) -> list[Fact]:
    """Return the first word of each refund."""
    refunds = world.known("refund")
    return [
        one
        for number, one in enumerate(refunds)
        if all(other.ref != one.ref for other in refunds[:number])
    ]


def refund_surge(world: World, values: Values) -> list[Finding]:
    """R16."""
    key, asked = "refund_surge", asked_for(world)
    recent = [one for one in asked if world.as_of - one.at < 7 * DAY]
    before = [one for one in asked if 7 * DAY <= world.as_of - one.at < 35 * DAY]
    families = set()
    for one in recent:
        contract_id = one.body.get("contract_id")
        pupils = [
            c.body["student_ref"]
            for c in world.last_heard("contract")
            if c.ref == contract_id and c.body.get("student_ref")
        ]
        families.add(("pupil", pupils[0]) if pupils else ("refund", contract_id or one.ref))
    is_surge = len(families) >= values["families"] and Fraction(len(recent)) >= (
        Fraction(len(before), 4) * values["surge_bps"] / 10_000
    )
    stuck = []
    for one in asked:
        last = [other for other in world.known("refund") if other.ref == one.ref][-1]
        worked = [
            day
            for day in days(day_of(one.at) + DAY, world.today)
            if world.calendar.is_workday(day) and in_china(day, 18 * 60) < world.as_of
        ]
        if last.tag != "paid" and len(worked) >= values["backlog_working_days"]:
            stuck.append(one)
    if stuck:
        return [hit(key, "critical", [*stuck, *(recent if is_surge else [])])]
    return [hit(key, "warning", recent)] if is_surge else [nothing(key)]


def distress(world: World, values: Values) -> list[Finding]:
    """R17."""
    key, month = "distress", 28 * DAY

    def lately(facts: Iterable[Fact]) -> list[Fact]:
        return [one for one in facts if world.as_of - one.at < month]

    def earlier(facts: Iterable[Fact]) -> list[Fact]:
        return [one for one in facts if month <= world.as_of - one.at < 2 * month]

    rests: list[Fact] = []
    signs = 0
    money = world.last_heard("credit")
    came = sum(one.amount_fen for one in lately(money))
    if came * 10_000 < values["inflow_bps"] * sum(one.amount_fen for one in earlier(money)):
        signs, rests = signs + 1, rests + lately(money) + earlier(money)
    wages = [
        one
        for one in sorted(world.last_heard("debit"), key=lambda one: (one.at, one.fact_id))
        if one.tag not in {"payout", "refund", "return"}
        and ("SALA" in (one.body.get("purpose") or "") or "工资" in (one.body.get("purpose") or ""))
    ]
    by_day = {day_of(one.at): one for one in wages}
    paid = sorted(by_day)[-3:]
    gap = values["payroll_gap_days"] * DAY
    if len(paid) == 3 and paid[1] - paid[0] <= gap and paid[2] - paid[1] <= gap:
        silent = world.today - paid[2]
        if gap < silent <= 180 * DAY:
            signs, rests = signs + 1, rests + [by_day[day] for day in paid]
    asked = asked_for(world)
    now, then = len(lately(asked)), len(earlier(asked))
    if now >= values["refunds_min"] and now >= Fraction(then * values["refunds_bps"], 10_000):
        signs, rests = signs + 1, rests + lately(asked)
    if signs >= values["signs_critical"]:
        return [hit(key, "critical", rests)]
    return [hit(key, "warning", rests)] if signs >= values["signs_warning"] else [nothing(key)]
