"""A platform's files to records: downloaded, checked, unpacked, parsed."""

import hashlib
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from registry_sync.domain.record import Key, Parsed, Record
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
    transport: Transport, mapping: Mapping, files: Sequence[File], keep: Keep, *, is_chain: bool
) -> Batch:
    """Download and parse the files of one batch; each is kept as it came.

    The parts of a full list make one list, in which no site may stand twice; in a chain of
    deltas what a later one says of a site takes the place of what an earlier one said.

    Raises:
        BatchRefused: see `transport`, `compressed`; `count_wrong` where lines are missing.
        Gone: when the source has a file no longer.

    """
    if sum(one.bytes for one in files) > TOTAL_MAX:
        raise BatchRefused(BatchFault.too_large, "The batch is larger than 200 MiB.")
    parsers = [Parser(mapping)]
    evidence = hashlib.sha256()
    count = size = 0
    for number, file in enumerate(files):
        content = await transport.file(file)
        await keep(number, file, content)
        evidence.update(bytes.fromhex(file.sha256))
        name = f"file {number + 1}" if len(files) > 1 else ""
        lines = Lines(_unpacked(content), name)
        if is_chain and number:
            parsers.append(Parser(mapping))
        parsers[-1].read(lines)
        if lines.count != file.count:
            sentence = f"A file has {lines.count:,} lines where the manifest says {file.count:,}."
            raise BatchRefused(BatchFault.count_wrong, sentence)
        count += lines.count
        size += len(content)
    found = evidence.hexdigest() if len(files) != 1 else files[0].sha256
    return Batch(_joined([one.parsed() for one in parsers]), count, found, size)


def _joined(chain: Sequence[Parsed]) -> Parsed:
    """Return what a chain of deltas comes to; a row set aside later takes an earlier one back."""
    records: dict[Key, Record] = {}
    joined = Parsed()
    for one in chain:
        records |= {record.key: record for record in one.records}
        for row in one.set_aside:
            if row.key is not None:
                records.pop(row.key, None)
        joined.set_aside += one.set_aside
        joined.unknown_columns += one.unknown_columns
        joined.remarks += one.remarks
    joined.records = list(records.values())
    joined.unknown_columns = list(dict.fromkeys(joined.unknown_columns))
    return joined


def _unpacked(content: bytes) -> Iterator[bytes]:
    return gunzipped(content, UNPACKED_MAX, RATIO_MAX)
