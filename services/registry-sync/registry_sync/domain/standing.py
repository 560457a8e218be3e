"""How an institution stands, from everything that every source says of its sites.

Sources have ranks; the best rank (the smallest number) that says something of a field is
believed. Where two of the same rank differ nobody is: what was believed stays, and the field
is named as in conflict. The last writer never wins; two persons may let its word through.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import date
from typing import Any, Final

from registry_sync.domain.record import FIELDS, Key
from registry_sync.domain.words import LicenceClass, Status

TOP_RANK: Final = 1
"""Of the source that is believed first, the only one whose word freezes."""

_GRAVITY: Final = {status: place for place, status in enumerate(Status)}
"""From `normal` to `unknown`: an institution stands as well as the best of its sites."""

_BLACK: Final = FIELDS.index("black_listed")
_STATUS: Final = FIELDS.index("status")
_OWN: Final = frozenset({"name", "district_code", "category", "delivery", "address"})


@dataclass(frozen=True, slots=True)
class Said:
    """What one source says of one site now."""

    source: str
    rank: int
    key: Key
    values: tuple[str | None, ...]
    since: date | None = None
    evidence: str = ""
    """The hash of the file it stood in."""

    is_missing: bool = False
    """Left out by the last full batches: still counted, never against the institution."""


@dataclass(frozen=True, slots=True)
class Site:
    """One licence of an institution, as it is believed to stand."""

    licence_no: str
    values: dict[str, str | None]
    source: str
    """Who is believed on its status."""

    rank: int
    since: str | None
    evidence: str
    conflicts: tuple[str, ...] = ()
    black_rank: int | None = None
    """Of who is believed on the black list: another source, perhaps, than on the status."""


@dataclass(frozen=True, slots=True)
class View:
    """An institution as it is believed to stand; what the look-up shows and escrow hears."""

    institution_id: str
    name: str | None
    district_code: str | None
    category: str | None
    delivery: str | None
    address: str | None
    status: str
    licence_class: str
    valid_until: str | None
    white_listed: bool | None
    black_listed: bool
    source: str
    rank: int
    sites: tuple[Site, ...]
    conflicts: tuple[str, ...] = ()

    @property
    def ends_on(self) -> str | None:
        """Return the day that ends the first of its sites in good standing."""
        ends = [one.values["valid_until"] for one in self.sites if one.values["status"] == "normal"]
        return min((one for one in ends if one is not None), default=None)

    def body(self) -> dict[str, Any]:
        """Return it as JSON is made of it."""
        said = {name: getattr(self, name) for name in _VIEW}
        said["sites"] = [{name: getattr(one, name) for name in _SITE} for one in self.sites]
        return said


_VIEW: Final = tuple(one.name for one in fields(View))
_SITE: Final = tuple(one.name for one in fields(Site))


def view_of(body: Mapping[str, Any]) -> View:
    """Return the view that `View.body` made."""
    sites = tuple(Site(**{**one, "conflicts": tuple(one["conflicts"])}) for one in body["sites"])
    return View(**{**body, "sites": sites, "conflicts": tuple(body["conflicts"])})


def resolve(
    institution_id: str,
    said: Iterable[Said],
    day: date,
    before: View | None = None,
    settled: Collection[tuple[str, Key]] = (),
) -> View:
    """Return how an institution stands on a day, from all that is said of it (at least once).

    `settled` are the words, by source and site, that two persons let through though others of
    the same rank say otherwise.
    """
    by_licence: dict[str, list[Said]] = {}
    for one in said:
        by_licence.setdefault(one.key[1], []).append(one)
    known = {one.licence_no: one for one in before.sites} if before else {}
    sites = tuple(
        _site(found, day, known.get(licence_no), settled)
        for licence_no, found in sorted(by_licence.items())
    )
    best = min(sites, key=lambda one: (_gravity(one), one.rank, one.licence_no))
    values = best.values
    return View(
        institution_id,
        **{name: values[name] for name in FIELDS if name in _OWN},
        status=values["status"] or Status.unknown,
        licence_class=_class(sites),
        valid_until=values["valid_until"],
        white_listed=_listed(sites, "white_listed"),
        black_listed=any(one.values["black_listed"] == "yes" for one in sites),
        source=best.source,
        rank=best.rank,
        sites=sites,
        conflicts=tuple(sorted({name for one in sites for name in one.conflicts})),
    )


def contradicted_of(view: View, said: Iterable[Said]) -> set[tuple[str, Key]]:
    """Return whose words on which sites are not believed, for another of their rank differs."""
    known = {one.licence_no: one for one in view.sites if one.conflicts}
    found = set()
    by_licence: dict[str, list[Said]] = {}
    for one in said:
        by_licence.setdefault(one.key[1], []).append(one)
    for licence_no, site in known.items():
        for name in site.conflicts:
            value = site.values[name]
            leading = _leading(by_licence.get(licence_no, []), FIELDS.index(name))
            found |= {(one.source, one.key) for one, word in leading if word != value}
    return found


def _gravity(site: Site) -> float:
    """Return how badly a site stands; a word of the first source's that nobody knows is no 吊销."""
    status = Status(site.values["status"] or Status.unknown)
    if status == Status.unknown and site.rank == TOP_RANK:
        return _GRAVITY[Status.revoked] - 0.5
    return _GRAVITY[status]


