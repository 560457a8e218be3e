"""A platform's files to records: downloaded, checked, unpacked, parsed."""

import hashlib
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from registry_sync.domain.record import Parsed
from registry_sync.domain.words import BatchFault
from registry_sync.source.compressed import gunzipped
from registry_sync.source.lines import Lines
from registry_sync.source.manifest import File
from registry_sync.source.mapping import Mapping
from registry_sync.source.parse import Parser
from registry_sync.source.refusals import BatchRefused
from registry_sync.source.transport import Transport

UNPACKED_MAX: Final = 209_715_200
"""Bytes of one file unpacked: a hundred times an ordinary part."""

RATIO_MAX: Final = 100
"""Times that a file may grow: records of text grow tenfold."""

TOTAL_MAX: Final = 209_715_200
"""Bytes of all files of one batch, as they are sent."""

Keep = Callable[[int, File, bytes], Awaitable[None]]


@dataclass(slots=True)
class Batch:
    """What one version's files hold, and the hash over all of them."""

    parsed: Parsed
    count: int
    evidence: str
    bytes: int = 0
    files: list[str] = field(default_factory=list)


async def read_files(
    transport: Transport, mapping: Mapping, files: Sequence[File], keep: Keep
) -> Batch:
    """Download and parse the files of one batch; each is kept as it came.

    Raises:
        BatchRefused: see `transport`, `compressed`; `count_wrong` where lines are missing.
        Gone: when the source has a file no longer.

    """
    if sum(one.bytes for one in files) > TOTAL_MAX:
        raise BatchRefused(BatchFault.too_large, "The batch is larger than 200 MiB.")
    parser = Parser(mapping)
    evidence = hashlib.sha256()
    count = size = 0
    for number, file in enumerate(files):
        content = await transport.file(file)
        await keep(number, file, content)
        evidence.update(bytes.fromhex(file.sha256))
        name = f"file {number + 1}" if len(files) > 1 else ""
        lines = Lines(_unpacked(content), name)
        parser.read(lines)
        if lines.count != file.count:
            sentence = f"A file has {lines.count:,} lines where the manifest says {file.count:,}."
            raise BatchRefused(BatchFault.count_wrong, sentence)
        count += lines.count
        size += len(content)
    found = evidence.hexdigest() if len(files) != 1 else files[0].sha256
    return Batch(parser.parsed(), count, found, size)


def _unpacked(content: bytes) -> Iterator[bytes]:
    return gunzipped(content, UNPACKED_MAX, RATIO_MAX)
