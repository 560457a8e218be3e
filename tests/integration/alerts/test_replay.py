"""Whatever was judged can be judged again: the same outcome and sentence, whatever came since."""

import random
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from alerts.domain.outcome import Verdict
from alerts.judging.replay import replay
from tests.integration.alerts.feeds import Books, School, books_on, event


@pytest.fixture
async def books(fresh_database: object) -> AsyncIterator[Books]:
    async with books_on(fresh_database()) as made:  # type: ignore[operator]
        yield made


async def _evaluations(books: Books) -> list[dict[str, Any]]:
    return await books.rows("SELECT * FROM alerts.evaluation ORDER BY evaluation_id")


async def _a_varied_week(books: Books, seed: int) -> School:
    """Let some days pass over a school, judged after every few events; some come late."""
    chance, school, now = random.Random(seed), School(), await books.now()
    events = [school.named(now - timedelta(days=60))]
    for day in range(60, 0, -3):
        at = now - timedelta(days=day, hours=chance.randrange(24))
        events.append(school.paid_in(at, chance.randrange(1, 60) * 1_000_000))
        if chance.random() < 0.5:
            events.append(school.took_out(at, chance.randrange(1, 40) * 1_000_000))
    refund = {"refund_id": "R1", "state": "requested", "amount_fen": 5_000}
    events.append(event("refund.changed", now, refund, school.institution_id))
    chance.shuffle(events)
    for place in range(0, len(events), 7):
        books.said.say(*events[place : place + 7])
        await books.hear()
        await books.judge_all()
    return school


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_every_evaluation_says_the_same_again(books: Books, seed: int) -> None:
    school = await _a_varied_week(books, seed)
    stored = await _evaluations(books)
    assert len({row["rule"] for row in stored}) >= 3, "a week worth judging again"
    for row in stored:
        again = await replay(books.database, school.institution_id, row["evaluation_id"])
        assert again is not None
        assert again.agrees, (row["rule"], again)


async def _above_the_floor(books: Books, school: School, amount_fen: int) -> None:
    """Let a deposit come in, to an account that must hold a million yuan."""
    paid = school.paid_in(await books.now(), amount_fen)
    floor = {"required_fen": 100_000_000, "present_fen": 100_000_000}
    body = {**paid.data, "floor": floor}
    books.said.say(event("receipt.matched", paid.time, body, school.institution_id))
    await books.hear()
    await books.judge_all()


async def test_a_case_that_was_closed_since_does_not_change_what_was_judged(books: Books) -> None:
    """An open case keeps a yellow line from falling back at once; so it must when asked again."""
    school = School()
    books.said.say(school.named(await books.now()))
    await _above_the_floor(books, school, 105_000_000)
    await _above_the_floor(books, school, 10_000_000)
    rows = [one for one in await _evaluations(books) if one["rule"] == "min_balance_breach"]
    assert len(rows) == 2, "at 115 % it is still told, because a case is open"
    async with books.database.ledger() as tx:
        await tx.execute("UPDATE alerts.\"case\" SET state = 'closed', closed_at = now()")
    for row in rows:
        again = await replay(books.database, school.institution_id, row["evaluation_id"])
        assert again is not None
        assert again.agrees, (row["rule"], again)


async def test_a_contradiction_that_came_since_changes_only_what_is_judged_from_now_on(
    books: Books,
) -> None:
    school, now = School(), await books.now()
    wrong = school.took_out(now - timedelta(hours=2), 150_000_000)
    paid_in = school.paid_in(now - timedelta(days=40), 200_000_000)
    books.said.say(school.named(now - timedelta(days=40)), paid_in, wrong)
    await books.hear()
    await books.judge_all()
    (row,) = [one for one in await _evaluations(books) if one["rule"] == "large_outflow_single"]
    right = {**wrong.data, "amount_fen": 150_000}
    books.said.say(event("debit.unbacked", now, right, school.institution_id, 2))
    await books.hear()
    again = await replay(books.database, school.institution_id, row["evaluation_id"])
    assert again is not None
    assert again.agrees
    came = await books.judge.judge([school.institution_id])
    rules = {one.edition.rule.key for one in came.found if one.outcome.verdict is Verdict.hit}
    assert "large_outflow_single" not in rules, "both are kept, the last one heard is believed"
    kept = await books.rows("SELECT amount_fen FROM alerts.fact WHERE kind = 'debit'")
    assert sorted(row["amount_fen"] for row in kept) == [150_000, 150_000_000]


async def test_what_was_never_judged_cannot_be_judged_again(books: Books) -> None:
    school = School()
    made = await books.rows("SELECT gen_random_uuid() AS id")
    assert await replay(books.database, school.institution_id, made[0]["id"]) is None
