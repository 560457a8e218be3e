"""Write the manifest: what there is to fetch, how it hashes, until when it holds.

The switches that make a manifest lie are read here and nowhere else.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sandbox.platform.faults import Faults
from sandbox.platform.releases import Archive, Release
from sandbox.platform.signing import Signer
from shared.time import rfc3339

SOURCE = "national"
SCHEMA_VERSION = 1

VALID_FOR = timedelta(days=1)
"""How long after `as_of` the list may be believed."""

FOREIGN_HOST = "https://files.elsewhere.invalid"
"""A host that nobody allowed, under a name that never resolves."""


@dataclass(frozen=True, slots=True)
class Edition:
    """What a manifest tells of: a version, the deltas that lead to it, and its time."""

    release: Release
    deltas: Mapping[tuple[int, int], Archive]
    as_of: datetime
    cadence_s: int


def write_manifest(edition: Edition, faults: Faults, signer: Signer) -> dict[str, Any]:
    """Return the signed manifest of an edition, as truthful as the switches let it be."""
    release = edition.release
    full = [
        _entry(part, f"/full/{release.number}/{place}", faults)
        for place, part in enumerate(release.parts)
    ]
    as_of = _as_of(edition, faults)
    manifest = {
        "source": SOURCE,
        "version": release.number,
        "as_of": rfc3339(as_of),
        "valid_until": rfc3339(as_of + VALID_FOR),
        "update_cadence_s": edition.cadence_s,
        "schema_version": SCHEMA_VERSION,
        "full": {"count": sum(part["count"] for part in full), "parts": full},
        "deltas": _deltas(edition, faults),
    }
    return {**manifest, "signature": signer.sign(manifest)}


def _as_of(edition: Edition, faults: Faults) -> datetime:
    age = VALID_FOR + timedelta(seconds=edition.cadence_s) if faults.stale else timedelta()
    return edition.as_of - age + timedelta(seconds=faults.clock_skew_s)


def _deltas(edition: Edition, faults: Faults) -> list[dict[str, Any]]:
    shown = edition.release.number
    return [
        {"from": start, "to": end, **_entry(archive, f"/delta/{start}-{end}", faults)}
        for (start, end), archive in edition.deltas.items()
        if end < shown or (end == shown and not faults.delta_gap)
    ]


def _entry(archive: Archive, path: str, faults: Faults) -> dict[str, Any]:
    wrong = archive.sha256[::-1]
    return {
        "url": FOREIGN_HOST + path if faults.foreign_host else path,
        "sha256": wrong if faults.wrong_hash else archive.sha256,
        "count": archive.count + (1 if faults.wrong_count else 0),
        "bytes": len(archive.content),
    }
