"""The cases: what is asked of the service, how fast it must and should answer."""

import resource
import subprocess
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path
from typing import Final

from tests.bench import loadgen, usage
from tests.bench.loadgen import Load, Tally
from tests.bench.seed import BATCH, HOT_BATCH
from tests.bench.town import Town, batch_request, single_requests
from tests.bench.usage import Usage

FASTEST: Final = {"batches": 40_000, "hot": 24_000, "single": 6_000}
"""Lessons a second that requests are prepared for: well above each aim."""


@dataclass(frozen=True, slots=True)
class Target:
    """What a case is to reach, and what it aims at."""

    reach: int
    aim: int
    p99_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """One kind of load."""

    name: str
    title: str
    kind: str
    size: int
    connections: int
    target: Target | None
    rate: int = 0
    """Lessons a second in open loop; 0 is closed loop."""


@dataclass(frozen=True, slots=True)
class Result:
    """What was measured in one case."""

    name: str
    title: str
    seconds: float
    connections: int
    lessons_per_s: int
    requests_per_s: int
    not_released: int
    statuses: dict[str, int]
    lost: int
    p50_ms: float
    p90_ms: float
    p99_ms: float
    max_ms: float
    processors: dict[str, float]
    """Processors kept busy by each party."""
    service_mb: int
    slices: list[int] = field(default_factory=list)
    """Lessons a second of each part, where the case was played in parts."""


BATCHES: Final = Case(
    "batches",
    "batches of 30, from an empty database on",
    "batches",
    BATCH,
    32,
    Target(12_000, 25_000, 150),
)
FULL: Final = Case(
    "full",
    "batches of 30, with {rows} movements in it",
    "batches",
    BATCH,
    32,
    Target(12_000, 25_000, 150),
)
STEADY: Final = Case(
    "steady",
    "batches of 30, open loop at {rate} lessons/s",
    "batches",
    BATCH,
    64,
    Target(12_000, 12_000, 150),
    rate=12_000,
)
HOT: Final = Case(
    "hot", "batches of 100, one institution", "hot", HOT_BATCH, 16, Target(6_000, 15_000)
)
SINGLE: Final = Case(
    "single", "single lessons, 64 clients", "single", 1, 64, Target(1_500, 3_000, 60)
)
CASES: Final = (BATCHES, FULL, STEADY, HOT, SINGLE)


def lessons_needed(case: Case, seconds: int) -> int:
    """Return how many lessons must be ready for a case."""
    return (case.rate or FASTEST[case.kind]) * seconds


def play(
    case: Case, town: Town, seconds: int, port: int, parties: Mapping[str, int], folder: Path
) -> Result:
    """Prepare the requests of a case, send them, and return what was measured."""
    path = folder / f"{case.name}.requests"
    needed = -(-lessons_needed(case, seconds) // case.size)
    loadgen.write_requests(path, _requests(case, town, needed))
    load = Load(port, case.connections, seconds, case.rate // case.size)
    began = time.monotonic()
    before = usage.read(began, parties)
    used_before = _children_s()
    with loadgen.start(path, load) as child:
        printed = _output(child)
    ended = time.monotonic()
    used = usage.usage(before, usage.read(ended, parties), parties)
    path.unlink()
    load_share = usage.busy_of(_children_s() - used_before, ended - began)
    return _result(case, loadgen.tally_of(printed), used, load_share)


def together(parts: list[Result]) -> Result:
    """Sum up the parts of one case: mean throughput, the worst of the latencies."""
    last = parts[-1]
    number = len(parts)
    return Result(
        last.name,
        last.title,
        sum(one.seconds for one in parts),
        last.connections,
        sum(one.lessons_per_s for one in parts) // number,
        sum(one.requests_per_s for one in parts) // number,
        sum(one.not_released for one in parts),
        _sums(one.statuses for one in parts),
        sum(one.lost for one in parts),
        max(one.p50_ms for one in parts),
        max(one.p90_ms for one in parts),
        max(one.p99_ms for one in parts),
        max(one.max_ms for one in parts),
        {
            name: round(sum(one.processors[name] for one in parts) / number, 3)
            for name in last.processors
        },
        max(one.service_mb for one in parts),
        [one.lessons_per_s for one in parts],
    )


def _sums(found: Iterable[Mapping[str, int]]) -> dict[str, int]:
    summed: dict[str, int] = {}
    for one in found:
        for name, number in one.items():
            summed[name] = summed.get(name, 0) + number
    return summed


def _requests(case: Case, town: Town, number: int) -> Iterable[bytes]:
    if case.kind == "single":
        classes = town.batches.take(-(-number // BATCH))
        found = (single_requests(taught, lesson, town.bell) for taught, lesson in classes)
        # Neighbours in the file are of different institutions, as single callers are.
        return islice(chain.from_iterable(zip(*found, strict=True)), number)
    timetable = town.hot if case.kind == "hot" else town.batches
    return (batch_request(taught, lesson, town.bell) for taught, lesson in timetable.take(number))


def _output(child: subprocess.Popen[bytes]) -> bytes:
    printed, _ = child.communicate()
    assert child.returncode == 0, "the load generator failed"
    return printed


def _children_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _result(case: Case, tally: Tally, used: Mapping[str, Usage], load_share: float) -> Result:
    assert not tally.starved, f"{case.name}: no request was left to send; seed more"
    assert tally.answered, f"{case.name}: nothing was answered {tally.statuses}"
    return Result(
        case.name,
        case.title,
        round(tally.seconds, 1),
        case.connections,
        int(tally.released / tally.seconds),
        int(tally.answered / tally.seconds),
        tally.answered * case.size - tally.released,
        tally.statuses,
        tally.lost,
        tally.p50_ms,
        tally.p90_ms,
        tally.p99_ms,
        tally.max_ms,
        {**{name: one.processors for name, one in used.items()}, "load": load_share},
        used["service"].rss_mb,
    )
