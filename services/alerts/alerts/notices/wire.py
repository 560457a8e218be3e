"""What every client says of a try, and one bounded way to post over HTTP.

What the other side said is told apart from silence: a clear refusal, no clear answer, and no
knowledge of whether the message arrived. An answer of ten kilobytes says nothing that a receipt
needs, and an address may end in a robot's key: neither is ever logged.
"""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol
from uuid import UUID

import httpx

from alerts.domain.notices import Notice, plain
from alerts.notices.channels import Channel

ANSWER_MAX: Final = 10_000
ANSWER_S: Final = 10.0
"""A robot answers in a second; past ten it is silent."""

CONNECT_S: Final = 5.0
RECEIPT_MAX: Final = 200

BUSY: Final = frozenset({408, 425, 429})
"""Statuses that ask to come again later."""


@dataclass(frozen=True, slots=True)
class Message:
    """One part of a notice, on its way."""

    notice_id: UUID
    notice: Notice
    text: str
    place: tuple[int, int]
    """Which part of how many."""
    at: datetime
    """The process's own time: what signatures are dated with."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What came of one try."""

    result: str
    """delivered; refused where the other side said no; failed where it said nothing clear."""
    receipt: str
    is_unknown: bool = False
    """It may have arrived all the same."""
    is_too_long: bool = False
    is_busy: bool = False
    """The other side wants to be left alone for a minute."""


class Client(Protocol):
    """Sends to channels of one kind."""

    async def send(self, channel: Channel, message: Message) -> Heard:
        """Send one part and say what came of it; no fault of the other side is raised."""
        ...


@dataclass(frozen=True, slots=True)
class Answer:
    """What the other side answered over HTTP."""

    status: int
    body: bytes


def open_http() -> httpx.AsyncClient:
    """Return the client that all kinds share; it follows nobody elsewhere."""
    logging.getLogger("httpx").setLevel(logging.WARNING)  # it logs whole addresses, with keys
    return httpx.AsyncClient(
        follow_redirects=False,
        trust_env=False,
        timeout=httpx.Timeout(ANSWER_S, connect=CONNECT_S),
    )


async def post(
    http: httpx.AsyncClient, url: httpx.URL, body: bytes, headers: Mapping[str, str]
) -> Answer | Heard:
    """Post once; return the answer, or what its absence means."""
    try:
        async with (
            asyncio.timeout(ANSWER_S + CONNECT_S),
            http.stream("POST", url, content=body, headers=dict(headers)) as response,
        ):
            read = b""
            async for chunk in response.aiter_bytes():
                read += chunk
                if len(read) > ANSWER_MAX:
                    break
            return Answer(response.status_code, read[:ANSWER_MAX])
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
        return Heard("failed", f"not sent: {type(error).__name__}")
    except (httpx.HTTPError, TimeoutError) as error:
        return Heard("failed", f"no answer: {type(error).__name__}", is_unknown=True)


def judged(answer: Answer) -> Heard | None:
    """Return what an HTTP status alone says; None where it is 2xx."""
    receipt = f"HTTP {answer.status}"
    if answer.status in BUSY:
        return Heard("refused", receipt, is_busy=True)
    if answer.status >= httpx.codes.INTERNAL_SERVER_ERROR:
        return Heard("failed", receipt, is_unknown=True)
    if not httpx.codes.is_success(answer.status):
        too_long = answer.status == httpx.codes.REQUEST_ENTITY_TOO_LARGE
        return Heard("refused", receipt, is_too_long=too_long)
    return None


def receipt(text: str) -> str:
    """Return what is kept of an answer: one short line."""
    return plain(text, RECEIPT_MAX)
