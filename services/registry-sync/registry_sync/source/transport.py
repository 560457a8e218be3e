"""Getting bytes from a source: named hosts only, bounded, timed, and resumed where they broke."""

import asyncio
import hashlib
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urljoin, urlsplit

import httpx

from registry_sync.domain.words import BatchFault
from registry_sync.source.manifest import MANIFEST_BYTES_MAX, File
from registry_sync.source.refusals import BatchRefused

TRIES_MAX: Final = 4
"""Times that a broken download is taken up where it broke."""

SILENCE_S: Final = 15.0
"""Seconds without a byte after which a connection is given up."""

DOWNLOAD_S: Final = 300.0
"""One file, however slowly its bytes drip in."""

MANIFEST_S: Final = 30.0
"""The manifest, however slowly its bytes drip in: it has some thousands."""

PAUSE_S: Final = 0.5
_NOT_MODIFIED: Final = 304
_OK: Final = 200
_PARTIAL: Final = 206
_AS_IT_IS: Final = {"Accept-Encoding": "identity"}
"""What is packed on its way would be unpacked before anybody counts it, and hashed otherwise."""

_GONE: Final = frozenset({404, 410, 416})


class Gone(Exception):
    """The source no longer has a delta: everything is to be fetched instead."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a source answers, and which hosts its files may lie on."""

    url: str
    hosts: frozenset[str]
    https_only: bool = True

    def absolute(self, url: str) -> str:
        """Return the whole address of a file.

        Raises:
            BatchRefused: `host_not_allowed`.

        """
        whole = urljoin(f"{self.url.rstrip('/')}/", url.lstrip("/") if url.startswith("/") else url)
        parts = urlsplit(whole)
        schemes = {"https"} if self.https_only else {"https", "http"}
        if parts.scheme not in schemes or (parts.hostname or "") not in self.hosts:
            sentence = "A file of the manifest lies on a host that this source may not name."
            raise BatchRefused(BatchFault.host_not_allowed, sentence)
        return whole


@dataclass(slots=True)
class Transport:
    """Downloads of one source."""

    client: httpx.AsyncClient
    place: Place
    pause_s: float = PAUSE_S
    silence_s: float = SILENCE_S
    statuses: list[str] = field(default_factory=list)
    """What the source answered, for the metrics."""

    async def manifest(self, etag: str | None) -> tuple[bytes, str | None] | None:
        """Return the manifest's bytes and its ETag; None where it is the one of before.

        Raises:
            BatchRefused: `unreachable`, `too_large`, `host_not_allowed`.

        """
        headers = _AS_IT_IS | ({"If-None-Match": etag} if etag else {})
        url = self.place.absolute("/manifest")
        try:
            async with (
                asyncio.timeout(MANIFEST_S),
                self.client.stream("GET", url, headers=headers, timeout=self.silence_s) as answer,
            ):
                self.statuses.append(str(answer.status_code))
                if answer.status_code == _NOT_MODIFIED:
                    return None
                if answer.status_code != _OK:
                    raise _unreachable(answer.status_code)
                return await _manifest_of(answer), answer.headers.get("ETag")
        except (httpx.HTTPError, TimeoutError) as error:
            is_late = isinstance(error, (httpx.TimeoutException, TimeoutError))
            self.statuses.append("timeout" if is_late else "down")
            raise _unreachable() from error

    async def file(self, file: File) -> bytes:
        """Return a file whole, its hash checked; taken up where a connection broke.

        Raises:
            BatchRefused: `unreachable`, `too_large`, `truncated`, `hash_wrong`.
            Gone: when the source has it no longer.

        """
        url = self.place.absolute(file.url)
        got = bytearray()
        try:
            async with asyncio.timeout(DOWNLOAD_S):
                for number in range(TRIES_MAX):
                    if number:
                        await asyncio.sleep(self.pause_s * number)
                    if await self._take(url, file.bytes, got):
                        break
        except TimeoutError:
            self.statuses.append("timeout")
            raise _unreachable() from None
        if len(got) < file.bytes:
            sentence = "A file ended before its end, however often it was asked for."
            raise BatchRefused(BatchFault.truncated, sentence)
        if hashlib.sha256(got).hexdigest() != file.sha256:
            raise BatchRefused(BatchFault.hash_wrong, "A file's hash is not the manifest's.")
        return bytes(got)

    async def _take(self, url: str, size: int, got: bytearray) -> bool:
        """Take what is left of a file; True where all of it is there."""
        headers = _AS_IT_IS | ({"Range": f"bytes={len(got)}-"} if got else {})
        try:
            async with self.client.stream(
                "GET", url, headers=headers, timeout=self.silence_s
            ) as answer:
                self.statuses.append(str(answer.status_code))
                if answer.status_code in _GONE and not got:
                    raise Gone
                if answer.status_code not in {_OK, _PARTIAL}:
                    return False
                if answer.status_code == _OK:
                    got.clear()
                async for piece in answer.aiter_raw():
                    got += piece
                    if len(got) > size:
                        sentence = "A file is larger than the manifest says."
                        raise BatchRefused(BatchFault.too_large, sentence)
        except httpx.HTTPError:
            self.statuses.append("broken")
        return len(got) >= size


async def _manifest_of(answer: httpx.Response) -> bytes:
    """Take a manifest to its end, and not a byte more than one may have."""
    got = bytearray()
    async for piece in answer.aiter_raw():
        got += piece
        if len(got) > MANIFEST_BYTES_MAX:
            raise BatchRefused(BatchFault.too_large, "The manifest is larger than 1 MiB.")
    return bytes(got)


def _unreachable(status: int | None = None) -> BatchRefused:
    said = f"answered {status}" if status else "cannot be reached, or fell silent"
    return BatchRefused(BatchFault.unreachable, f"The source {said}.")
