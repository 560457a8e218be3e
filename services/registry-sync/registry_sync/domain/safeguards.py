"""What of a batch may act, and what waits for two persons.

Additions, changes and restorations go on while revocations are held; absences are held apart.
Thresholds are presets of `design`, not law: every source may have its own.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from registry_sync.domain.changes import Changes, Held, is_closing
from registry_sync.domain.identity import resembles
from registry_sync.domain.record import FIELDS, Key, Record
from registry_sync.domain.words import CLOSED, HoldReason, Status

WHOLE_BPS: Final = 10_000
_NOT_REQUIRED: Final = frozenset({"address"})

NAMED: Final = frozenset({HoldReason.schema_drift, HoldReason.fill_rate})
"""Reasons whose detail names what people decide on: other columns are another question."""

COLUMNS_SHOWN: Final = 10
"""Unknown columns named to those who decide."""

DISTRICT: Final = 6
"""Digits of a county's division code: what one bureau supervises."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much may change at once before people look; one hundredth of a percent is 1 bps."""

    shrink_bps: int = 200
    shrink_of_bureau: int = 20
    # Closings that are no revocations are measured by the same.
    revoked_min: int = 5
    revoked_bps: int = 50
    revoked_of_bureau: int = 10
    revoked_of_bureau_bps: int = 1_000
    fill_drop_bps: int = 500
    jump_max: int = 1_000
    toggles_max: int = 3
    ahead_max: timedelta = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Batch:
    """What is known of a batch when it is judged."""

    is_full: bool
    count: int
    """Rows it held, those set aside included."""

    changes: Changes
    held: Mapping[Key, Held]
    version: int | None = None
    version_before: int | None = None
    as_of: datetime | None = None
    now: datetime | None = None
    unknown_columns: Collection[str] = ()
    fill_bps: Mapping[str, int] = field(default_factory=dict)
    """Of each field, the share of sites that state it once the batch acts."""
    fill_before_bps: Mapping[str, int] = field(default_factory=dict)
    """The medians of the last runs."""
    toggles: Mapping[str, int] = field(default_factory=dict)
    """Times of the last week that a status or a black list turned, by institution."""
    revoked_lately: Collection[Key] = frozenset()
    """Sites revoked within a day that nobody had to look at."""


@dataclass(frozen=True, slots=True)
class Release:
    """What two persons let through: the sites they saw, and no more than so many changes."""

    ceiling: int
    keys: frozenset[Key] = frozenset()
    detail: str = ""
    """Which columns or fields they saw."""

    def lets(self, reason: HoldReason, size: int, detail: str) -> bool:
        """Tell whether a doubt about a whole batch is one that people saw."""
        return size <= self.ceiling and (reason not in NAMED or self.detail == detail)


@dataclass(frozen=True, slots=True)
class Withheld:
    """One thing that waits: why, how many changes, of which sites."""

    reason: HoldReason
    count: int
    keys: tuple[Key, ...] = ()
    detail: str = ""

    def is_covered(self, release: Release, detail: str) -> bool:
        """Tell whether people who look at an earlier hold have all of this before them."""
        if self.count > release.ceiling or not release.keys.issuperset(self.keys):
            return False
        return self.reason not in NAMED or self.detail == detail

    @property
    def is_whole(self) -> bool:
        """Whether nothing of the batch may act meanwhile."""
        return self.reason in WHOLE


@dataclass(slots=True)
class Judgement:
    """What acts now, and what waits."""

    records: list[Record] = field(default_factory=list)
    missing: list[Key] = field(default_factory=list)
    seen_again: list[Key] = field(default_factory=list)
    withheld: list[Withheld] = field(default_factory=list)
    released: set[HoldReason] = field(default_factory=set)
    """Holds that this batch made good: what was approved of them acts now."""

    @property
    def is_whole(self) -> bool:
        """Whether nothing of the batch acts."""
        return any(one.is_whole for one in self.withheld)


WHOLE: Final = frozenset(
    {
        HoldReason.empty,
        HoldReason.fast_forward,
        HoldReason.clock,
        HoldReason.schema_drift,
        HoldReason.fill_rate,
    }
)
"""Reasons that concern the batch as such."""


