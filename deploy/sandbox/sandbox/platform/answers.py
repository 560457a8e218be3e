"""Serve a file in ranges, and as slowly and incompletely as the switches say."""

import asyncio
import contextlib
import re
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from sandbox.platform.faults import Dice, Fault

CHUNK_BYTES = 4_096
"""What is sent between two pauses."""

_RANGE = re.compile(r"bytes=(\d*)-(\d*)")


@dataclass(frozen=True, slots=True)
class Span:
    """Which bytes of a file are meant, the end not included."""

    start: int
    stop: int


class NotSatisfiableError(Exception):
    """The range begins behind the end of the file."""


def span_of(header: str | None, size: int) -> Span | None:
    """Read a `Range` header; None means the whole, as for every range of a shape unknown here."""
    found = _RANGE.fullmatch(header or "")
    if found is None or found.groups() == ("", ""):
        return None
    first, last = found.groups()
    if not first:
        return Span(max(0, size - int(last)), size)
    stop = min(size, int(last) + 1) if last else size
    if last and int(last) < int(first):
        return None
    if int(first) >= size:
        raise NotSatisfiableError
    return Span(int(first), stop)


class Download(Response):
    """A file, or the range of it that was asked for.

    A truncated one promises its whole length and ends at half of the file, wherever the range
    began: while the switch is fully on, going on does not help.
    """

    def __init__(self, content: bytes, dice: Dice, *, tag: str, breaks: bool = True) -> None:
        """Prepare to serve a file under its entity tag; one that never breaks is a manifest."""
        self._content = content
        self._dice = dice
        self._breaks = breaks
        kind = "application/gzip" if breaks else "application/json"
        super().__init__(media_type=kind, headers={"ETag": tag, "Accept-Ranges": "bytes"})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it, chunk by chunk where it is to be slow."""
        request = Request(scope, receive)
        asked = request.headers.get("range")
        if request.headers.get("if-range", self.headers["ETag"]) != self.headers["ETag"]:
            asked = None
        size = len(self._content)
        try:
            span = span_of(asked, size)
        except NotSatisfiableError:
            headers = {"Content-Range": f"bytes */{size}"}
            await Response(status_code=416, headers=headers)(scope, receive, send)
            return
        if span is not None:
            self.status_code = 206
            self.headers["Content-Range"] = f"bytes {span.start}-{span.stop - 1}/{size}"
        await self._send(span or Span(0, size), request, send)

    async def _send(self, span: Span, request: Request, send: Send) -> None:
        self.headers["Content-Length"] = str(span.stop - span.start)
        stop = span.stop
        if self._breaks and self._dice.strikes(Fault.TRUNCATED):
            stop = min(stop, max(span.start, len(self._content) // 2))
        status = {"type": "http.response.start", "status": self.status_code}
        await send({**status, "headers": self.raw_headers})
        pause_s = self._dice.faults.slow_s
        step = CHUNK_BYTES if pause_s else len(self._content) + 1
        for start in range(span.start, stop, step):
            if pause_s:
                await asyncio.sleep(pause_s)
                if await request.is_disconnected():
                    return
            chunk = self._content[start : min(stop, start + step)]
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
        # The server itself objects to an end before the promised length, and hangs up.
        with contextlib.suppress(RuntimeError):
            await send({"type": "http.response.body", "body": b"", "more_body": False})
