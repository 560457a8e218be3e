"""How fresh every source is that the file names."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from registry_sync.edge import Registry
from registry_sync.mirror import sources
from registry_sync.mirror.sources import State
from registry_sync.settings import SourceSettings


@dataclass(frozen=True, slots=True)
class Freshness:
    """Where one source stands, and whether it is late."""

    source: SourceSettings
    state: State
    cadence_s: int
    """How often it should be heard: what it publishes of itself, else what the file says."""
    is_stale: bool


async def read_freshness(registry: Registry, now: datetime) -> Sequence[Freshness]:
    """Return where the sources stand, in the order of the file."""
    known = await sources.states(registry.database)
    return [_freshness(one, known, now) for one in registry.sources]


def _freshness(one: SourceSettings, known: dict[str, State], now: datetime) -> Freshness:
    state = known.get(one.name) or State(one.name, one.rank)
    return Freshness(one, state, state.cadence_s or one.cadence_s, state.is_stale(now))