def judge(
    batch: Batch, limits: Limits, released: Mapping[HoldReason, Release] | None = None
) -> Judgement:
    """Return what of a batch acts and what waits for two persons."""
    released = released or {}
    judgement = Judgement()
    for reason, detail in _doubts(batch, limits):
        size = _size(batch)
        release = released.get(reason)
        if release is not None and release.lets(reason, size, detail):
            judgement.released.add(reason)
        else:
            judgement.withheld.append(Withheld(reason, size, detail=detail))
    if judgement.withheld:
        return judgement
    _let_records(judgement, batch, limits, released)
    _let_missing(judgement, batch, limits, released)
    judgement.seen_again = batch.changes.seen_again
    return judgement


def fill_of(records: Iterable[Record], held: Mapping[Key, Held]) -> dict[str, int]:
    """Return of each field the share of sites that state it, in basis points.

    `held` are the sites that stay as they are but for what the records say: none in a full
    batch, all in a delta.
    """
    stated = Counter(one.stated for one in held.values())
    for record in records:
        if before := held.get(record.key):
            stated[before.stated] -= 1
        stated[record.stated] += 1
    total = stated.total()
    if not total:
        return {}
    return {
        name: WHOLE_BPS * sum(n for one, n in stated.items() if one >> place & 1) // total
        for place, name in enumerate(FIELDS)
        if name not in _NOT_REQUIRED
    }


def _size(batch: Batch) -> int:
    changes = batch.changes
    return len(changes.records) + len(changes.missing)


def _doubts(batch: Batch, limits: Limits) -> Iterable[tuple[HoldReason, str]]:
    """Name every reason to believe nothing of a batch before people looked at it."""
    if batch.is_full and batch.count == 0 and batch.held:
        yield HoldReason.empty, f"0 rows, {len(batch.held)} are held"
    if batch.unknown_columns:
        yield HoldReason.schema_drift, _named(sorted(batch.unknown_columns))
    if batch.version is not None and batch.version_before is not None:
        jump = batch.version - batch.version_before
        if jump > limits.jump_max:
            yield HoldReason.fast_forward, f"{jump} versions at once"
    if batch.as_of is not None and batch.now is not None:
        ahead = batch.as_of - batch.now
        if ahead > limits.ahead_max:
            yield HoldReason.clock, f"{int(ahead.total_seconds())} s ahead of our clock"
    poorer = [
        name
        for name, before in batch.fill_before_bps.items()
        if batch.count and batch.fill_bps.get(name, 0) < before - limits.fill_drop_bps
    ]
    if poorer:
        yield HoldReason.fill_rate, ", ".join(sorted(poorer))


def _named(columns: list[str]) -> str:
    more = len(columns) - COLUMNS_SHOWN
    shown = ", ".join(columns[:COLUMNS_SHOWN])
    return f"unknown columns: {shown}, and {more} more" if more > 0 else f"unknown columns: {shown}"


def _let_records(
    judgement: Judgement, batch: Batch, limits: Limits, released: Mapping[HoldReason, Release]
) -> None:
    """Let additions, changes and restorations act; revocations and closings unless too many.

    A name that has nothing of the old one waits; a revocation under both keys does not.
    """
    changes = batch.changes
    flapping = {name for name, times in batch.toggles.items() if times >= limits.toggles_max}
    acting = [*changes.added]
    changed = [*changes.modified, *changes.restored]
    renamed = [one for one in changed if _is_renamed(one, batch.held)]
    known = [one for one in changed if not _is_renamed(one, batch.held)]
    changed = [*known, *_approved(judgement, HoldReason.renamed, renamed, released)]
    closing = [one for one in changed if _closes(one, batch.held)]
    acting += [one for one in changed if not _closes(one, batch.held)]
    if _is_mass_closing(batch, closing, limits):
        acting += _approved(judgement, HoldReason.mass_closing, closing, released)
    else:
        acting += closing
    if _is_mass_revocation(batch, limits):
        acting += _approved(judgement, HoldReason.mass_revocation, changes.revoked, released)
    else:
        acting += changes.revoked
    steady = [one for one in acting if not _flaps(one, flapping, batch.held)]
    restless = [one for one in acting if _flaps(one, flapping, batch.held)]
    judgement.records = [
        *steady,
        *_approved(judgement, HoldReason.flapping, restless, released),
    ]


