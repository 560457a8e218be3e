"""The rows of one fetch that were not believed, together with those of the same fault."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from registry_sync.mirror.fetched import RowAside
from registry_sync.supervision.reasons import Reason, row_reason
from registry_sync.supervision.wording import FIELD_NAMES, place_text


@dataclass(frozen=True, slots=True)
class AsideLine:
    """One row that was not believed."""

    place: str
    field: str
    institution_id: str
    name: str
    """What the mirror calls the institution; empty where it does not know it."""


@dataclass(frozen=True, slots=True)
class AsideGroup:
    """Rows of one fault: what it is, what to correct, and where."""

    reason: Reason
    number: str
    lines: list[AsideLine]


def groups_of(rows: Sequence[RowAside], names: Mapping[str, str]) -> list[AsideGroup]:
    """Return rows by fault, the most frequent first, and each in the order they stood."""
    by_reason: dict[str, list[AsideLine]] = {}
    for row in rows:
        by_reason.setdefault(row.reason, []).append(_line(row, names))
    found = sorted(by_reason.items(), key=lambda one: -len(one[1]))
    return [AsideGroup(row_reason(word), f"{len(lines):,}", lines) for word, lines in found]


def _line(row: RowAside, names: Mapping[str, str]) -> AsideLine:
    institution_id = row.institution_id or ""
    field = FIELD_NAMES.get(row.field, row.field) if row.field else ""
    return AsideLine(place_text(row.place), field, institution_id, names.get(institution_id, ""))
