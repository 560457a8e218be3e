"""What a chunk of records comes to: the rows to write, worked out apart from the database.

Nothing here waits, so that one chunk is worked out beside the loop while the one before is
written.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final, TypeAlias
from uuid import UUID

from pydantic_core import to_json

from registry_sync.domain.record import Key, Record
from registry_sync.domain.standing import Said, View, contradicted_of, resolve
from registry_sync.domain.telling import Told, confirmed_of, tell
from registry_sync.mirror.terms import terms_of
from shared.ids import new_id

_JOIN: Final = "\x1f"
_UNSAID: Final = "\x1e"
"""Arrays of arrays do not go into `unnest`: the texts of one go joined, and the statements take
them apart by these two characters, which no text has that was read from a cell."""

Row: TypeAlias = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Source:
    """The source whose batch is applied, and the moment it is applied at."""

    name: str
    ranks: dict[str, int]
    """Of every source."""
    fetch_id: UUID
    evidence: str
    """The hash of what was fetched."""
    as_of: date
    """The authority's day, for records that name none."""
    now: datetime
    today: date
    settled: frozenset[tuple[str, Key]] = frozenset()
    """Words that two persons let through, though others of the same rank say otherwise."""


@dataclass(slots=True)
class Chunk:
    """What is read of some institutions before their records are applied."""

    said: dict[str, dict[tuple[str, str], Said]] = field(default_factory=dict)
    numbers: dict[tuple[str, Key], int] = field(default_factory=dict)
    """The last statement of each source on each site."""
    views: dict[str, View] = field(default_factory=dict)
    sequences: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class Work:
    """What is to be written of a chunk."""

    sites: list[Row] = field(default_factory=list)
    views: list[Row] = field(default_factory=list)
    events: list[Row] = field(default_factory=list)
    contradicted: set[Key] = field(default_factory=set)
    """Sites of which the source's word is not believed, for another of its rank differs."""


def work_out(source: Source, chunk: Chunk, records: Iterable[Record]) -> Work:
    """Return what records come to, beside all that others say of their institutions."""
    sites = []
    names: dict[str, None] = {}
    for one in records:
        key = one.key
        since = one.since or source.as_of
        rank = source.ranks[source.name]
        said = Said(source.name, rank, key, one.values, since, source.evidence)
        chunk.said.setdefault(key[0], {})[source.name, key[1]] = said
        sites.append(_site_row(one, chunk.numbers.get((source.name, key), 0) + 1, since))
        names[key[0]] = None
    work = look_at(source, chunk, names)
    work.sites = sites
    return work


def look_at(source: Source, chunk: Chunk, names: Iterable[str]) -> Work:
    """Return how institutions stand now and what to tell of it, where that changed."""
    work = Work()
    for name in names:
        before = chunk.views.get(name)
        said = chunk.said[name].values()
        after = resolve(name, said, source.today, before, source.settled)
        if after.conflicts:
            contradicted = contradicted_of(after, said)
            work.contradicted |= {key for who, key in contradicted if who == source.name}
        events = tell(before, after, confirmed_of(said, chunk.numbers))
        if not events:
            continue
        first = chunk.sequences.get(name, 0) + 1
        work.events += event_rows(name, first, events)
        work.views.append(_view_row(after, first + len(events) - 1))
    return work


def event_rows(name: str, first: int, events: Sequence[Told]) -> list[Row]:
    """Return the events of one institution, numbered from its next sequence on."""
    return [
        (name, number, new_id(), one.type, to_json(one.body).decode())
        for number, one in enumerate(events, first)
    ]


def _site_row(one: Record, number: int, since: date) -> Row:
    said = _JOIN.join([_UNSAID if value is None else value for value in one.values])
    return (one.institution_id, one.licence_no, one.digest, said, since, number, one.where)


def _view_row(view: View, sequence: int) -> Row:
    return (
        view.institution_id,
        view.name,
        view.district_code,
        view.status,
        view.ends_on,
        _JOIN.join(terms_of(view.name)),
        to_json(view.body()).decode(),
        sequence,
    )
