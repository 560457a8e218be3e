"""Versions of the list as they are downloaded: compressed parts, and deltas between versions.

A version shares every part that did not change with the one before, so that the change of
one site costs one part and one small delta, and keeping a few old versions costs little.
"""

import functools
import gzip
import hashlib
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest

PART_SITES = 2_000
"""Sites in one part; a site listed twice makes it one line longer."""

KEPT_RELEASES = 5
"""Versions whose parts can still be fetched: a download in progress goes on."""

KEPT_DELTAS = 30
"""Deltas that can still be fetched; a mirror that lags further takes the full list."""

BOMB_BYTES = 64 * 2**20
"""What a bomb unpacks to: some thousand times its size, and no danger to a test machine."""

_LEVEL = 4
"""Half the time of the usual level, for a tenth more bytes."""

_GZIP_WINDOW = 31


@dataclass(frozen=True, slots=True)
class Archive:
    """A file as it is served: gzip of NDJSON."""

    content: bytes
    sha256: str
    count: int
    """Lines in it."""


@dataclass(frozen=True, slots=True)
class Release:
    """One version of the whole list."""

    number: int
    parts: tuple[Archive, ...]

    @property
    def count(self) -> int:
        """Return how many lines the version has."""
        return sum(part.count for part in self.parts)


class Press:
    """Prints versions, each numbered one above the last."""

    def __init__(self, number: int, sites: Sequence[bytes]) -> None:
        """Print the first version; there is no delta to it."""
        self._sites = sites
        self.current = Release(number, tuple(pack(part) for part in _parts(sites)))
        self.releases = {number: self.current}
        self.deltas: dict[tuple[int, int], Archive] = {}

    def is_news(self, sites: Sequence[bytes]) -> bool:
        """Return whether these sites differ from the version in force."""
        return list(sites) != list(self._sites)

    def publish(self, sites: Sequence[bytes]) -> Release:
        """Print the next version, and the delta to it.

        A delta cannot say that a site has left, so none is made to a shorter list.
        """
        pairs = enumerate(zip_longest(self._sites, sites))
        changed = [place for place, (before, after) in pairs if before != after]
        touched = {place // PART_SITES for place in changed}
        old, number = self.current, self.current.number + 1
        parts = (
            old.parts[place] if place not in touched and place < len(old.parts) else pack(part)
            for place, part in enumerate(_parts(sites))
        )
        self.current = self.releases[number] = Release(number, tuple(parts))
        if len(sites) >= len(self._sites):
            self.deltas[(old.number, number)] = pack([sites[place] for place in changed])
        self._sites = sites
        self._forget()
        return self.current

    def _forget(self) -> None:
        for number in list(self.releases)[:-KEPT_RELEASES]:
            del self.releases[number]
        for span in list(self.deltas)[:-KEPT_DELTAS]:
            del self.deltas[span]


def pack(sites: Sequence[bytes]) -> Archive:
    """Compress the lines of some sites; the same lines always give the same bytes."""
    text = b"".join(site + b"\n" for site in sites)
    return _archive(gzip.compress(text, _LEVEL, mtime=0), text.count(b"\n"))


def bomb(count: int) -> Archive:
    """Return a file of one endless line of spaces that claims a count of lines."""
    return _archive(_bomb(), count)


@functools.cache
def _bomb() -> bytes:
    packer = zlib.compressobj(level=9, wbits=_GZIP_WINDOW)
    spaces = b" " * 2**20
    packed = [packer.compress(spaces) for _ in range(BOMB_BYTES // len(spaces))]
    return b"".join([*packed, packer.flush()])


def _archive(content: bytes, count: int) -> Archive:
    return Archive(content, hashlib.sha256(content).hexdigest(), count)


def _parts(sites: Sequence[bytes]) -> list[Sequence[bytes]]:
    """Cut a list into parts; an empty list has one empty part."""
    starts = range(0, max(1, len(sites)), PART_SITES)
    return [sites[start : start + PART_SITES] for start in starts]
