"""Processor time and memory of the processes that take part, as the kernel counts them.

Linux only; elsewhere everything reads as nothing and the report says so.
"""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_PROC: Final = Path("/proc")
_TICKS: Final = os.sysconf("SC_CLK_TCK")
_FAMILY: Final = 1  # the parent's place among the fields behind the name
_OWN: Final = slice(11, 13)
_CHILDREN: Final = slice(13, 15)


@dataclass(frozen=True, slots=True)
class Usage:
    """What one party used over a time."""

    processors: float
    """Processors kept busy on average: 1.0 is one core."""
    rss_mb: int
    """Memory at the end; for PostgreSQL without what its processes share."""


@dataclass(frozen=True, slots=True)
class Reading:
    """Processor seconds of each party up to now."""

    at_s: float
    seconds: Mapping[str, float]


def read(now_s: float, parties: Mapping[str, int]) -> Reading:
    """Read the processor time of each party: a process, its children, and those that ended."""
    return Reading(now_s, {name: _family_s(pid) for name, pid in parties.items()})


def usage(before: Reading, after: Reading, parties: Mapping[str, int]) -> dict[str, Usage]:
    """Return what each party used between two readings."""
    elapsed = after.at_s - before.at_s
    return {
        name: Usage(
            round((after.seconds[name] - before.seconds.get(name, 0.0)) / elapsed, 3),
            sum(_rss_kb(one) for one in (pid, *_children(pid))) // 1024,
        )
        for name, pid in parties.items()
    }


def busy_of(child_s: float, elapsed_s: float) -> float:
    """Return the processors that an ended child kept busy."""
    return round(child_s / elapsed_s, 3)


def _family_s(pid: int) -> float:
    own = _fields(pid)
    ticks = sum(map(int, [*own[_OWN], *own[_CHILDREN]]))
    for child in _children(pid):
        ticks += sum(map(int, _fields(child)[_OWN]))
    return ticks / _TICKS


def _children(pid: int) -> Iterable[int]:
    if not _PROC.exists():
        return []
    found = [int(entry.name) for entry in _PROC.iterdir() if entry.name.isdigit()]
    return [one for one in found if _fields(one)[_FAMILY] == str(pid)]


def _fields(pid: int) -> list[str]:
    """Return the fields behind the name; zeros for a process that is gone."""
    try:
        return (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ["0"] * 16


def _rss_kb(pid: int) -> int:
    """Return memory of a process's own: shared buffers would be counted once per process."""
    try:
        lines = (_PROC / str(pid) / "status").read_text().splitlines()
    except OSError:
        return 0
    named = dict(line.split(":", 1) for line in lines)
    kept = [named.get(name, "0").split()[0] for name in ("RssAnon", "RssFile")]
    return sum(map(int, kept))
