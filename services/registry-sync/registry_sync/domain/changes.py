"""What a batch changes: additions, modifications, revocations, restorations, absences.

A batch is compared by key with what is held of the same source.
What a full batch leaves out is missing, which is never a change of status.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from registry_sync.domain.record import Key, Record, speaks_ill
from registry_sync.domain.words import CLOSED, Status

GONE_FULLS: Final = 3
"""Full batches in a row that must have left a site out before anybody is told."""

GONE_AFTER: Final = timedelta(hours=72)
"""And for so long: a source that publishes hourly may be wrong for an afternoon."""


@dataclass(frozen=True, slots=True)
class Held:
    """What is held of one site from one source: enough to compare and to judge."""

    digest: bytes
    status: str
    district_code: str
    name: str = ""
    black_listed: bool = False
    missing_fulls: int = 0
    """Full batches in a row that left it out."""

    is_gone: bool = False
    """Left out for so long that it was told of, or would be."""

    stated: int = 0
    """Which fields it states: one bit each, in the order of `FIELDS`."""

    white_listed: bool = False


@dataclass(slots=True)
class Changes:
    """What a batch changes, record by record."""

    added: list[Record] = field(default_factory=list)
    modified: list[Record] = field(default_factory=list)
    revoked: list[Record] = field(default_factory=list)
    restored: list[Record] = field(default_factory=list)
    missing: list[Key] = field(default_factory=list)
    seen_again: list[Key] = field(default_factory=list)
    """Sites that earlier full batches left out, and that this batch names, whatever it says."""
    unchanged: int = 0

    @property
    def records(self) -> list[Record]:
        """Return every record that changes something."""
        return [*self.added, *self.modified, *self.restored, *self.revoked]

    @property
    def is_empty(self) -> bool:
        """Whether nothing changes at all."""
        return not (self.records or self.missing or self.seen_again)


def compare(
    held: Mapping[Key, Held],
    records: Iterable[Record],
    *,
    is_full: bool,
    set_aside: Iterable[Key] = (),
) -> Changes:
    """Return what a batch changes; only a full one can leave something out.

    A site whose row was set aside is not missing: the source named it, and we did not believe.
    A site never held before is an addition, however it stands: nothing is taken from it.
    """
    changes = Changes()
    named = set(set_aside)
    for record in records:
        named.add(record.key)
        before = held.get(record.key)
        if before is None:
            changes.added.append(record)
            continue
        if before.missing_fulls:
            changes.seen_again.append(record.key)
        if before.digest == record.digest:
            changes.unchanged += 1
        else:
            _sort(changes, before, record)
    if is_full:
        changes.missing = [key for key in held if key not in named]
    return changes


def is_closing(before: Held, record: Record) -> bool:
    """Tell whether a record ends, without a revocation, that a site may take new contracts."""
    was_open = before.status != Status.revoked and before.status not in CLOSED
    closes = was_open and record.get("status") in CLOSED
    return closes or (before.white_listed and record.get("white_listed") == "no")


def _sort(changes: Changes, before: Held, record: Record) -> None:
    was_adverse = before.status == Status.revoked or before.black_listed
    is_adverse = speaks_ill(record.values)
    if is_adverse and not was_adverse:
        changes.revoked.append(record)
    elif was_adverse and not is_adverse:
        changes.restored.append(record)
    else:
        changes.modified.append(record)
