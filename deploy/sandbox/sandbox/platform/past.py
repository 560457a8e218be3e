"""What the platform did before it was started again: how it was founded, and what changed.

Versions are counted on and never shown twice: a mirror would take an older one for a rollback,
and the same one with other content for nothing new.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sandbox.journal import Journal
from sandbox.platform.listings import Listing


@dataclass(slots=True)
class Past:
    """What the journal tells, oldest first."""

    founding: dict[str, Any] | None = None
    """The options it was founded with; nothing where it opens for the first time."""
    changes: list[tuple[date, list[Listing]]] = field(default_factory=list)
    version: int = 0
    """The last version that was shown."""


def recall(journal: Journal) -> Past:
    """Read what was done before."""
    past = Past()
    for row in journal.rows():
        match row["kind"]:
            case "founded":
                opened_on = date.fromisoformat(row["opened_on"])
                founding = {name: row[name] for name in ("seed", "institutions", "include")}
                past.founding = {**founding, "opened_on": opened_on}
            case "changed":
                items = [Listing.model_validate(given) for given in row["items"]]
                past.changes.append((date.fromisoformat(row["on"]), items))
            case "published":
                past.version = row["version"]
    return past


def note_founding(
    journal: Journal, seed: int, institutions: int, include: Sequence[Mapping[str, Any]], on: date
) -> None:
    """Remember from what the register grew."""
    listed = [dict(given) for given in include]
    row = {"seed": seed, "institutions": institutions, "include": listed, "opened_on": str(on)}
    journal.write("founded", **row)


def note_change(journal: Journal, listings: Sequence[Listing], on: date) -> None:
    """Remember what is listed otherwise from a day on."""
    journal.write("changed", on=str(on), items=list(_given(listings)))


def _given(listings: Sequence[Listing]) -> Iterator[dict[str, Any]]:
    for listing in listings:
        yield listing.model_dump(mode="json", by_alias=True, exclude_unset=True)
