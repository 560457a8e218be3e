"""The wire of every feed: the query and the shape of a page of CloudEvents.

Whose feed it is says its own route; this is what the routes of all services share.
"""

from typing import Annotated, Any, Final, Literal

from fastapi import Query
from pydantic import BaseModel, Field
from pydantic_core import core_schema as schemas

from shared.web.fields import Spelled

WAIT_MAX_S: Final = 30
"""A long poll shorter than the idle time-outs of common proxies."""

Wait = Annotated[
    int,
    Spelled(
        pattern=r"^[0-9]{1,2}$",
        value=schemas.int_schema(strict=False, ge=0, le=WAIT_MAX_S),
        code="wait_out_of_range",
        sentence="Must be a whole number of seconds from 0 to 30.",
        shown={"type": "integer", "minimum": 0, "maximum": WAIT_MAX_S},
    ),
    Query(description="Seconds to wait for an event where there is none yet."),
]


class CloudEvent(BaseModel):
    """One fact, as CloudEvents 1.0 with the extension `sequence`."""

    specversion: Literal["1.0"]
    id: str
    source: str
    type: str
    subject: str = Field(description="The institution.")
    time: str = Field(json_schema_extra={"format": "date-time"})
    datacontenttype: Literal["application/json"]
    sequence: str = Field(
        description="A decimal number, gapless per institution.", pattern="^[0-9]+$"
    )
    data: dict[str, Any]  # tidy: allow banned-name - CloudEvents' own word


class EventPage(BaseModel):
    """Events in feed order, and where to go on; null when there were none."""

    items: list[CloudEvent]
    next: str | None
