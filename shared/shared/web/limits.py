"""What a route that reads its own body needs, in one import."""

from shared.web.bodies import json_body, read_body
from shared.web.fields import (
    BATCH_MAX,
    LESSON_NO_MAX,
    AccountNumber,
    Batch,
    CallerId,
    Day,
    DistrictCode,
    FenField,
    FenOrZero,
    Instant,
    InstitutionIdField,
    LessonNo,
    Shape,
    Since,
    Until,
    refusal,
    text,
)
from shared.web.idempotency import idempotency_key
from shared.web.paging import LIMIT_DEFAULT, After, Limit, decode_cursor, encode_cursor

__all__ = [
    "BATCH_MAX",
    "LESSON_NO_MAX",
    "LIMIT_DEFAULT",
    "AccountNumber",
    "After",
    "Batch",
    "CallerId",
    "Day",
    "DistrictCode",
    "FenField",
    "FenOrZero",
    "Instant",
    "InstitutionIdField",
    "LessonNo",
    "Limit",
    "Shape",
    "Since",
    "Until",
    "decode_cursor",
    "encode_cursor",
    "idempotency_key",
    "json_body",
    "read_body",
    "refusal",
    "text",
]
