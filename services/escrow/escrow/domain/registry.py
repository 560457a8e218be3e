"""What the registry says of an institution, and what follows from it here.

| effect of an event | here |
|---|---|
| `freeze` | a charging and a payout freeze that carry the event's id; no new contracts |
| `no_collection` | no new contracts, and the reason why; payouts go on |
| `review` | nothing: a person decides |
| `restore_proposed`, `none` | new contracts again, once nothing is wrong any more |

The registry restores nothing that was frozen: a freeze ends when a person lifts it, and what a
person lifted does not come back by the same event. Refunds are open whatever it says.
A record that is missing, and what a stale source says, change nothing by themselves.
"""

from dataclasses import replace
from enum import StrEnum
from typing import Final

from escrow.domain.commands import HearRegistry, PlaceFreeze, RegisterInstitution
from escrow.domain.draft import Draft
from escrow.domain.freezes import place_freeze
from escrow.domain.institutions import tell_institution
from escrow.domain.outcomes import Accepted, Exists, Outcome
from escrow.domain.records import Standing, Word

REGISTRY: Final = "registry"
"""Who placed a protective freeze; and its authority, where the event names no source."""


class Effect(StrEnum):
    """What an event asks of the books."""

    freeze = "freeze"
    """Hold back payouts and new contracts until a person has looked."""

    no_collection = "no_collection"
    """Take no new contracts."""

    review = "review"
    """A person should look."""

    none = "none"
    """Nothing."""

    restore_proposed = "restore_proposed"
    """A person may lift what was frozen."""


TYPES: Final = (
    "institution.listed",
    "institution.changed",
    "licence.revoked",
    "licence.suspended",
    "licence.expired",
    "list.white.removed",
    "list.black.added",
    "list.black.removed",
    "institution.restored",
    "institution.missing",
)
"""The events that are understood, as the wire contract lists them."""

_MISSING: Final = "institution.missing"
_SOUND: Final = "normal"
_UNTOLD: Final = "unknown"
_STATUS_OF: Final = {
    "licence.revoked": "revoked",
    "licence.suspended": "suspended",
    "licence.expired": "expired",
    "institution.restored": _SOUND,
}
_WHITE_AFTER: Final = {"list.white.removed": False}
_BLACK_AFTER: Final = {"list.black.added": True, "list.black.removed": False}
_OBJECTION_TO: Final = {
    "revoked": "licence_revoked",
    "suspended": "licence_suspended",
    "expired": "licence_expired",
    "deregistered": "institution_deregistered",
    "transformed": "institution_transformed",
    "winding_down": "institution_winding_down",
}
"""Which status stands against new contracts, and the reason that is shown."""

_OF_LISTS: Final = frozenset({"black_listed", "not_white_listed"})
_OBJECTING: Final = frozenset({Effect.freeze, Effect.no_collection})
_CLEARING: Final = frozenset({Effect.none, Effect.restore_proposed})
_REASONS: Final = {
    "licence.revoked": "The registry says that the licence was revoked.",
    "list.black.added": "The registry says that the institution was put on the black list.",
}
_REASON: Final = "The registry asks for a protective freeze."
_EVIDENCE_SHOWN: Final = 16
"""Hexadecimal digits of the evidence's hash: enough to find it, short enough to read."""


def hear_registry(draft: Draft, command: HearRegistry) -> Outcome:
    """Take in one event, once; the outcome's state says what came of it."""
    before = draft.word(command.institution_id)
    if before is not None and command.sequence <= before.sequence:
        return Exists(state="repeated")
    if command.type == _MISSING:
        return Accepted(state="missing")
    word = draft.changes.words[command.institution_id] = _word(draft, command, before)
    standing = draft.standing(command.institution_id)
    if standing is None:
        return Accepted(state="remembered")
    standing.status, standing.objections = word.status, word.objections
    if standing.name is None:
        return Accepted(state="remembered")
    _describe(draft, standing, command)
    is_frozen = _asks_freeze(draft, command)
    if is_frozen:
        _freeze(draft, command)
    tell_institution(draft, standing)
    return Accepted(state="frozen" if is_frozen else _came_of(command, word))


