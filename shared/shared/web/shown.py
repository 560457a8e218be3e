"""Types of the fields that we answer with, where the wire asks for a form of its own."""

from datetime import datetime
from typing import Annotated

from pydantic import PlainSerializer, WithJsonSchema

from shared.time import rfc3339

Moment = Annotated[
    datetime,
    PlainSerializer(rfc3339, return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time"}, mode="serialization"),
]
"""An instant with the offset of Asia/Shanghai, as the wire contract shows times."""
