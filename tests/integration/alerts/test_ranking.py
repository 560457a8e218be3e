"""The largest institutions of each district become facts once a quarter (大型必谈)."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from alerts.judging.ranking import quarter_begins, rank
from tests.integration.alerts.feeds import Books, School, books_on


@pytest.fixture
async def books(fresh_database: object) -> AsyncIterator[Books]:
    async with books_on(fresh_database()) as made:  # type: ignore[operator]
        yield made


async def test_the_largest_of_a_district_are_to_be_interviewed_once_a_quarter(books: Books) -> None:
    now = await books.now()
    schools = [School(), School(), School(district_code="310104")]
    for place, school in enumerate(schools):
        paid = school.paid_in(now - timedelta(days=30), (place + 1) * 1_000_000)
        books.said.say(school.named(now - timedelta(days=40)), paid)
    await books.hear()
    await books.judge_all()
    assert await rank(books.database) == 3
    assert await rank(books.database) == 0, "nobody is ranked twice in a quarter"
    await books.judge_all()
    rows = await books.rows(
        "SELECT institution_id, tag, number, ref, at FROM alerts.fact WHERE kind = 'rank'"
    )
    places = {row["institution_id"]: (row["ref"], row["number"]) for row in rows}
    assert places == {
        schools[0].institution_id: ("320602", 2),
        schools[1].institution_id: ("320602", 1),
        schools[2].institution_id: ("310104", 1),
    }
    assert {row["at"] for row in rows} == {quarter_begins(now)}
    found = await books.rows("SELECT severity FROM alerts.\"case\" WHERE rule = 'top_n_interview'")
    assert [row["severity"] for row in found] == ["info"] * 3
