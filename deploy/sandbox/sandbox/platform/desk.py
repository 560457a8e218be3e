"""The platform's working day: take changes, publish versions, show them as the switches say."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import Any

from sandbox.journal import Journal
from sandbox.platform import past
from sandbox.platform.faults import Dice, Faults
from sandbox.platform.founding import sites
from sandbox.platform.listings import Listing
from sandbox.platform.manifest import Edition, write_manifest
from sandbox.platform.register import Register
from sandbox.platform.releases import Archive, Press, Release, bomb
from sandbox.platform.signing import Signer
from sandbox.platform.spoiling import spoiled
from shared.time import business_day, wall_clock

FIRST_VERSION = 17
"""High enough that there is a version before the first."""


@dataclass(frozen=True, slots=True)
class PlatformOptions:
    """How a platform is set up."""

    institutions: int = 5_000
    """Made-up sites, besides those that are given."""
    seed: int = 7
    include: Sequence[Mapping[str, Any]] = ()
    """Institutions that must be listed, in the platform's words; they stand before the others."""
    opened_on: date | None = None
    """The day on which the register stands as it was founded; without one, today."""
    update_cadence_s: int = 3_600
    clock_offset_s: int = 0
    faults: Faults = field(default_factory=Faults)
    journal: Path | None = None
    """Where it remembers changes and versions; what was founded there before goes on."""
    after_version: int = 0
    """A version that readers know already, whatever the journal says."""


class Platform:
    """Register, press and fault switches of one platform; built when it is first asked."""

    def __init__(self, options: PlatformOptions) -> None:
        """Remember how it is set up, and what was before; what must be listed has to make sense."""
        self._included = [Listing.model_validate(given) for given in options.include]
        self._journal = Journal(options.journal)
        self._past = past.recall(self._journal)
        self.options = options = replace(options, **(self._past.founding or {}))
        self.dice = Dice(options.faults)
        self.clock_offset_s = options.clock_offset_s
        self.signer = Signer(f"platform:{options.seed}")
        self._forger = Signer(f"forger:{options.seed}")
        self._flaps = 1 if options.faults.flap else 0
        self._as_of = self.now()

    @cached_property
    def register(self) -> Register:
        """Return the register, founded on first use, with everything that changed since."""
        options = self.options
        today = options.opened_on or self.today()
        if self._past.founding is None:
            given = (options.seed, options.institutions, options.include)
            past.note_founding(self._journal, *given, today)
        founded = (Listing.model_validate(given).whole(today) for given in options.include)
        register = Register(chain(founded, sites(options.seed, options.institutions, today)))
        for day, listings in self._past.changes:
            register.change(listings, day)
        self._enter_missing(register)
        return register

    @cached_property
    def press(self) -> Press:
        """Return the press, with its first version printed on first use.

        After a restart that is a version of its own, without a delta to it: readers fetch the
        whole list, so nothing depends on how the last version came about.
        """
        known = max(self._past.version, self.options.after_version, FIRST_VERSION - 1)
        press = Press(known + 1, self._listed())
        self._journal.write("published", version=press.current.number)
        return press

    def now(self) -> datetime:
        """Return the platform's time: the machine's, moved with the sandbox's clock."""
        moved = wall_clock() + timedelta(seconds=self.clock_offset_s)
        return moved.replace(microsecond=0)

    def today(self) -> date:
        """Return the platform's day."""
        return business_day(self.now())

    def change(self, listings: Sequence[Listing]) -> int:
        """Change and enter sites, publish at once, and return how many were entered."""
        self._open()
        entered = self.register.change(listings, self.today())
        past.note_change(self._journal, listings, self.today())
        self.publish()
        return entered

    def publish(self) -> int:
        """Print the next version, changed or not; a stale platform prints none."""
        self._open()
        faults = self.dice.faults
        if not faults.stale:
            self._flaps = self._flaps + 1 if faults.flap else 0
            self._print(self._listed())
        return self.press.current.number

    def turn(self, faults: Faults) -> None:
        """Turn the switches; what they change in the list is published at once."""
        self._open()
        self._flaps = (self._flaps or 1) if faults.flap else 0
        self.dice.set(faults)
        listed = self._listed()
        if not faults.stale and self.press.is_news(listed):
            self._print(listed)

    def manifest(self) -> bytes:
        """Return the manifest as it is served; it is stamped anew once per cadence."""
        faults, release = self.dice.faults, self.shown()
        cadence_s = self.options.update_cadence_s
        if not faults.stale and self.now() - self._as_of >= timedelta(seconds=cadence_s):
            self._as_of = self.now()
        deltas = self.press.deltas
        if faults.bomb:
            release = replace(release, parts=tuple(bomb(p.count) for p in release.parts))
            deltas = {span: bomb(delta.count) for span, delta in deltas.items()}
        edition = Edition(release, deltas, self._as_of, cadence_s)
        signer = self._forger if faults.wrong_signature else self.signer
        return json.dumps(write_manifest(edition, faults, signer), ensure_ascii=False).encode()

    def shown(self) -> Release:
        """Return the version that the manifest speaks of: an older one, or one ahead of time."""
        faults, current = self.dice.faults, self.press.current
        if faults.rollback:
            number = max(1, current.number - faults.rollback)
            return self.press.releases.get(number) or replace(current, number=number)
        return replace(current, number=current.number + faults.fast_forward)

    def part(self, number: int, place: int) -> Archive | None:
        """Return a part of a version, or None where it is not kept."""
        shown = self.shown()
        release = shown if shown.number == number else self.press.releases.get(number)
        if release is None or place >= len(release.parts):
            return None
        return self._bombed(release.parts[place])

    def delta(self, start: int, end: int) -> Archive | None:
        """Return a delta, or None where it is not kept."""
        found = self.press.deltas.get((start, end))
        return None if found is None else self._bombed(found)

    def _print(self, listed: Sequence[bytes]) -> None:
        release = self.press.publish(listed)
        self._journal.write("published", version=release.number)
        self._as_of = self.now()

    def _enter_missing(self, register: Register) -> None:
        """Enter what must be listed by now, and was not when the register was founded."""
        missing = [one for one in self._included if not register.of(one.uscc)]
        if missing:
            register.change(missing, self.today())
            past.note_change(self._journal, missing, self.today())

    def _open(self) -> None:
        """Print the first version before anything changes, or it would show the change."""
        assert self.press.current.number >= FIRST_VERSION

    def _bombed(self, archive: Archive) -> Archive:
        return bomb(archive.count) if self.dice.faults.bomb else archive

    def _listed(self) -> list[bytes]:
        is_closed = self._flaps % 2 == 1
        return spoiled(self.register, self.dice.faults, self.today(), is_closed=is_closed)
