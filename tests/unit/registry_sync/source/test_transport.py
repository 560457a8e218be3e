"""Getting bytes from a source that names any host, lies, drips, or breaks off."""

import asyncio
import gzip
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable

import httpx
import pytest

from registry_sync.source import transport
from registry_sync.source.manifest import MANIFEST_BYTES_MAX, File
from registry_sync.source.refusals import BatchRefused
from registry_sync.source.transport import TRIES_MAX, Gone, Place, Transport

WHOLE = b"0123456789"
PLACE = Place("https://registry.test/v1", frozenset({"registry.test", "files.test"}))


class Source:
    """Answers as it is told to, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[httpx.Request] = []
        self.answers: list[httpx.Response] = []

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


class Slow(httpx.AsyncByteStream):
    """A body that comes byte by byte, and may break off at its end."""

    def __init__(self, content: bytes, pause_s: float = 0, *, breaks: bool = False) -> None:
        self.content = content
        self.pause_s = pause_s
        self.breaks = breaks

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for byte in self.content:
            await asyncio.sleep(self.pause_s)
            yield bytes([byte])
        if self.breaks:
            message = "reset by peer"
            raise httpx.ReadError(message)


@pytest.fixture
def source() -> Source:
    return Source()


@pytest.fixture
async def line(source: Source) -> AsyncIterator[Transport]:
    async with httpx.AsyncClient(transport=httpx.MockTransport(source)) as client:
        yield Transport(client, PLACE, pause_s=0, silence_s=2.5)


def a_file(content: bytes = WHOLE) -> File:
    digest = hashlib.sha256(content).hexdigest()
    return File(url="/files/1.gz", sha256=digest, count=1, bytes=len(content))


def whole(content: bytes = WHOLE) -> httpx.Response:
    return httpx.Response(200, stream=Slow(content))


def at_once(content: bytes) -> httpx.Response:
    return httpx.Response(200, stream=httpx.ByteStream(content))


def broken(content: bytes, status: int = 200) -> httpx.Response:
    return httpx.Response(status, stream=Slow(content, breaks=True))


async def fault_of(asking: Awaitable[object]) -> str:
    with pytest.raises(BatchRefused) as refused:
        await asking
    return refused.value.fault


def refused_place(place: Place, url: str) -> str:
    with pytest.raises(BatchRefused) as refused:
        place.absolute(url)
    return refused.value.fault


@pytest.mark.parametrize(
    ("url", "absolute"),
    [
        ("/manifest", "https://registry.test/v1/manifest"),
        ("files/1.gz", "https://registry.test/v1/files/1.gz"),
        ("https://files.test/1.gz", "https://files.test/1.gz"),
        ("//elsewhere.test/1.gz", "https://registry.test/v1/elsewhere.test/1.gz"),
    ],
)
def test_an_address_is_the_sources_or_of_a_host_it_may_name(url: str, absolute: str) -> None:
    assert PLACE.absolute(url) == absolute


@pytest.mark.parametrize(
    "url",
    [
        "https://elsewhere.test/1.gz",
        "https://files.test.elsewhere.test/1.gz",
        "https://files.test@elsewhere.test/1.gz",
        "https://127.0.0.1/1.gz",
    ],
)
def test_no_other_host_is_asked(url: str) -> None:
    assert refused_place(PLACE, url) == "host_not_allowed"


@pytest.mark.parametrize(
    "url", ["http://files.test/1.gz", "ftp://files.test/1.gz", "file://files.test/1.gz"]
)
def test_a_file_comes_over_https_alone(url: str) -> None:
    assert refused_place(PLACE, url) == "host_not_allowed"


def test_plain_http_has_to_be_allowed() -> None:
    place = Place("http://registry.test", frozenset({"registry.test"}), https_only=False)
    assert place.absolute("/manifest") == "http://registry.test/manifest"
    assert refused_place(place, "file://registry.test/manifest") == "host_not_allowed"


async def test_a_manifest_has_an_end(source: Source, line: Transport) -> None:
    source.answers = [at_once(b" " * MANIFEST_BYTES_MAX)]
    assert await line.manifest(None) is not None
    source.answers = [at_once(b" " * (MANIFEST_BYTES_MAX + 1))]
    assert await fault_of(line.manifest(None)) == "too_large"


@pytest.mark.parametrize("status", [302, 401, 404, 500])
async def test_a_manifest_is_an_answer_of_200(source: Source, line: Transport, status: int) -> None:
    source.answers = [httpx.Response(status, headers={"Location": "https://files.test/"})]
    assert await fault_of(line.manifest(None)) == "unreachable"
    assert len(source.asked) == 1


async def test_a_manifest_of_before_is_none(source: Source, line: Transport) -> None:
    source.answers = [httpx.Response(304)]
    assert await line.manifest('"17"') is None
    assert source.asked[0].headers["If-None-Match"] == '"17"'


ASKED: list[Callable[[Transport], Awaitable[object]]] = [
    lambda line: line.manifest(None),
    lambda line: line.file(a_file()),
]


@pytest.mark.parametrize("ask", ASKED)
async def test_a_source_that_falls_silent_is_given_up(
    source: Source, line: Transport, ask: Callable[[Transport], Awaitable[object]]
) -> None:
    source.answers = [whole()]
    await ask(line)
    assert source.asked[0].extensions["timeout"]["read"] == 2.5


async def test_a_manifest_that_drips_in_is_given_up(
    source: Source, line: Transport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "MANIFEST_S", 0.05)
    source.answers = [httpx.Response(200, stream=Slow(WHOLE, pause_s=0.03))]
    assert await fault_of(line.manifest(None)) == "unreachable"
    assert line.statuses == ["200", "timeout"]


class Endless(httpx.AsyncByteStream):
    """A body without an end; remembers how much of it was taken."""

    taken = 0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while True:
            self.taken += 65_536
            yield b" " * 65_536


async def test_a_manifest_without_end_is_left_at_its_bound(source: Source, line: Transport) -> None:
    body = Endless()
    source.answers = [httpx.Response(200, stream=body)]
    assert await fault_of(line.manifest(None)) == "too_large"
    assert body.taken <= MANIFEST_BYTES_MAX + 65_536


@pytest.mark.parametrize("ask", ASKED)
async def test_nothing_is_packed_on_its_way(
    source: Source, line: Transport, ask: Callable[[Transport], Awaitable[object]]
) -> None:
    """A manifest of a kilobyte could unpack to a gigabyte before anybody counts."""
    source.answers = [whole()]
    await ask(line)
    assert source.asked[0].headers["Accept-Encoding"] == "identity"


async def test_what_is_packed_on_its_way_all_the_same_is_not_unpacked(
    source: Source, line: Transport
) -> None:
    content = gzip.compress(b" " * 10_000)
    for ask in (line.manifest(None), line.file(a_file(content))):
        packed = httpx.Response(
            200, headers={"Content-Encoding": "gzip"}, stream=httpx.ByteStream(content)
        )
        source.answers = [packed]
        assert await ask in (content, (content, None))


async def test_a_file_that_drips_in_is_given_up(
    source: Source, line: Transport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "DOWNLOAD_S", 0.05)
    source.answers = [httpx.Response(200, stream=Slow(WHOLE, pause_s=0.03))]
    assert await fault_of(line.file(a_file())) == "unreachable"
    assert line.statuses == ["200", "timeout"]


async def test_a_file_is_what_the_manifest_says(source: Source, line: Transport) -> None:
    source.answers = [whole()]
    assert await line.file(a_file()) == WHOLE
    source.answers = [whole(WHOLE[::-1])]
    assert await fault_of(line.file(a_file())) == "hash_wrong"


async def test_a_file_longer_than_it_says_is_left_at_once(source: Source, line: Transport) -> None:
    endless = Slow(WHOLE * 1_000)
    source.answers = [httpx.Response(200, stream=endless)]
    assert await fault_of(line.file(a_file())) == "too_large"


async def test_a_file_is_taken_up_where_it_broke(source: Source, line: Transport) -> None:
    source.answers = [broken(WHOLE[:4]), broken(WHOLE[4:7], 206), httpx.Response(503), whole()]
    source.answers[3] = httpx.Response(206, stream=Slow(WHOLE[7:]))
    assert await line.file(a_file()) == WHOLE
    asked = [one.headers.get("Range") for one in source.asked]
    assert asked == [None, "bytes=4-", "bytes=7-", "bytes=7-"]


async def test_a_file_that_comes_from_its_start_begins_anew(
    source: Source, line: Transport
) -> None:
    source.answers = [broken(WHOLE[:4]), whole()]
    assert await line.file(a_file()) == WHOLE


async def test_a_file_that_always_breaks_is_asked_for_so_often_and_no_more(
    source: Source, line: Transport
) -> None:
    source.answers = [httpx.Response(503)]
    assert await fault_of(line.file(a_file())) == "truncated"
    assert len(source.asked) == TRIES_MAX


@pytest.mark.parametrize("status", [404, 410])
async def test_a_file_that_is_gone_is_said_to_be(
    source: Source, line: Transport, status: int
) -> None:
    source.answers = [httpx.Response(status)]
    with pytest.raises(Gone):
        await line.file(a_file())
