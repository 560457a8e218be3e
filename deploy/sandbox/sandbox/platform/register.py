"""The platform's own register: every site as it truly stands.

None ever leaves it; what ends is told by a site's status.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from sandbox.platform.listings import Listing, line_of, site_of


class AmbiguousError(LookupError):
    """The institution has several sites, and none was named."""


class Register:
    """The sites in the order they were entered, each as its line."""

    def __init__(self, sites: Iterable[Mapping[str, Any]]) -> None:
        """Enter the sites to begin with; the first one entered under a key stands."""
        self.lines: list[bytes] = []
        self._places: dict[str, list[int]] = {}
        for site in sites:
            if self._place(site["uscc"], site["licenceNo"]) is None:
                self._enter(site)
        self.founded = len(self.lines)
        """How many there were at first: what chance draws from, so that it stays the same."""

    def change(self, listings: Sequence[Listing], today: date) -> int:
        """Change sites, enter those not known, and return how many were entered.

        Nothing is changed where one of them is ambiguous.
        """
        for listing in listings:
            self._place(listing.uscc, listing.licence_no)
        before = len(self.lines)
        for listing in listings:
            self._change(listing, today)
        return len(self.lines) - before

    def of(self, code: str) -> list[dict[str, Any]]:
        """Return the sites of an institution."""
        return [site_of(self.lines[place]) for place in self._places.get(code, ())]

    def _change(self, listing: Listing, today: date) -> None:
        place = self._place(listing.uscc, listing.licence_no)
        if place is None:
            self._enter(listing.whole(today))
            return
        site = site_of(self.lines[place])
        given = listing.given(today) | {"licenceNo": site["licenceNo"]}
        self.lines[place] = line_of(site | given)

    def _place(self, code: str, licence_no: str | None) -> int | None:
        places = self._places.get(code, [])
        if licence_no is not None:
            named = (p for p in places if site_of(self.lines[p])["licenceNo"] == licence_no)
            return next(named, None)
        if len(places) > 1:
            message = f"{code} has {len(places)} sites: name a licenceNo"
            raise AmbiguousError(message)
        return places[0] if places else None

    def _enter(self, site: Mapping[str, Any]) -> None:
        self._places.setdefault(site["uscc"], []).append(len(self.lines))
        self.lines.append(line_of(site))
