"""Which rows of a batch are believed, and what they change of what is held.

A preview and the batch that follows it are compared by this one function.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from registry_sync.domain.changes import Changes, Held, compare
from registry_sync.domain.identity import check_identity
from registry_sync.domain.record import Key, Parsed, Record, SetAside
from registry_sync.domain.words import RowFault

AHEAD_MAX: Final = timedelta(days=1)
"""How far a row's day may lie ahead of its list's: a day ends elsewhere before it ends here."""


@dataclass(frozen=True, slots=True)
class Compared:
    """What a batch changes, and the rows of it that are not believed."""

    changes: Changes
    set_aside: list[SetAside]


def compared(held: Mapping[Key, Held], parsed: Parsed, as_of: date, *, is_full: bool) -> Compared:
    """Compare a batch with what is held of its source, row by row."""
    timely, early = within_time(parsed.records, as_of)
    records, doubtful = check_identity(held, timely)
    aside = [*parsed.set_aside, *early, *doubtful]
    named = [one.key for one in aside if one.key is not None]
    return Compared(compare(held, records, is_full=is_full, set_aside=named), aside)


def within_time(records: Iterable[Record], as_of: date) -> tuple[list[Record], list[SetAside]]:
    """Return the records that hold by now, and those that are to hold only later.

    What is dated ahead would act at once: the source says it again when its day has come.
    """
    latest = as_of + AHEAD_MAX
    timely, early = [], []
    for one in records:
        if one.since is not None and one.since > latest:
            early.append(SetAside(one.where, RowFault.date_wrong, "since", one.key))
        else:
            timely.append(one)
    return timely, early
