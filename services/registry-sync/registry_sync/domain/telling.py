"""What to tell escrow and alerts of a change, and what it should come to.

| effect | escrow does |
|---|---|
| freeze | places a protective freeze at once; an officer confirms or lifts it |
| no_collection | takes no new contracts of the institution |
| review | nothing; an officer looks |
| restore_proposed | clears `no_collection`; what was frozen a person lifts |
| none | nothing |

Only an explicit word freezes: revoked or black-listed, by a source of rank 1, of a licence that
this very source had spoken of before, in a batch that passed the safeguards, and only where no
other site of the institution stands. Absence never does, and neither does a word that another
of its rank contradicts. A source that is late says nothing: what its manifest says once it is
over is refused (`sync/run.py`), so that no event is stale.
An event names the licence that turned, and who said so of it.
"""

from collections.abc import Collection, Container, Iterable
from dataclasses import dataclass
from typing import Any, Final

from registry_sync.domain.record import Key, speaks_ill
from registry_sync.domain.standing import TOP_RANK, Said, Site, View
from registry_sync.domain.words import CLOSED, Status

_SENTENCES: Final = {
    Status.revoked: "licence.revoked",
    Status.suspended: "licence.suspended",
    Status.expired: "licence.expired",
}
_GIVEN_UP: Final = frozenset({Status.deregistered, Status.transformed})
"""Statuses of a licence that no institution stands by any more."""

_TURNS: Final = {
    "licence.revoked": ("status", Status.revoked),
    "licence.suspended": ("status", Status.suspended),
    "licence.expired": ("status", Status.expired),
    "institution.restored": ("status", Status.normal),
    "list.black.added": ("black_listed", "yes"),
    "list.black.removed": ("black_listed", "no"),
    "list.white.removed": ("white_listed", "no"),
}
"""What turned, and to which word, of the site that an event is about."""


@dataclass(frozen=True, slots=True)
class Told:
    """One event for the feed: its type and its content."""

    type: str
    body: dict[str, Any]


def confirmed_of(said: Iterable[Said], known: Container[tuple[str, Key]]) -> frozenset[str]:
    """Return the licences of which one speaks ill now that may freeze and had spoken before.

    `known` are the sources and sites of earlier statements: a first list freezes nobody, though
    another source of its rank knows the licence.
    """
    return frozenset(
        one.key[1]
        for one in said
        if one.rank == TOP_RANK and speaks_ill(one.values) and (one.source, one.key) in known
    )


def tell(before: View | None, after: View, confirmed: Collection[str] = ()) -> list[Told]:
    """Return the events of one institution's change, the gravest first.

    `confirmed` are the licences that may freeze, see `confirmed_of`.
    """
    if before == after:
        return []
    types = _types(before, after)
    effects = [_effect(kind, before, after, confirmed) for kind in types]
    if _has_closed(before, after) and not {"freeze", "no_collection"}.intersection(effects):
        effects[0] = "no_collection"  # its last good licence went by a word that does not freeze
    return [_told(kind, before, after, effect) for kind, effect in zip(types, effects, strict=True)]


def _has_closed(before: View | None, after: View) -> bool:
    was_open = before is not None and before.status not in CLOSED
    return was_open and after.status in CLOSED


def tell_missing(view: View) -> Told:
    """Return the event of an institution that the source has left out for days."""
    return _told("institution.missing", view, view, "review")


def _types(before: View | None, after: View) -> list[str]:
    types = []
    was = before.status if before else None
    if before and _site_revoked(before, after):
        types.append("licence.revoked")
    if after.status != was and (sentence := _SENTENCES.get(Status(after.status))):
        types = list(dict.fromkeys([*types, sentence]))
    if after.black_listed and not (before and before.black_listed):
        types.append("list.black.added")
    if before and before.black_listed and not after.black_listed:
        types.append("list.black.removed")
    if before and before.white_listed and after.white_listed is False:
        types.append("list.white.removed")
    if before and after.status == Status.normal != before.status:
        types.append("institution.restored")
    if before is None:
        types.insert(0, "institution.listed")
    return types or ["institution.changed"]


def _site_revoked(before: View, after: View) -> bool:
    """Tell whether a licence was revoked of an institution that stands by another one."""
    known = {one.licence_no: one.values["status"] for one in before.sites}
    return any(
        one.values["status"] == Status.revoked and known.get(one.licence_no) != Status.revoked
        for one in after.sites
    )


def _effect(kind: str, before: View | None, after: View, confirmed: Collection[str]) -> str:
    match kind:
        case "licence.revoked" | "list.black.added":
            may = before is not None and _may_freeze(after, confirmed)
            return "freeze" if may else "review"
        case "licence.suspended" | "licence.expired" | "list.white.removed":
            return "no_collection"
        case "institution.restored":
            return "restore_proposed"
        case "institution.changed" | "institution.listed" if after.status in CLOSED:
            return "no_collection"
        case _:
            return "none"


def _may_freeze(after: View, confirmed: Collection[str]) -> bool:
    """Tell whether a word is explicit, doubly keyed, of the top source, and of all its sites."""
    speaking = [one for one in after.sites if _speaks(one)]
    standing = [one for one in speaking if one.values["status"] not in _GIVEN_UP]
    speaking = standing or speaking
    return bool(speaking) and all(_is_explicit(one, confirmed) for one in speaking)


def _speaks(site: Site) -> bool:
    """Tell whether an institution may stand by a site; not by a mere entry on a bureau's list."""
    return site.rank == TOP_RANK or site.values["status"] != Status.unknown


def _is_explicit(site: Site, confirmed: Collection[str]) -> bool:
    is_revoked = (
        site.values["status"] == Status.revoked
        and site.rank == TOP_RANK
        and "status" not in site.conflicts
    )
    is_black = (
        site.values["black_listed"] == "yes"
        and site.black_rank == TOP_RANK
        and "black_listed" not in site.conflicts
    )
    is_keyed = bool(site.licence_no) and site.licence_no in confirmed
    return is_keyed and (is_revoked or is_black)


def _site_of(kind: str, before: View | None, after: View) -> Site:
    """Return the site that an event is about: the one that turned, else one that changed."""
    known = {one.licence_no: one for one in before.sites} if before else {}
    changed = [one for one in after.sites if known.get(one.licence_no) != one]
    name, word = _TURNS.get(kind, ("", ""))
    turned = [
        one
        for one in changed
        if name
        and one.values[name] == word
        and ((was := known.get(one.licence_no)) is None or was.values[name] != word)
    ]
    return [*turned, *changed, *after.sites][0]


def _told(kind: str, before: View | None, after: View, effect: str) -> Told:
    site = _site_of(kind, before, after)
    body = {
        "status": after.status,
        "status_before": before.status if before else None,
        "effect": effect,
        "source": site.source,
        "rank": site.rank,
        "licence_no": site.licence_no,
        "licence_class": after.licence_class,
        "document_no": f"{site.source}:{site.evidence[:16]}",
        "evidence_sha256": site.evidence,
        "since": site.since,
        "stale": False,
        "white_listed": after.white_listed,
        "black_listed": after.black_listed,
        "name": after.name,
        "district_code": after.district_code,
        "category": after.category,
        "delivery": after.delivery,
        "valid_until": after.valid_until,
        "conflicts": list(after.conflicts),
    }
    return Told(kind, body)
