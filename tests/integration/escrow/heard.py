"""A registry whose feed says what a test lets it say, and a worker's listener to it."""

from collections import Counter
from typing import Any
from uuid import UUID

import httpx
from prometheus_client import REGISTRY

from escrow.events.registry import Listener
from escrow.policies.store import policies_of, read_documents
from shared.feed.reader import Reader
from shared.ids import new_id
from shared.pg.database import Database
from shared.time import rfc3339, wall_clock

Json = dict[str, Any]

URL = "http://registry.test/v1/events"


class Feed:
    """Pages of events, as the registry serves them; a cursor of another feed begins anew."""

    def __init__(self) -> None:
        """Begin with nothing said."""
        self.mark = new_id().hex
        self.items: list[object] = []
        self.numbers: Counter[str] = Counter()
        self.asked: list[httpx.Request] = []
        self.status = 200

    def say(self, institution_id: str, kind: str, effect: str = "none", **said: object) -> UUID:
        """Say one thing of an institution, under its next number; return the event's id."""
        self.numbers[institution_id] += 1
        return self.say_anew(institution_id, kind, {"effect": effect, **said})

    def say_anew(self, institution_id: str, kind: str, said: Json, **changes: object) -> UUID:
        """Say one thing with the number as it is."""
        event_id = new_id()
        self.items.append(
            {
                "specversion": "1.0",
                "id": str(event_id),
                "source": "urn:yike:registry-sync",
                "type": kind,
                "subject": institution_id,
                "time": rfc3339(wall_clock()),
                "datacontenttype": "application/json",
                "sequence": str(self.numbers[institution_id]),
                "data": {"source": "national", "rank": 1, "brand_new": [1], **said},
                "traceparent": "00-0",
                **changes,
            }
        )
        return event_id

    def answer(self, request: httpx.Request) -> httpx.Response:
        """Serve the page that follows a cursor."""
        self.asked.append(request)
        if self.status != 200:
            return httpx.Response(self.status)
        mark, _, number = request.url.params.get("after", "").partition("/")
        place = int(number) if mark == self.mark else 0
        items = self.items[place : place + int(request.url.params["limit"])]
        following = f"{self.mark}/{place + len(items)}" if items else None
        return httpx.Response(200, json={"items": items, "next": following, "brand_new": 1})

    def listener(self, database: Database) -> Listener:
        """Return a worker's ear at this feed."""
        client = httpx.AsyncClient(transport=httpx.MockTransport(self.answer))
        policies = policies_of(read_documents())
        return Listener(database, policies, Reader(client, URL, "yk_x_y"))


def counted(kind: str, outcome: str) -> float:
    """Return how many events of a type came to this."""
    labels = {"type": kind, "outcome": outcome}
    return REGISTRY.get_sample_value("tuition_escrow_registry_events_total", labels) or 0
