"""R11 to R13 by brute force: the pace of clearing, and lessons that were not allowed."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction

from alerts.domain.campaigns import Campaign
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
    unsure,
)


def may_teach(world: World, day: date) -> bool:
    """Tell whether the institution may teach on a day."""
    return world.named("category") != "subject" or world.calendar.is_workday(day)


def held(world: World) -> int:
    """Return what was funded and is neither taught nor on its way back."""
    total = sum(one.amount_fen for one in world.known("funded"))
    total -= sum(one.amount_fen for one in world.known("released"))
    total += sum(one.amount_fen for one in world.known("reversed"))
    refunds = world.known("refund")
    for number, one in enumerate(refunds):
        is_last = all(other.ref != one.ref for other in refunds[number + 1 :])
        if is_last and one.tag in {"payer_unknown", "instructed", "paid"}:
            total -= one.amount_fen
    return total


def concerned(world: World) -> list[Campaign]:
    """Return the campaigns that the institution is under."""
    found = []
    for one in world.campaigns:
        stem = one.district_code
        while stem[-2:] == "00":
            stem = stem[:-2]
        is_here = world.named("district_code")[: len(stem)] == stem
        is_meant = one.category is None or one.category == world.named("category")
        if is_here and is_meant and one.made_at <= world.as_of:
            found.append(one)
    return found


def taught(world: World, first: date, last: date) -> int:
    """Return what was taught on some days, less what was put back on them."""
    on = {*days(first, last)}
    total = sum(one.amount_fen for one in world.known("released") if day_of(one.at) in on)
    total -= sum(one.amount_fen for one in world.known("reversed") if day_of(one.at) in on)
    return max(0, total)


def rate(world: World, first: date, last: date) -> Fraction | None:
    """Return what was taught on each permitted day; None where none was permitted."""
    permitted = [one for one in days(first, last) if may_teach(world, one)]
    return Fraction(taught(world, first, last), len(permitted)) if permitted else None


def remainder(world: World, last_day: date, window: int) -> Fraction:
    """Return what is left when the pace of the window goes on until a day."""
    pace = rate(world, world.today - window * DAY, world.today - DAY) or Fraction(0)
    last = min(last_day, world.today + 366 * DAY)
    left = [one for one in days(world.today, last) if may_teach(world, one)]
    return held(world) - pace * len(left)


def clearance_facts(world: World, window: int) -> list[Fact]:
    """Return the fees and what was taught in the window."""
    on = {*days(world.today - window * DAY, world.today - DAY)}
    moved = [*world.known("released"), *world.known("reversed")]
    return world.known("funded") + [one for one in moved if day_of(one.at) in on]


def clearance_projection(world: World, values: Values) -> list[Finding]:
    """R11."""
    key, found = "clearance_projection", []
    for one in concerned(world):
        scope, window = str(one.campaign_id), values["window_days"]
        late = held(world) > 0 and world.today <= one.clear_by
        if not late or remainder(world, one.clear_by, window) <= 0:
            found.append(nothing(key, scope))
            continue
        weeks = [
            rate(world, world.today - 7 * (n + 1) * DAY, world.today - (7 * n + 1) * DAY)
            for n in range(window // 7)
        ]
        best = max((week for week in weeks if week is not None), default=Fraction(0))
        last = min(one.clear_by, world.today + 366 * DAY)
        left = sum(may_teach(world, day) for day in days(world.today, last))
        is_red = (
            not left
            or Fraction(held(world), left) > best * values["best_week_bps"] / 10_000
            or one.refund_by <= world.today + values["refund_notice_days"] * DAY
        )
        severity = "critical" if is_red else "warning"
        found.append(hit(key, severity, clearance_facts(world, window), scope))
    return found or [nothing(key)]


def clearance_overdue(world: World, values: Values) -> list[Finding]:
    """R12."""
    key, found = "clearance_overdue", []
    for one in concerned(world):
        window = values["window_days"]
        is_left = held(world) > 0
        is_over = world.today > one.clear_by
        should_be_back = world.today > one.refund_by
        if is_left and (is_over or (should_be_back and remainder(world, one.clear_by, window) > 0)):
            facts = clearance_facts(world, window)
            found.append(hit(key, "critical", facts, str(one.campaign_id)))
        else:
            found.append(nothing(key, str(one.campaign_id)))
    return found or [nothing(key)]


@dataclass(frozen=True)
class Taught:
    """One lesson as a release told it."""

    name: tuple[str, int]
    fen: int
    begins: datetime
    ends: datetime
    teacher: str | None
    student: str | None
    fact: Fact

    def meets(self, other: "Taught") -> bool:
        """Tell whether two lessons share time."""
        return self.begins < other.ends and other.begins < self.ends


def standing_lessons(world: World) -> tuple[list[Taught], int]:
    """Return the lessons released since yesterday that stand, and how many releases name none."""
    since = world.today - DAY
    moves = [
        one
        for kind in ("released", "reversed")
        for one in world.known(kind)
        if day_of(one.at) >= since
    ]
    standing: dict[tuple[str, int], Taught] = {}
    unnamed = 0
    for one in sorted(moves, key=lambda one: (one.at, one.fact_id)):
        if one.kind == "reversed":
            standing.pop((one.ref, one.number), None)
        elif "lessons" not in one.body:
            unnamed += 1
        else:
            for row in one.body["lessons"]:
                begins = datetime.fromisoformat(row["taught_at"])
                ends = datetime.fromisoformat(row["ended_at"] or row["taught_at"])
                lesson = Taught(
                    (row["contract_id"], row["lesson_no"]),
                    row["amount_fen"],
                    begins,
                    max(ends, begins + timedelta(minutes=1)),
                    row["teacher_ref"],
                    row["student_ref"],
                    one,
                )
                standing[lesson.name] = lesson
    return [*standing.values()], unnamed


def is_bad(world: World, values: Values, one: Taught, that_day: list[Taught]) -> bool:
    """Tell whether a lesson was not allowed or cannot have been given."""
    contracts = [c for c in world.last_heard("contract") if c.ref == one.name[0]]
    is_subject = world.named("category") == "subject" or any(c.tag == "subject" for c in contracts)
    day = day_of(one.begins)
    if is_subject and not world.calendar.is_workday(day):
        return True
    delivery = next(
        (c.body["course_delivery"] for c in contracts if c.body.get("course_delivery")),
        world.named("delivery"),
    )
    until = values["online_until_minute" if delivery == "online" else "offline_until_minute"]
    if (is_subject or values["hours_for_all"]) and one.ends > in_china(day, until):
        return True
    others = [other for other in that_day if other.name != one.name]
    if one.student and any(o.student == one.student and o.meets(one) for o in others):
        return True
    if not one.teacher:
        return False
    classes = {o.begins for o in that_day if o.teacher == one.teacher}
    own = [o for o in that_day if o.teacher == one.teacher and o.begins == one.begins]
    elsewhere = [o for o in that_day if o.teacher == one.teacher and o.begins != one.begins]
    if any(mate.meets(other) for mate in own for other in elsewhere):
        return True
    hours = timedelta()
    for begins in classes:
        if begins <= one.begins:
            ends = [o.ends for o in that_day if o.teacher == one.teacher and o.begins == begins]
            hours += max(ends) - begins
    return hours > timedelta(hours=values["teacher_hours_max"])


def release_prohibited_time(world: World, values: Values) -> list[Finding]:
    """R13."""
    key, found = "release_prohibited_time", []
    lessons, unnamed = standing_lessons(world)
    for day in {day_of(one.begins) for one in lessons}:
        that_day = [one for one in lessons if day_of(one.begins) == day]
        bad = [one for one in that_day if is_bad(world, values, one, that_day)]
        is_red = len(bad) >= values["critical_lessons"] or (
            bad and sum(one.fen for one in bad) >= values["critical_fen"]
        )
        if is_red or len(bad) >= values["warning_lessons"]:
            severity = "critical" if is_red else "warning"
            found.append(hit(key, severity, [one.fact for one in bad], day.isoformat()))
    if unnamed:
        found.append(unsure(key))
    return found or [nothing(key)]
