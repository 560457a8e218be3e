"""What a sheet would change, as an officer is shown it before accepting."""

from collections.abc import Mapping
from typing import Any, Final

from registry_sync.domain.believing import Compared
from registry_sync.domain.changes import Changes, Held
from registry_sync.domain.record import FIELDS, Key, Parsed, Record

SAMPLE_MAX: Final = 50
"""Sites of each kind shown in a preview; the counts tell of all."""


def difference(held: Mapping[Key, Held], parsed: Parsed, found: Compared) -> dict[str, Any]:
    """Return counts, samples of each kind, and what was not believed."""
    changes, aside = found.changes, found.set_aside
    return {
        "counts": _counts(changes, len(aside)),
        "added": [_record(one) for one in changes.added[:SAMPLE_MAX]],
        "modified": [_record(one) for one in changes.modified[:SAMPLE_MAX]],
        "revoked": [_record(one) for one in changes.revoked[:SAMPLE_MAX]],
        "restored": [_record(one) for one in changes.restored[:SAMPLE_MAX]],
        "missing": [_gone(key, held) for key in changes.missing[:SAMPLE_MAX]],
        "set_aside": [
            {"place": one.where, "reason": one.reason.value, "field": one.field}
            for one in aside[:SAMPLE_MAX]
        ],
        "unknown_columns": len(parsed.unknown_columns),
        "remarks": parsed.remarks,
    }


def _counts(changes: Changes, aside: int) -> dict[str, int]:
    return {
        "added": len(changes.added),
        "modified": len(changes.modified),
        "revoked": len(changes.revoked),
        "restored": len(changes.restored),
        "missing": len(changes.missing),
        "unchanged": changes.unchanged,
        "set_aside": aside,
    }


def _record(record: Record) -> dict[str, Any]:
    said = dict(zip(FIELDS, record.values, strict=True))
    return {
        "institution_id": record.institution_id,
        "licence_no": record.licence_no,
        "place": record.where,
        "said": {name: value for name, value in said.items() if value is not None},
    }


def _gone(key: Key, held: Mapping[Key, Held]) -> dict[str, Any]:
    return {"institution_id": key[0], "licence_no": key[1], "name": held[key].name}
