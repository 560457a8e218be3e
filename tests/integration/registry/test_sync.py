"""A platform is mirrored: everything first, then what changes, then nothing."""

from collections.abc import AsyncIterator

import pytest

from tests.integration.registry.mirrors import Mirror, mirror_on
from tests.support.postgres import MakeDatabase


@pytest.fixture
async def mirror(fresh_database: MakeDatabase) -> AsyncIterator[Mirror]:
    async with mirror_on(fresh_database()) as found:
        yield found


async def test_the_first_look_takes_everything(mirror: Mirror) -> None:
    outcome = await mirror.sync()
    assert (outcome.result, outcome.set_aside) == ("applied", 0)
    full = await mirror.platform.full()
    (held,) = await mirror.rows("SELECT count(*) AS sites FROM registry.site")
    assert held["sites"] == len(full)
    assert outcome.changed == len({one["uscc"] for one in full})
    assert {one["type"] for one in await mirror.events()} == {"institution.listed"} | {
        one["type"] for one in await mirror.events("institution.listed")
    }
    assert await mirror.freezing() == []


async def test_the_second_look_finds_nothing_new(mirror: Mirror) -> None:
    await mirror.sync()
    before = await mirror.events()
    assert (await mirror.sync()).result == "unchanged"
    assert await mirror.events() == before


async def test_a_revocation_comes_by_delta_and_freezes(mirror: Mirror) -> None:
    await mirror.sync()
    (site,) = await mirror.sites(1)
    await mirror.revoke(site)
    assert (await mirror.sync()).result == "applied"
    assert await mirror.status(site["uscc"]) == "revoked"
    told = (await mirror.events())[-1]
    assert (told["institution_id"], told["type"]) == (site["uscc"], "licence.revoked")
    assert told["body"]["effect"] == "freeze"
    (fetch,) = await mirror.rows("SELECT kind FROM registry.fetch ORDER BY fetch_id DESC LIMIT 1")
    assert fetch["kind"] == "delta"
