"""The bell rings: lessons are claimed in batches of one class, now and then wrongly."""

from datetime import date, datetime, timedelta
from random import Random
from typing import Any

from sandbox.city.enrolment import Class, Contract
from sandbox.city.places import Place
from sandbox.city.timetable import BELLS, CLAIM_DELAY, Bell, at, taught
from sandbox.city.town import Town, together
from shared.time import rfc3339

SLIP_SHARE = 0.05
"""Share of the classes in which the billing system makes each of the mistakes."""

_LATER = timedelta(days=7)

Claims = list[tuple[dict[str, Any], Contract]]


async def ring(town: Town, classes: list[Class], places: list[Place], day: date, bell: int) -> None:
    """Move the clock past a bell and claim the lessons that it ended."""
    bell_now = BELLS[bell]
    await town.move_clock(at(day, bell_now.ends) + CLAIM_DELAY)
    ended = [group for group in classes if group.bell == bell]
    category = {place.id: place.category for place in places}
    batches = [(g, claims(g, day, bell_now, category[g.institution_id])) for g in ended]
    batches = [(group, batch) for group, batch in batches if batch]
    town.progress.begin(f"lessons until {bell_now.ends:%H:%M}", sum(len(b) for _, b in batches))
    await together(lambda row: _release(town, row[0], row[1], day), batches)


def claims(group: Class, day: date, bell: Bell, category: str) -> Claims:
    """Return the claims of one class, one per pupil and lesson."""
    rows: Claims = []
    for session in range(1 + group.is_double):
        begins, ends = taught(day, bell, is_subject=category == "subject", session=session)
        for contract in group.contracts:
            lesson_no = contract.next_lesson + session
            if contract.state not in {"running", "refunding"} or lesson_no > group.course.lessons:
                continue
            row = {
                "id": f"R-{day:%Y%m%d}-{contract.id}-{lesson_no}",
                "contract_id": contract.id,
                "lesson_no": lesson_no,
                "taught_at": rfc3339(begins),
                "ended_at": rfc3339(ends),
                "teacher_ref": group.teacher_ref,
                "room_ref": group.room_ref,
            }
            rows.append((row, contract))
    return rows


async def _release(town: Town, group: Class, batch: Claims, day: date) -> None:
    chance = Random(f"slips:{group.id}:{day}")
    slips = _slips(chance, group, batch)
    body = {"institution_id": group.institution_id, "items": [row for row, _ in batch] + slips}
    line = town.institutions[group.institution_id]
    key = f"class-{group.id}-{day:%Y%m%d}"
    answer = await line.post("/v1/releases", body, key)
    town.tally.add_releases(answer)
    town.first_release()
    for row, (claim, contract) in zip(answer["items"], batch, strict=False):
        if row["outcome"] in {"released", "exists"} or row.get("code") == "already_released":
            contract.next_lesson = max(contract.next_lesson, claim["lesson_no"] + 1)
        if row.get("code") == "contract_closed":
            contract.state = "over"
    if chance.random() < SLIP_SHARE:  # the answer was lost in the billing system: it asks again
        await line.post("/v1/releases", body, key)
    if chance.random() < SLIP_SHARE:  # it forgot that it had asked at all
        town.tally.add_releases(await line.post("/v1/releases", body, f"{key}-again"))
    town.progress.advance(len(batch))


def _slips(chance: Random, group: Class, batch: Claims) -> list[dict[str, Any]]:
    """Return wrong claims to put at the end of a class's batch."""
    row, contract = chance.choice(batch)
    drafts = {
        "twice": {},
        "unknown": {"contract_id": f"{contract.id}-X"},
        "early": {
            "lesson_no": min(row["lesson_no"] + 2, group.course.lessons),
            "taught_at": _next_week(row["taught_at"]),
            "ended_at": _next_week(row["ended_at"]),
        },
        "beyond": {"lesson_no": group.course.lessons + 1},
    }
    return [
        {**row, "id": f"{row['id']}-{word}", **changed}
        for word, changed in drafts.items()
        if chance.random() < SLIP_SHARE
    ]


def _next_week(instant: str) -> str:
    return rfc3339(datetime.fromisoformat(instant) + _LATER)
