"""Facts become judgings and cases: once each, as of the instant after the lock."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from alerts.judging import views
from tests.integration.alerts.feeds import Books, School, books_on


@pytest.fixture
async def books(fresh_database: object) -> AsyncIterator[Books]:
    async with books_on(fresh_database()) as made:  # type: ignore[operator]
        yield made


async def _robbed(books: Books) -> School:
    """Return a school out of whose account three quarters went in one debit."""
    school, now = School(), await books.now()
    books.said.say(
        school.named(now - timedelta(days=40)),
        school.paid_in(now - timedelta(days=40), 200_000_000),
        school.took_out(now - timedelta(hours=1), 150_000_000),
    )
    await books.hear()
    return school


async def _cases(books: Books) -> dict[str, Any]:
    rows = await books.rows('SELECT rule, severity, state, district_code FROM alerts."case"')
    return {row["rule"]: row for row in rows}


async def test_a_large_outflow_becomes_a_case(books: Books) -> None:
    school = await _robbed(books)
    assert await books.judge_all() == 1
    cases = await _cases(books)
    case = cases["large_outflow_single"]
    assert (case["severity"], case["state"], case["district_code"]) == ("critical", "new", "320602")
    (standing,) = await books.rows("SELECT * FROM alerts.institution")
    assert (standing["custody_fen"], standing["held_fen"]) == (50_000_000, 200_000_000)
    assert (standing["risk"], standing["touched_at"]) == ("critical", None)
    found = await books.rows(
        "SELECT sentence, fact_ids FROM alerts.evaluation WHERE rule = 'large_outflow_single'"
    )
    assert len(found) == 1
    assert "1,500,000.00 元" in found[0]["sentence"]
    assert "预设参数" in found[0]["sentence"]
    assert school.institution_id


async def test_judging_again_finds_nothing_new(books: Books) -> None:
    await _robbed(books)
    await books.judge_all()
    before = await books.rows("SELECT count(*) AS n FROM alerts.evaluation")
    steps = await books.rows("SELECT count(*) AS n FROM alerts.case_event")
    school = (await books.rows("SELECT institution_id FROM alerts.institution"))[0]
    await books.judge.judge([school["institution_id"]])
    assert await books.rows("SELECT count(*) AS n FROM alerts.evaluation") == before
    assert await books.rows("SELECT count(*) AS n FROM alerts.case_event") == steps


async def test_every_rule_is_counted_whatever_it_finds(books: Books) -> None:
    await _robbed(books)
    await books.judge_all()
    rows = await books.rows("SELECT rule, sum(number) AS n FROM alerts.evaluated GROUP BY rule")
    assert len(rows) == 22
    assert all(row["n"] >= 1 for row in rows)


async def test_a_sweep_judges_what_was_not_judged_for_a_while(books: Books) -> None:
    await _robbed(books)
    assert await books.judge.sweep() == 1
    assert await books.judge.sweep() == 0, "judged a moment ago"


async def test_an_institution_that_cannot_be_judged_stops_no_other(
    books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    robbed = [await _robbed(books) for _ in range(5)]
    broken = robbed[2].institution_id
    read = views.read

    async def failing(tx: Any, names: Any, *rest: Any) -> Any:  # noqa: ANN401 - as it is called
        if broken in names:
            raise RuntimeError("broken")
        return await read(tx, names, *rest)

    with monkeypatch.context() as patched:
        patched.setattr(views, "read", failing)
        with pytest.raises(ExceptionGroup, match="could not be judged"):
            await books.judge_all()
    waiting = await books.rows(
        "SELECT institution_id FROM alerts.institution WHERE touched_at IS NOT NULL"
    )
    assert [row["institution_id"] for row in waiting] == [broken]
    assert await books.judge_all() == 1


async def test_a_suppression_mutes_yellow_and_never_red(books: Books) -> None:
    school, now = School(), await books.now()
    await _silence(books, school, "large_outflow_single")
    books.said.say(
        school.named(now - timedelta(days=40)),
        school.paid_in(now - timedelta(days=40), 200_000_000),
        school.took_out(now - timedelta(hours=1), 21_000_000),
    )
    await books.hear()
    await books.judge_all()
    assert "large_outflow_single" not in await _cases(books)
    query = "SELECT outcome FROM alerts.evaluation WHERE rule = 'large_outflow_single'"
    assert [row["outcome"] for row in await books.rows(query)] == ["suppressed"]
    books.said.say(school.took_out(now - timedelta(minutes=30), 120_000_000))
    await books.hear()
    await books.judge_all()
    assert (await _cases(books))["large_outflow_single"]["severity"] == "critical"


async def _silence(books: Books, school: School, rule: str) -> None:
    async with books.database.begin() as connection:
        from sqlalchemy import text  # noqa: PLC0415 - only here

        await connection.execute(
            text(
                "INSERT INTO alerts.suppression (institution_id, suppression_id, rule, reason,"
                " made_by, made_at, ends_at) VALUES (:me, gen_random_uuid(), :rule, '装修付款',"
                " '张', now() - interval '1 day', now() + interval '5 days')"
            ),
            {"me": school.institution_id, "rule": rule},
        )
