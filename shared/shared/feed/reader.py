"""Pages of another service's feed, over HTTP.

The consumer keeps the cursor, in the transaction that stores what the page said, so that
each event takes effect once however often it is read.
Fields that we do not know are left alone: a producer may grow.
An item that is no event at all refuses the whole page, unless the consumer says that it
keeps such items itself: then one bad item does not stop the feed.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

import httpx
from pydantic import BaseModel, ConfigDict, ValidationError

from shared.errors import Unavailable, YikeError

SLACK_S: Final = 10.0
"""Time for the answer itself, on top of what the producer was asked to wait."""

NAME_MAX: Final = 64
"""Characters of an id that is taken for one; ours have 36."""


class FeedRefused(YikeError):
    """The producer refused to serve its feed: the key or the cursor is wrong."""


class FeedEvent(BaseModel):
    """One CloudEvent of a feed of ours."""

    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)

    id: UUID
    source: str
    type: str
    subject: str
    time: datetime
    sequence: int
    data: Mapping[str, Any]  # tidy: allow banned-name - CloudEvents' own word


class Unreadable(BaseModel):
    """An item of a page that is no event; `name` finds it again, and is all that is kept."""

    model_config = ConfigDict(frozen=True)

    name: str


class FeedPage(BaseModel):
    """Some events in feed order; `next` is None when there was nothing: keep the cursor."""

    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)

    items: list[FeedEvent]
    next: str | None
    unreadable: list[Unreadable] = []


class _LoosePage(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)

    items: list[Any]
    next: str | None


class Reader:
    """Reads one feed with one key."""

    def __init__(self, client: httpx.AsyncClient, url: str, key: str) -> None:
        """Take the client, the feed's whole URL, and a key of the role `service`."""
        self._client = client
        self._url = url
        self._headers = {"Authorization": f"Bearer {key}"}

    async def page(
        self,
        after: str | None,
        *,
        limit: int = 100,
        wait_s: int = 0,
        keeps_unreadable: bool = False,
    ) -> FeedPage:
        """Return the events that follow a cursor, waiting for them at most `wait_s`.

        Args:
            after: the cursor; None for the beginning.
            limit: events of a page.
            wait_s: how long the producer may wait for one.
            keeps_unreadable: take a page with items that are no events, and list those.

        Raises:
            Unavailable: when the producer cannot be reached or cannot answer just now.
            FeedRefused: when asking again will not help.

        """
        query: dict[str, str | int] = {"limit": limit, "wait_s": wait_s}
        if after is not None:
            query["after"] = after
        try:
            answer = await self._client.get(
                self._url, params=query, headers=self._headers, timeout=wait_s + SLACK_S
            )
        except httpx.TransportError as error:
            message = "The feed's producer cannot be reached."
            raise Unavailable(message) from error
        return _read(answer, keeps_unreadable=keeps_unreadable)


def _read(answer: httpx.Response, *, keeps_unreadable: bool) -> FeedPage:
    status = answer.status_code
    if status == HTTPStatus.TOO_MANY_REQUESTS or answer.is_server_error:
        message = f"The feed's producer answered {status}."
        raise Unavailable(message)
    if status != HTTPStatus.OK:
        message = f"The feed's producer answered {status}: look at the key and the cursor."
        raise FeedRefused(message)
    try:
        if keeps_unreadable:
            return _read_loosely(answer.content)
        return FeedPage.model_validate_json(answer.content)
    except ValidationError as error:
        message = "The feed's producer answered something that is not a page of events."
        raise FeedRefused(message) from error


def _read_loosely(content: bytes) -> FeedPage:
    page = _LoosePage.model_validate_json(content)
    events: list[FeedEvent] = []
    unreadable: list[Unreadable] = []
    for one in page.items:
        try:
            events.append(FeedEvent.model_validate(one))
        except ValidationError:
            unreadable.append(Unreadable(name=_name_of(one)))
    return FeedPage(items=events, next=page.next, unreadable=unreadable)


def _name_of(one: object) -> str:
    """Return an item's own id where it has a short one, else a hash of the item."""
    own = one.get("id") if isinstance(one, dict) else None
    if isinstance(own, str) and 0 < len(own) <= NAME_MAX and own.isprintable():
        return own
    return sha256(json.dumps(one, sort_keys=True).encode()).hexdigest()
