"""Gunzipping what may be a bomb: piece by piece, with an end to it.

What comes out is bounded twice: by size, and by how many times larger it is than what went in.
"""

import zlib
from collections.abc import Iterator
from typing import Final

from registry_sync.domain.words import BatchFault
from registry_sync.source.refusals import BatchRefused

MEMBERS_MAX: Final = 1_000
"""Files one after the other in one gzip file: parallel compressors write such, in megabytes."""

_FED_BYTES: Final = 65_536
_PIECE_BYTES: Final = 1_048_576
_GZIP: Final = 31
_FREE_BYTES: Final = 1_048_576
"""So little may grow as it likes: short texts of zeros compress a thousandfold."""


def gunzipped(content: bytes, limit: int, ratio: int) -> Iterator[bytes]:
    """Yield what a gzip file holds, in pieces of at most 1 MiB.

    Raises:
        BatchRefused: `bomb` past `limit` bytes or past `ratio` times what was read so far;
            `truncated` where the file ends early, or is no gzip file.

    """
    view = memoryview(content)
    members, at, total = 0, 0, 0
    while at < len(view) or not members:
        members += 1
        if members > MEMBERS_MAX:
            raise BatchRefused(BatchFault.bomb, f"The file has more than {MEMBERS_MAX:,} parts.")
        inflating = zlib.decompressobj(_GZIP)
        while not inflating.eof:
            fed = view[at : at + _FED_BYTES]
            piece = _inflated(inflating, fed)
            left = len(inflating.unconsumed_tail) + len(inflating.unused_data)
            at += len(fed) - left
            total += len(piece)
            _bound(total, at, limit, ratio)
            if piece:
                yield piece
            elif at >= len(view) and not inflating.eof:
                raise BatchRefused(BatchFault.truncated, "The gzip file ends before its end.")


def _inflated(inflating: "zlib._Decompress", fed: memoryview) -> bytes:
    try:
        return inflating.decompress(fed, _PIECE_BYTES)
    except zlib.error as error:
        sentence = "The file is no gzip file, or is damaged."
        raise BatchRefused(BatchFault.truncated, sentence) from error


def _bound(total: int, read: int, limit: int, ratio: int) -> None:
    if total > limit:
        sentence = f"The file grows beyond {limit:,} bytes when it is unpacked."
        raise BatchRefused(BatchFault.bomb, sentence)
    if total > _FREE_BYTES + ratio * read:
        sentence = f"The file grows to more than {ratio} times its size when it is unpacked."
        raise BatchRefused(BatchFault.bomb, sentence)