def _is_renamed(record: Record, held: Mapping[Key, Held]) -> bool:
    """Tell whether a name has nothing of the old one: renamed, or another's row."""
    before = held.get(record.key)
    return before is not None and not resembles(before.name, record.get("name") or "")


def _flaps(record: Record, flapping: Collection[str], held: Mapping[Key, Held]) -> bool:
    """Tell whether a record turns the status of an institution once more that keeps turning."""
    before = held.get(record.key)
    if before is None or record.institution_id not in flapping:
        return False
    says = (record.get("status") or "", record.get("black_listed") == "yes")
    return (before.status, before.black_listed) != says


def _approved(
    judgement: Judgement,
    reason: HoldReason,
    records: list[Record],
    released: Mapping[HoldReason, Release],
) -> list[Record]:
    """Return the records that people saw and let through; hold the rest again."""
    if not records:
        return []
    release = released.get(reason)
    seen = release.keys if release else frozenset()
    let = [one for one in records if one.key in seen][: release.ceiling if release else 0]
    if let:
        judgement.released.add(reason)
    passed = {one.key for one in let}
    rest = [one.key for one in records if one.key not in passed]
    if rest:
        judgement.withheld.append(Withheld(reason, len(rest), tuple(rest)))
    return let


def _closes(record: Record, held: Mapping[Key, Held]) -> bool:
    before = held.get(record.key)
    return before is not None and is_closing(before, record)


def _is_mass_revocation(batch: Batch, limits: Limits) -> bool:
    """Tell whether more is revoked than an ordinary day sees, at once or drop by drop."""
    if not batch.changes.revoked:
        return False
    lately = {key for key in batch.revoked_lately if key in batch.held}
    active = {key for key, one in batch.held.items() if one.status != Status.revoked}
    gone = {one.key for one in batch.changes.revoked} | lately
    return _is_mass(gone, [batch.held[key] for key in active | lately], batch.held, limits)


def _is_mass_closing(batch: Batch, closing: Collection[Record], limits: Limits) -> bool:
    """Tell whether more close than an ordinary batch says, of those that stand."""
    if not closing:
        return False
    gone = {one.key for one in closing}
    shut = {Status.revoked, *CLOSED}
    standing = [one for key, one in batch.held.items() if one.status not in shut or key in gone]
    return _is_mass(gone, standing, batch.held, limits)


def _is_mass(
    gone: Collection[Key], of: Collection[Held], held: Mapping[Key, Held], limits: Limits
) -> bool:
    """Tell whether too many go of all that are meant, or of those of one bureau."""
    share = limits.revoked_bps * len(of) // WHOLE_BPS
    if len(gone) > max(limits.revoked_min, share):
        return True
    bureaus = Counter(one.district_code[:DISTRICT] for one in of)
    return any(
        number > limits.revoked_of_bureau
        and WHOLE_BPS * number > limits.revoked_of_bureau_bps * bureaus[bureau]
        for bureau, number in Counter(held[key].district_code[:DISTRICT] for key in gone).items()
    )


def _let_missing(
    judgement: Judgement, batch: Batch, limits: Limits, released: Mapping[HoldReason, Release]
) -> None:
    """Count what a full batch leaves out, unless it leaves out too much."""
    missing = batch.changes.missing
    newly = [key for key in missing if not batch.held[key].missing_fulls]
    shrunk = WHOLE_BPS * len(newly) > limits.shrink_bps * len(batch.held)
    by_bureau = Counter(batch.held[key].district_code[:DISTRICT] for key in newly)
    if not shrunk and max(by_bureau.values(), default=0) <= limits.shrink_of_bureau:
        judgement.missing = missing
        return
    if HoldReason.empty in judgement.released:
        judgement.missing = missing  # that nobody is listed is what two persons let through
        return
    release = released.get(HoldReason.shrink)
    seen = release.keys if release else frozenset()
    let = [key for key in newly if key in seen][: release.ceiling if release else 0]
    passed = {*let, *(key for key in missing if batch.held[key].missing_fulls)}
    judgement.missing = [key for key in missing if key in passed]
    if let:
        judgement.released.add(HoldReason.shrink)
    rest = tuple(key for key in missing if key not in passed)
    if rest:
        judgement.withheld.append(Withheld(HoldReason.shrink, len(rest), rest))
