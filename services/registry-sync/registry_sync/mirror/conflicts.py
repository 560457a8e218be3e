"""Words of one rank that differ: what was believed stays, and two persons may let one through.

A conflict is held by the source that brought it, when it brings it, and again for as long as
nobody decided. A refusal leaves it as it is until the source says something else; an approval
lets the source's word be believed, and that a conflict remains is shown and never freezes.
"""

from collections.abc import Mapping
from dataclasses import replace

from registry_sync.domain.record import Key
from registry_sync.domain.safeguards import Release, Withheld
from registry_sync.domain.words import HoldReason
from registry_sync.mirror import applying, holding
from registry_sync.mirror.chunk import Source
from shared.pg.database import LedgerConnection


async def settle(
    tx: LedgerConnection,
    source: Source,
    brought: set[Key],
    released: Mapping[HoldReason, Release],
) -> Withheld | None:
    """Let through what two persons decided; return what of the source is not believed."""
    waiting = await holding.read_waiting(tx, source.name, HoldReason.conflict)
    found = set(brought)
    if waiting:
        release = released.get(HoldReason.conflict)
        let = frozenset((source.name, key) for key in release.keys) if release else frozenset()
        seen = {name for name, _ in waiting}
        came = await applying.look_again(tx, replace(source, settled=let), sorted(seen))
        found = {key for key in found if key[0] not in seen}
        found |= came.contradicted & (waiting | brought)
    if not found:
        return None
    keys = tuple(sorted(found))
    return Withheld(HoldReason.conflict, len(keys), keys, "another source of the rank differs")
