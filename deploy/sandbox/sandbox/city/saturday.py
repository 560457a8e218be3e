"""One Saturday from the morning's contracts to the bank's statements."""

from datetime import datetime
from pathlib import Path

from sandbox.city import bells, evening, morning, refunding, supervising
from sandbox.city.enrolment import Enrolling
from sandbox.city.founding import found
from sandbox.city.memory import Memory, remember
from sandbox.city.morning import Slips
from sandbox.city.places import Place, places
from sandbox.city.straying import stray
from sandbox.city.timetable import BELLS, FREEZE_AFTER, MORNING, at, next_saturday
from sandbox.city.town import Town

REFUNDS_AFTER = 1
"""Refunds are asked for after this many bells, and agreed two bells later."""

AGREED_AFTER = 3


async def play(town: Town, memory: Memory, path: Path, now: datetime) -> None:
    """Play the first Saturday after `now`, remembering after each step how far it came.

    A day that was cut short is not finished later: the next run plays the next Saturday,
    and ids carry their day, so none is ever used twice.
    """
    day = next_saturday(now)
    city = places(memory.seed)
    is_first = not memory.is_founded
    memory.played.append(day)
    remember(path, memory)
    await town.move_clock(at(day, MORNING))
    if is_first:
        await found(town, city, day)
        memory.is_founded = True
    await supervising.lift_last_freeze(town, memory, day)
    slips = await _enrol(town, memory, city, path)
    await _teach(town, memory, slips, path)
    await evening.allocate(town, slips.mistyped, city)
    if is_first:
        await evening.take_unbacked(town, city[1], day)
    await stray(town, city, memory)
    await evening.close_day(town)
    town.tally.replays = sum(line.replayed for line in town.institutions.values())
    remember(path, memory)


async def _enrol(town: Town, memory: Memory, city: list[Place], path: Path) -> Slips:
    """Sign, register and pay for this week's contracts; return whose deposits went wrong.

    What a day that was cut short had signed and not registered, or not paid, comes first.
    """
    day = memory.played[-1]
    enrolling = Enrolling(memory.seed, day)
    if memory.classes:
        enrolling.admit_newcomers(memory.classes)
    else:
        memory.classes = enrolling.open_classes(city)
    remember(path, memory)
    rows = morning.those(memory.classes, "signed")
    await morning.register(town, rows, day)
    await morning.register_mistakes(town, rows, day)
    remember(path, memory)
    slips = await morning.pay_in(town, morning.those(memory.classes, "registered"), city, day)
    remember(path, memory)
    return slips


async def _teach(town: Town, memory: Memory, slips: Slips, path: Path) -> None:
    """Ring every bell of the day, with what happens between them."""
    day = memory.played[-1]
    city = places(memory.seed)
    asked: list[refunding.Claim] = []
    for number in range(len(BELLS)):
        await bells.ring(town, memory.classes, city, day, number)
        remember(path, memory)
        if number + 1 == REFUNDS_AFTER:
            asked = await refunding.ask(town, memory.classes, slips.payerless, day)
        if number + 1 == AGREED_AFTER:
            await refunding.agree(town, asked, day)
        if number + 1 == FREEZE_AFTER:
            await supervising.freeze(town, memory, city, day)
        remember(path, memory)
