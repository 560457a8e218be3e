"""A case's history as a chain: each event carries the hash of the one before.

Whoever changes, drops or inserts an event breaks every hash after it, and whoever drops the last
ones contradicts the hash that the case itself remembers.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

GENESIS: Final = "0" * 64
"""What the first event of a case stands on."""


@dataclass(frozen=True, slots=True)
class Event:
    """One step of a case, as it is written and never rewritten."""

    institution_id: str
    case_id: UUID
    step_no: int
    """From 1, without gaps; the case's version after it."""
    at: datetime
    actor: str
    role: str
    step: str
    state_before: str | None
    state_after: str
    reason: str
    payload: Mapping[str, Any]
    """What JSON holds and nothing else: strings, whole numbers, lists, objects."""
    prev_hash: str
    hash: str = ""


def sealed(event: Event) -> Event:
    """Return an event with its hash."""
    return replace(event, hash=hash_of(event))


def hash_of(event: Event) -> str:
    """Return SHA-256 over the canonical JSON of an event: names sorted, no blanks, UTF-8."""
    said = {
        "institution_id": event.institution_id,
        "case_id": str(event.case_id),
        "step_no": event.step_no,
        "at": event.at.astimezone(UTC).isoformat(timespec="microseconds"),
        "actor": event.actor,
        "role": event.role,
        "step": event.step,
        "state_before": event.state_before,
        "state_after": event.state_after,
        "reason": event.reason,
        "payload": event.payload,
        "prev_hash": event.prev_hash,
    }
    text = json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def verify_chain(events: Iterable[Event], last_hash: str) -> int | None:
    """Return the number of the first step that is not as it was written; None where all is well.

    `last_hash` is what the case remembers: with it, steps dropped from the end are missed too.
    """
    before, number, state = GENESIS, 0, None
    for event in events:
        number += 1
        follows = (event.step_no, event.prev_hash) == (number, before)
        if not follows or event.state_before != state or event.hash != hash_of(event):
            return number
        before, state = event.hash, event.state_after
    return None if before == last_hash else number + 1
