"""Feeds become facts: once each, with the cursor, and nothing that came is lost."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from alerts.intake import place
from shared.pg.database import LedgerConnection
from tests.integration.alerts.feeds import Books, School, books_on, event


@pytest.fixture
async def fresh(fresh_database: object) -> AsyncIterator[Books]:
    async with books_on(fresh_database()) as made:  # type: ignore[operator]
        yield made


async def _facts(books: Books, school: School) -> list[tuple[str, int]]:
    query = "SELECT kind, amount_fen FROM alerts.fact WHERE institution_id = :me ORDER BY fact_id"
    rows = await books.rows(query, me=school.institution_id)
    return [(row["kind"], row["amount_fen"]) for row in rows]


async def test_events_become_facts_and_the_place_moves_with_them(fresh: Books) -> None:
    school, now = School(), await fresh.now()
    fresh.said.say(school.named(now), school.paid_in(now, 500))
    assert await fresh.hear() == 2
    assert await _facts(fresh, school) == [("identity", 0), ("credit", 500), ("funded", 500)]
    assert await place.read(fresh.database, "escrow") == "1"
    (known,) = await fresh.rows("SELECT * FROM alerts.institution")
    assert (known["district_code"], known["category"]) == ("320602", "non_subject")
    assert known["touched_at"] is not None


async def test_an_event_told_again_changes_nothing(fresh: Books) -> None:
    school, now = School(), await fresh.now()
    again = school.paid_in(now, 500)
    fresh.said.say(again)
    fresh.said.say(again, school.paid_in(now, 7))
    assert await fresh.hear() == 3
    facts = await _facts(fresh, school)
    assert sorted(facts) == [("credit", 7), ("credit", 500), ("funded", 7), ("funded", 500)]


async def test_what_nobody_understands_is_kept_and_stops_nothing(fresh: Books) -> None:
    school, now = School(), await fresh.now()
    unknown = event("tuition.teleported", now, {"amount_fen": 5}, school.institution_id)
    unclear = event("debit.unbacked", now, {"amount_fen": -5}, school.institution_id)
    stranger = event("debit.unbacked", now, {}, "nobody")
    fresh.said.say(unknown, unclear, stranger, school.paid_in(now, 500), unreadable=["no-event"])
    assert await fresh.hear() == 5
    kept = await fresh.rows("SELECT event_id, fault, body FROM alerts.set_aside")
    assert {row["event_id"]: row["fault"] for row in kept} == {
        str(unknown.id): "unknown_type",
        str(unclear.id): "field booked_at",
        str(stranger.id): "subject",
        "no-event": "unreadable",
    }
    assert {"amount_fen": 5} in [row["body"] for row in kept]
    assert await _facts(fresh, school) == [("credit", 500), ("funded", 500)]


async def test_a_page_broken_off_leaves_nothing_and_is_read_again(
    fresh: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    school, now = School(), await fresh.now()
    fresh.said.say(school.paid_in(now, 500))

    async def lost(tx: LedgerConnection, *_: object) -> None:
        raise RuntimeError("killed")

    with monkeypatch.context() as patched:
        patched.setattr(place, "move", lost)
        with pytest.raises(RuntimeError, match="killed"):
            await fresh.listener.once()
    assert await _facts(fresh, school) == []
    assert await place.read(fresh.database, "escrow") is None
    await fresh.hear()
    assert await _facts(fresh, school) == [("credit", 500), ("funded", 500)]


async def test_two_workers_take_in_a_page_once(fresh: Books) -> None:
    school, now = School(), await fresh.now()
    fresh.said.say(school.paid_in(now, 500))
    other = type(fresh.listener)(fresh.database, "escrow", fresh.said)  # type: ignore[arg-type]
    page = await fresh.said.page(None)
    fresh.said.pages.append(page)
    assert await fresh.listener.once() == 1
    fresh.said.asked.clear()
    assert await other.once() == 1, "the second page, which says the same"
    assert await _facts(fresh, school) == [("credit", 500), ("funded", 500)]


async def test_a_feed_that_is_silent_is_seen_to_answer(fresh: Books) -> None:
    assert await fresh.hear() == 0
    (row,) = await fresh.rows("SELECT * FROM alerts.feed")
    assert (row["feed"], row["cursor"], row["heard_at"]) == ("escrow", None, None)
    assert abs(row["read_at"] - await fresh.now()) < timedelta(minutes=1)