def _site(
    found: list[Said], day: date, before: Site | None, settled: Collection[tuple[str, Key]]
) -> Site:
    values, conflicts = _believed(found, before, settled)
    if values["status"] is None:
        values["status"] = Status.unknown
    if values["status"] == Status.normal and _has_ended(values["valid_until"], day):
        values["status"] = Status.expired
    who = min(found, key=lambda one: (one.values[_STATUS] is None, one.rank, one.source))
    return Site(
        found[0].key[1],
        values,
        who.source,
        who.rank,
        who.since.isoformat() if who.since else None,
        who.evidence,
        conflicts,
        min((one.rank for one in found if one.values[_BLACK] is not None), default=None),
    )


def _believed(
    found: list[Said], before: Site | None, settled: Collection[tuple[str, Key]]
) -> tuple[dict[str, str | None], tuple[str, ...]]:
    """Return what is believed of a site, field by field, and the fields in conflict."""
    if len(found) == 1:  # of most sites one source alone speaks, and it contradicts nobody
        return dict(zip(FIELDS, found[0].values, strict=True)), ()
    values: dict[str, str | None] = {}
    conflicts = []
    for place, name in enumerate(FIELDS):
        leading = _leading(found, place)
        words: set[str | None] = {word for _, word in leading}
        if len(words) > 1:
            conflicts.append(name)
            let: set[str | None] = {
                word for one, word in leading if (one.source, one.key) in settled
            }
            words = let if len(let) == 1 else {before.values[name] if before else None}
        values[name] = words.pop() if words else None
    return values, tuple(conflicts)


def _leading(said: Iterable[Said], place: int) -> list[tuple[Said, str]]:
    """Return those of the best rank that say something of a field, each with its word."""
    stated = [(one, word) for one in said if (word := one.values[place]) is not None]
    best = min((one.rank for one, _ in stated), default=None)
    return [(one, word) for one, word in stated if one.rank == best]


def _has_ended(valid_until: str | None, day: date) -> bool:
    return valid_until is not None and valid_until < day.isoformat()


def _class(sites: tuple[Site, ...]) -> str:
    """Return the class of licence and registration (有证有照 ... 无证无照)."""
    licensed = any(one.values["licensed"] == "yes" for one in sites)
    registered = any(one.values["registered"] == "yes" for one in sites)
    match licensed, registered:
        case True, True:
            return LicenceClass.both
        case True, False:
            return LicenceClass.licence_only
        case False, True:
            return LicenceClass.registration_only
        case _:
            return LicenceClass.neither


def _listed(sites: tuple[Site, ...], name: str) -> bool | None:
    """Return whether any site is on a list; None where no source keeps one."""
    stated = {one.values[name] for one in sites} - {None}
    return "yes" in stated if stated else None
