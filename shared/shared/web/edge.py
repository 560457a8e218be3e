"""The outermost layer of a service: every request passes here once, in and out.

It gives a request its id, refuses what no route should see (a body over the limit, NUL in
a path), counts and times the answer by the route's template, and writes one
log line without a path, a query or a person in it.
"""

import re
import time
from collections.abc import MutableMapping
from typing import Any, Final

import structlog
from prometheus_client import Counter, Histogram
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared import log
from shared.errors import NotKnown, ServiceError, TooLarge, TooMany
from shared.ids import new_id
from shared.metrics import LATENCY_BUCKETS_S
from shared.web import problems
from shared.web.principals import INSTITUTION, ROLE
from shared.web.routes import TEMPLATE

BODY_MAX: Final = 2 * 1024 * 1024
"""A thousand items of two kilobytes: more than any documented batch can need."""

IN_WORK_MAX: Final = 1_000
"""Requests in work at once, long polls included: a second of work at full speed.
What would wait longer is told so at once."""

UNMATCHED: Final = "unmatched"
"""The route label of paths that nobody has: callers must not be able to make series."""

NOBODY: Final = "nobody"
"""The role in the log of one who has not proved to be anyone."""

_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_SANE_ID: Final = re.compile(rb"[A-Za-z0-9._-]{1,64}")
_FIXED_HEADERS: Final = [
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
]

_requests = Counter(
    "tuition_http_requests_total",
    "Requests answered, by the route's template.",
    ["service", "method", "route", "status"],
)
_durations = Histogram(
    "tuition_http_request_duration_seconds",
    "From the request's first byte to the answer's last, by the route's template.",
    ["service", "method", "route"],
    buckets=LATENCY_BUCKETS_S,
)


class Edge:
    """ASGI middleware; see the module."""

    def __init__(self, app: ASGIApp, *, service: str, body_max: int = BODY_MAX) -> None:
        """Take the application to guard, the name to count it under, and its longest body."""
        self._app = app
        self._service = service
        self._body_max = body_max
        self._counters: dict[tuple[str, str, int], Counter] = {}
        self._timers: dict[tuple[str, str], Histogram] = {}
        self._in_work = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or pass on what is not one."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            log.flush()  # the end of the lifespan: a signal may end the process next
            return
        started = time.perf_counter()
        headers = dict(scope["headers"])
        request_id = _request_id(headers)
        scope["request_id"] = request_id.decode()
        answer = _Answer(send, request_id)
        tokens = structlog.contextvars.bind_contextvars(request_id=scope["request_id"], role=NOBODY)
        self._in_work += 1
        try:
            fault = self._refused(scope, headers)
            if fault is not None:
                response = problems.rendered(fault, scope["request_id"])
                await response(scope, receive, answer)
            else:
                await self._app(scope, _limited(headers, receive, self._body_max), answer)
        finally:
            self._in_work -= 1
            self._observe(scope, answer.status, time.perf_counter() - started)
            structlog.contextvars.reset_contextvars(**tokens)

    def _refused(self, scope: Scope, headers: dict[bytes, bytes]) -> ServiceError | None:
        if self._in_work > IN_WORK_MAX:
            return TooMany(headers={"Retry-After": "1"})
        return _refused(scope, headers, self._body_max)

    def _observe(self, scope: MutableMapping[str, Any], status: int, elapsed_s: float) -> None:
        method = scope["method"] if scope["method"] in _METHODS else "other"
        route = scope.get(TEMPLATE, UNMATCHED)
        counter = self._counters.get((method, route, status))
        if counter is None:
            counter = _requests.labels(self._service, method, route, status)
            self._counters[method, route, status] = counter
        counter.inc()
        timer = self._timers.get((method, route))
        if timer is None:
            timer = _durations.labels(self._service, method, route)
            self._timers[method, route] = timer
        timer.observe(elapsed_s)
        log.access(
            method=method,
            route=route,
            status=status,
            elapsed_s=elapsed_s,
            role=scope.get(ROLE, NOBODY),
            request_id=scope["request_id"],
            institution_id=scope.get(INSTITUTION, ""),
        )


class _Answer:
    """A `send` that adds our headers and remembers the status."""

    __slots__ = ("_request_id", "_send", "status")

    def __init__(self, send: Send, request_id: bytes) -> None:
        self._send = send
        self._request_id = request_id
        self.status = 500

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            given = message["headers"]
            said = {name for name, _ in given}  # a public page may say that it can be kept
            message["headers"] = [
                *given,
                (b"x-request-id", self._request_id),
                *(fixed for fixed in _FIXED_HEADERS if fixed[0] not in said),
            ]
        await self._send(message)


def _request_id(headers: dict[bytes, bytes]) -> bytes:
    """Keep the caller's id where it is one; else make one."""
    given = headers.get(b"x-request-id")
    if given is not None and _SANE_ID.fullmatch(given):
        return given
    return str(new_id()).encode()


def _refused(scope: Scope, headers: dict[bytes, bytes], body_max: int) -> ServiceError | None:
    """Return the fault of a request that no route should see."""
    if "\0" in scope["path"]:
        return NotKnown()
    length = headers.get(b"content-length", b"0")
    if len(length) > len(str(body_max)) or (length.isdigit() and int(length) > body_max):
        return TooLarge(f"A body has at most {body_max // 1024} KiB: split the batch.")
    return None


def _limited(headers: dict[bytes, bytes], receive: Receive, body_max: int) -> Receive:
    """Count the bytes of a body that did not say how long it is."""
    if b"content-length" in headers:
        return receive  # the server reads no more than that
    size = 0

    async def counted() -> Message:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        if size > body_max:
            raise HTTPException(413)  # the one that the framework lets through while reading
        return message

    return counted
