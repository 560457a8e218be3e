"""What to tell escrow and alerts of a change, and what it should come to.

| effect | escrow does |
|---|---|
| freeze | places a protective freeze at once; an officer confirms or lifts it |
| no_collection | takes no new contracts of the institution |
| review | nothing; an officer looks |
| restore_proposed | clears `no_collection`; what was frozen a person lifts |
| none | nothing |

Only an explicit word freezes: revoked or black-listed, by the source of rank 1, of a licence
that this source had confirmed before, in a batch that passed the safeguards, from a source that
is not stale, and only where no other site of the institution stands. Absence never does.
"""

from dataclasses import dataclass
from typing import Any, Final

from registry_sync.domain.standing import Site, View
from registry_sync.domain.words import Status

TOP_RANK: Final = 1

_SENTENCES: Final = {
    Status.revoked: "licence.revoked",
    Status.suspended: "licence.suspended",
    Status.expired: "licence.expired",
}
_CLOSED_TO_PUPILS: Final = frozenset(
    {
        Status.suspended,
        Status.expired,
        Status.winding_down,
        Status.deregistered,
        Status.transformed,
    }
)
"""Statuses under which no new money may be collected."""


@dataclass(frozen=True, slots=True)
class Told:
    """One event for the feed: its type and its content."""

    type: str
    body: dict[str, Any]


def tell(before: View | None, after: View, *, is_stale: bool) -> list[Told]:
    """Return the events of one institution's change, the gravest first."""
    if before == after:
        return []
    types = _types(before, after)
    return [
        Told(kind, _body(before, after, _effect(kind, before, after, is_stale=is_stale), is_stale))
        for kind in types
    ]


def tell_missing(view: View, *, is_stale: bool) -> Told:
    """Return the event of an institution that the source has left out for days."""
    return Told("institution.missing", _body(view, view, "review", is_stale))


def _types(before: View | None, after: View) -> list[str]:
    types = []
    was = before.status if before else None
    if after.status != was and after.status in _SENTENCES:
        types.append(_SENTENCES[Status(after.status)])
    elif before and _site_revoked(before, after):
        types.append("licence.revoked")
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


def _effect(kind: str, before: View | None, after: View, *, is_stale: bool) -> str:
    match kind:
        case "licence.revoked" | "list.black.added":
            may = not is_stale and before is not None and _may_freeze(before, after)
            return "freeze" if may else "review"
        case "licence.suspended" | "licence.expired" | "list.white.removed":
            return "no_collection"
        case "institution.restored":
            return "restore_proposed"
        case "institution.changed" | "institution.listed" if after.status in _CLOSED_TO_PUPILS:
            return "no_collection"
        case _:
            return "none"


def _may_freeze(before: View, after: View) -> bool:
    """Tell whether a word is explicit, doubly keyed, of the top source, and of all its sites."""
    confirmed = {one.licence_no for one in before.sites if one.rank == TOP_RANK}
    return all(_is_explicit(one, confirmed) for one in after.sites)


def _is_explicit(site: Site, confirmed: set[str]) -> bool:
    says = site.values["status"] == Status.revoked or site.values["black_listed"] == "yes"
    is_keyed = bool(site.licence_no) and site.licence_no in confirmed
    return says and is_keyed and site.rank == TOP_RANK and "status" not in site.conflicts


def _body(before: View | None, after: View, effect: str, is_stale: bool) -> dict[str, Any]:  # noqa: FBT001
    first = after.sites[0]
    return {
        "status": after.status,
        "status_before": before.status if before else None,
        "effect": effect,
        "source": after.source,
        "rank": after.rank,
        "licence_no": first.licence_no,
        "licence_class": after.licence_class,
        "document_no": f"{after.source}:{first.evidence[:16]}",
        "evidence_sha256": first.evidence,
        "since": first.since,
        "stale": is_stale,
        "white_listed": after.white_listed,
        "black_listed": after.black_listed,
        "name": after.name,
        "district_code": after.district_code,
        "category": after.category,
        "delivery": after.delivery,
        "valid_until": after.valid_until,
        "conflicts": list(after.conflicts),
    }
