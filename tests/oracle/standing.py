"""R18 to R21 by brute force: rank, silence, the registry, fees without a licence."""

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


def top_n_interview(world: World, values: Values) -> list[Finding]:
    """R18."""
    key, today = "top_n_interview", world.today
    heard = sorted(world.known("rank"), key=lambda one: (one.seen_at, one.fact_id))
    for one in reversed(heard):
        day = day_of(one.at)
        if day.year == today.year and (day.month + 2) // 3 == (today.month + 2) // 3:
            scope = f"{today.year}-Q{(today.month + 2) // 3}"
            is_high = 0 < one.number <= values["top"]
            return [hit(key, "info", [one], scope) if is_high else nothing(key)]
    return [nothing(key)]


def feed_silent(world: World, values: Values) -> list[Finding]:
    """R19."""
    key, accounts = "feed_silent", world.known("account")
    if not accounts:
        return [nothing(key)]
    heard = [one for one in world.known("statement") if one.tag == accounts[-1].tag]
    last = max([accounts[-1], *heard], key=lambda one: (one.at, one.fact_id))
    worked = sum(
        world.calendar.is_workday(day) and in_china(day, 18 * 60) < world.as_of
        for day in days(day_of(last.at) + DAY, world.today)
    )
    if worked >= values["critical_working_days"]:
        return [hit(key, "critical", [last])]
    if worked >= values["warning_working_days"]:
        return [hit(key, "warning", [last])]
    return [nothing(key)]


def registry_adverse(world: World, values: Values) -> list[Finding]:
    """R20."""
    key, known = "registry_adverse", world.known("registry")
    has_account = world.known("account") != []
    told = [one for one in known if has_account or one.body.get("status_before", "-") is not None]
    found = []
    for number, one in enumerate(told):
        later = told[number + 1 :]
        types = [other.tag for other in later]
        has_ended = one.body.get("status") in {"winding_down", "deregistered", "transformed"}
        taken_back = {
            "licence.revoked": "institution.restored" in types,
            "licence.suspended": "institution.restored" in types,
            "licence.expired": "institution.restored" in types,
            "institution.changed": "institution.restored" in types or not has_ended,
            "institution.listed": "institution.restored" in types or not has_ended,
            "list.black.added": "list.black.removed" in types,
            "list.white.removed": any(other.body.get("white_listed") is True for other in later),
            "institution.missing": not {*types} <= {"institution.missing"},
        }
        severity = {
            "licence.revoked": "critical",
            "list.black.added": "critical",
            "institution.missing": "info",
        }.get(one.tag, "warning")
        if not taken_back.get(one.tag, True):
            found.append(hit(key, severity, [one], str(one.fact_id)))
    found = found[-50:]
    told = known
    until = read_day(told[-1].body.get("valid_until")) if told else None
    if (
        has_account
        and until
        and until <= world.today + values["expiry_days"] * DAY
        and told[-1].body.get("status") not in {"revoked", "expired", "deregistered", "transformed"}
    ):
        saying = [one for one in told if read_day(one.body.get("valid_until")) == until]
        found.append(hit(key, "warning", saying, until.isoformat()))
    return found or [nothing(key)]


def collect_without_licence(world: World, values: Values) -> list[Finding]:
    """R21."""
    key, told = "collect_without_licence", world.known("registry")
    if not told:
        return [nothing(key)]
    rests = []
    is_unknown = False
    for credit in world.last_heard("credit"):
        age = world.as_of - credit.at
        if age >= values["look_back_days"] * DAY or credit.amount_fen < values["least_fen"]:
            continue
        word = None
        for one in told:
            since = read_day(one.body.get("since"))
            if one.at <= credit.at or (since and in_china(since) <= credit.at):
                word = one
        status = word.body.get("status") if word else None
        if word and status in {
            *("revoked", "suspended", "expired"),
            *("deregistered", "transformed", "winding_down"),
        }:
            rests += [credit, word]
        elif status != "normal":
            is_unknown = True
    if rests:
        return [hit(key, "critical", rests)]
    return [unsure(key)] if is_unknown else [nothing(key)]
