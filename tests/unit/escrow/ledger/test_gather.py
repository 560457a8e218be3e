"""Gathering: what goes together, what goes beside it, and what has to wait."""

import asyncio
from typing import Any, cast

import pytest

from escrow.domain.commands import PlanPayouts
from escrow.ledger import gather
from escrow.ledger.gather import BATCH_MAX, LANES, Poster
from escrow.ledger.post import Posted, Submission


class Gated(Poster):
    """A door whose postings write nothing: each waits until it is let go."""

    def __init__(self) -> None:
        """Begin with nothing posted."""
        super().__init__(cast("Any", None), cast("Any", None))
        self.begun: list[list[str]] = []
        self.gates: list[asyncio.Event] = []
        self.asked: list[asyncio.Task[Any]] = []

    async def _once(self, submissions: list[Submission]) -> list[Posted]:
        commands = [command for one in submissions for command in one.commands]
        self.begun.append([command.institution_id for command in commands])
        gate = asyncio.Event()
        self.gates.append(gate)
        await gate.wait()
        return [Posted() for _ in submissions]

    def asks(self, *institutions: str) -> None:
        """Ask for one command of each institution, in one submission."""
        asking = self.ask([PlanPayouts(name) for name in institutions])
        self.asked.append(asyncio.create_task(asking))

    async def settle(self) -> None:
        """Let all that can begin begin."""
        for _ in range(10):
            await asyncio.sleep(0)

    async def finish(self, number: int) -> None:
        """Let a posting go, and what it held up begin."""
        self.gates[number].set()
        await self.settle()


@pytest.fixture
async def door() -> Gated:
    return Gated()


async def test_what_comes_while_all_lanes_are_taken_goes_together(door: Gated) -> None:
    """All of it is six commands with the one that still runs: three for each lane."""
    for name in ("A", "B", "C", "D", "E", "F", "G"):
        door.asks(name)
    await door.settle()
    assert door.begun == [["A"], ["B"]]
    assert len(door.begun) == LANES
    await door.finish(0)
    assert door.begun[LANES:] == [["C", "D", "E"]]
    await door.finish(1)
    assert door.begun[LANES + 1 :] == [["F", "G"]]


async def test_a_lanes_share_never_cuts_an_institution_in_two(door: Gated) -> None:
    """Its next batch could not begin before this one ends: nothing would go beside it."""
    door.asks("hot")
    await door.settle()
    for name in ("hot", "cold", "hot", "hot", "cool", "hot"):
        door.asks(name)
    await door.settle()
    assert door.begun == [["hot"], ["cold"]]
    await door.finish(0)
    assert door.begun[2:] == [["hot"] * 4]
    await door.finish(1)
    assert door.begun[3:] == [["cool"]]


async def test_an_institution_is_in_one_lane_at_a_time(door: Gated) -> None:
    door.asks("hot")
    await door.settle()
    door.asks("hot")
    door.asks("cold")
    await door.settle()
    assert door.begun == [["hot"], ["cold"]], "the cold one passes by"
    await door.finish(0)
    assert door.begun[2:] == [["hot"]]


async def test_nobody_overtakes_on_an_institution(door: Gated) -> None:
    """The second waits for A; the third must not change B before it."""
    door.asks("A")
    await door.settle()
    door.asks("A", "B")
    door.asks("B")
    await door.settle()
    assert door.begun == [["A"]]
    await door.finish(0)
    assert door.begun[1:] == [["A", "B", "B"]]


async def test_a_posting_holds_a_bounded_batch(door: Gated) -> None:
    door.asks("A")
    door.asks("B")
    await door.settle()
    for name in ("C", "D", "E"):
        door.asks(*[name] * (BATCH_MAX * 2 // 5))
    door.asks(*["F"] * (BATCH_MAX + 1))
    await door.settle()
    await door.finish(0)
    await door.finish(1)
    await door.finish(2)
    sizes = [len(batch) for batch in door.begun[LANES:]]
    assert sizes == [BATCH_MAX * 4 // 5, BATCH_MAX * 2 // 5, BATCH_MAX + 1], (
        "a submission is never cut, even one that alone is larger than a batch"
    )


async def test_one_who_hangs_up_costs_the_others_nothing(door: Gated) -> None:
    for name in ("A", "B", "C", "D"):
        door.asks(name)
    await door.settle()
    await door.finish(0)
    assert door.begun[LANES:] == [["C", "D"]]
    door.asked[2].cancel()
    await door.finish(LANES)
    assert door.asked[2].cancelled()
    assert door.asked[3].done()


async def test_what_waits_is_counted_while_it_waits(door: Gated) -> None:
    door.asks("A")
    door.asks("B")
    await door.settle()
    door.asks("C", "C", "C")
    await door.settle()
    assert gather._waiting._value.get() == 3
    await door.finish(0)
    assert gather._waiting._value.get() == 0
