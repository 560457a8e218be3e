"""Fields of answers."""

from datetime import UTC, datetime

from pydantic import TypeAdapter

from shared.web.shown import Moment


def test_a_moment_is_shown_with_shanghais_offset() -> None:
    kind = TypeAdapter(Moment)
    assert kind.dump_json(datetime(2026, 12, 5, 1, tzinfo=UTC)) == b'"2026-12-05T09:00:00+08:00"'
    assert kind.json_schema(mode="serialization") == {"type": "string", "format": "date-time"}
