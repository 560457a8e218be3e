"""Pages of a feed, as far as no database is needed: their form and their cursors."""

import base64
import json
from contextlib import suppress
from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import MetaData

from shared.errors import Malformed
from shared.feed import outbox
from shared.feed.outbox import Event, Page, rendered
from shared.feed.tables import Xid8, epoch_table, event_table


def event(body: str = '{"contract_id":"C-1"}') -> Event:
    return Event(
        event_id=UUID(int=1),
        type="lessons.released",
        institution_id="91320602MA1ABCDE16",
        time=datetime(2026, 12, 5, 2, 0, tzinfo=UTC),
        sequence=12,
        body=body,
    )


def test_an_event_is_a_cloud_event_with_a_sequence() -> None:
    [shown] = json.loads(rendered(Page([event()], "c"), "/escrow"))["items"]
    assert shown == {
        "specversion": "1.0",
        "id": "00000000-0000-0000-0000-000000000001",
        "source": "/escrow",
        "type": "lessons.released",
        "subject": "91320602MA1ABCDE16",
        "time": "2026-12-05T10:00:00+08:00",
        "datacontenttype": "application/json",
        "sequence": "12",
        "data": {"contract_id": "C-1"},
    }


def test_data_goes_out_as_it_was_stored() -> None:
    body = '{"name": "少儿编程", "quote": "\\"}],\\"next\\":1", "big": 999999999999999}'
    page = json.loads(rendered(Page([event(body), event("[]")], "c"), "/escrow"))
    assert [shown["data"] for shown in page["items"]] == [json.loads(body), []]
    assert page["next"] == "c"


def test_an_empty_page_has_no_next() -> None:
    assert json.loads(rendered(Page([], None), "/escrow")) == {"items": [], "next": None}


def forged(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def test_a_cursor_names_a_place() -> None:
    place = outbox._decoded(forged([1, 2**62, "91320602MA1ABCDE16", 3]))
    assert place == outbox._Place(1, 2**62, "91320602MA1ABCDE16", 3)


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "x",
        "张三",
        "a" * 5_000,
        forged(None),
        forged([1, 2, "I"]),
        forged([1, 2, "I", 3, 4]),
        forged(["1", 2, "I", 3]),
        forged([1, 2, 3, 4]),
        forged([-1, 2, "I", 3]),
        forged([2**31, 2, "I", 3]),
        forged([1, 2**63, "I", 3]),
        forged([1, 2, "I", 2**63]),
        forged([1, 2, "I'", 3]),
        forged([1, 2, "", 3]),
        forged([1, 2, "\0", 3]),
        forged([1, 2, "张", 3]),
        forged([1, 2, "I", 3.5]),
        forged({"epoch": 1}),
    ],
)
def test_a_cursor_that_no_page_gave_is_refused(cursor: str) -> None:
    with pytest.raises(Malformed) as caught:
        outbox._decoded(cursor)
    assert caught.value.code == "cursor_invalid"


@given(st.text(max_size=80))
def test_no_text_makes_anything_but_a_refusal(cursor: str) -> None:
    with suppress(Malformed):
        outbox._decoded(cursor)


def test_the_tables_belong_to_the_service() -> None:
    metadata = MetaData(schema="tried")
    events, epochs = event_table(metadata), epoch_table(metadata)
    assert (events.fullname, epochs.fullname) == ("tried.event", "tried.feed_epoch")
    assert [column.name for column in events.primary_key] == ["institution_id", "sequence"]
    [index] = events.indexes
    assert [column.name for column in index.columns] == [
        "epoch",
        "order_xid",
        "institution_id",
        "sequence",
    ]
    assert Xid8().get_col_spec() == "xid8"
