"""The files of one batch: as large and as long as the manifest says, and each kept as it came."""

import gzip
import hashlib
import json
from collections.abc import Sequence

import httpx
import pytest

from registry_sync.source.manifest import File
from registry_sync.source.mapping import Mapping
from registry_sync.source.platform import TOTAL_MAX, Batch, read_files
from registry_sync.source.refusals import BatchRefused
from registry_sync.source.transport import Place, Transport
from tests.unit.registry_sync.source.codes import a_code

PLACE = Place("https://registry.test", frozenset({"registry.test"}))


def packed(*numbers: int, status: str = "正常") -> bytes:
    said = {"orgName": "示例", "orgStatus": status}
    lines = [json.dumps({"uscc": a_code(one), "licenceNo": f"L{one}", **said}) for one in numbers]
    return gzip.compress("\n".join(lines).encode())


def a_file(content: bytes, number: int, count: int) -> File:
    digest = hashlib.sha256(content).hexdigest()
    return File(url=f"/{number}", sha256=digest, count=count, bytes=len(content))


async def batch_of(
    contents: Sequence[bytes], files: Sequence[File], *, is_chain: bool = False
) -> tuple[Batch, list[bytes]]:
    """Return what the files hold, and what was kept of them."""
    kept: list[bytes] = []

    async def keep(_number: int, _file: File, content: bytes) -> None:
        kept.append(content)

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, stream=httpx.ByteStream(contents[int(request.url.path[1:])]))

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as client:
        line = Transport(client, PLACE, pause_s=0)
        found = await read_files(line, Mapping.load("national"), files, keep, is_chain=is_chain)
    return found, kept


async def test_parts_make_one_list_and_are_kept() -> None:
    contents = [packed(1, 2), packed(3)]
    batch, kept = await batch_of(contents, [a_file(contents[0], 0, 2), a_file(contents[1], 1, 1)])
    assert ([one.institution_id for one in batch.parsed.records], kept) == (
        [a_code(1), a_code(2), a_code(3)],
        contents,
    )


@pytest.mark.parametrize("count", [1, 3])
async def test_a_file_has_as_many_lines_as_the_manifest_says(count: int) -> None:
    content = packed(1, 2)
    with pytest.raises(BatchRefused) as refused:
        await batch_of([content], [a_file(content, 0, count)])
    assert refused.value.fault == "count_wrong"


async def test_a_batch_too_large_is_not_begun() -> None:
    file = File(url="/0", sha256="0" * 64, count=1, bytes=TOTAL_MAX // 2 + 1)
    with pytest.raises(BatchRefused) as refused:
        await batch_of([], [file, file])
    assert refused.value.fault == "too_large"


@pytest.mark.parametrize(("is_chain", "believed"), [(True, ["revoked"]), (False, [])])
async def test_a_later_delta_speaks_last_and_a_later_part_contradicts(
    *, is_chain: bool, believed: list[str]
) -> None:
    contents = [packed(1), packed(1, status="吊销")]
    files = [a_file(one, number, 1) for number, one in enumerate(contents)]
    batch, _ = await batch_of(contents, files, is_chain=is_chain)
    assert [one.get("status") for one in batch.parsed.records] == believed