def _came_of(command: HearRegistry, word: Word) -> str:
    if command.is_stale:
        return "stale"
    return "objected" if word.objections else "noted"


def _word(draft: Draft, command: HearRegistry, before: Word | None) -> Word:
    """Return all that is known once the event is heard: what it says, else what was said."""
    kind = command.type
    status = command.status or _STATUS_OF.get(kind)
    white = _first(command.white_listed, _WHITE_AFTER.get(kind))
    black = _first(command.black_listed, _BLACK_AFTER.get(kind))
    if before is not None:
        status = status or before.status
        white = _first(white, before.white_listed)
        black = _first(black, before.black_listed)
    word = Word(
        command.institution_id,
        command.sequence,
        command.event_id,
        kind,
        status or _UNTOLD,
        command.effect,
        white,
        black,
        command.is_stale,
        before.objections if before else (),
        draft.now,
    )
    return word if word.is_stale else replace(word, objections=_objections(word))


def _first(said: bool | None, known: bool | None) -> bool | None:  # noqa: FBT001 - what lists say
    return known if said is None else said


def _objections(word: Word) -> tuple[str, ...]:
    """Return why there may be no new contracts, once a source that is not stale has spoken.

    An event without effect never adds a reason; it takes away what is over.
    """
    against = _against(word)
    if word.effect in _OBJECTING:
        return against or ("registry_objects",)
    if word.effect in _CLEARING:
        is_sound = word.status == _SOUND
        return tuple(
            one for one in word.objections if one in against or not (is_sound or one in _OF_LISTS)
        )
    return tuple(word.objections)


def _against(word: Word) -> tuple[str, ...]:
    """Return what stands against new contracts, the gravest first."""
    found = ["black_listed"] if word.black_listed else []
    if word.status in _OBJECTION_TO:
        found.append(_OBJECTION_TO[word.status])
    if word.white_listed is False:
        found.append("not_white_listed")
    return tuple(found)


def _describe(draft: Draft, standing: Standing, command: HearRegistry) -> None:
    """Write the name and the district that the registry has; never the policy."""
    assert standing.name is not None, "only what is registered is described"
    name = command.name or standing.name
    district_code = command.district_code or standing.district_code
    if (name, district_code) == (standing.name, standing.district_code):
        return
    standing.name, standing.district_code = name, district_code
    described = RegisterInstitution(
        standing.institution_id,
        name,
        district_code,
        standing.category,
        standing.delivery,
        standing.policy,
    )
    draft.changes.registered.append(described)


def _asks_freeze(draft: Draft, command: HearRegistry) -> bool:
    """Tell whether an event asks for a freeze that it has not brought about before."""
    if command.effect != Effect.freeze or command.is_stale:
        return False
    placed = (*draft.book.freezes.values(), *draft.changes.freezes.values())
    event = (command.institution_id, command.event_id)
    return all((one.institution_id, one.registry_event_id) != event for one in placed)


def _freeze(draft: Draft, command: HearRegistry) -> None:
    """Hold back new contracts and payouts; everything else stays open."""
    for scope in ("charging", "payout"):
        place_freeze(
            draft,
            PlaceFreeze(
                command.institution_id,
                scope,
                _REASONS.get(command.type, _REASON),
                command.source or REGISTRY,
                _document_no(command),
                REGISTRY,
                command.event_id,
            ),
        )


def _document_no(command: HearRegistry) -> str:
    """Return what a person finds the registry's reasons by."""
    if command.document_no:
        return command.document_no
    if command.evidence_sha256:
        return f"sha256:{command.evidence_sha256[:_EVIDENCE_SHOWN]}"
    return command.event_id
