"""A platform is mirrored: everything first, then what changes, then nothing."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from registry_sync.mirror import lapsing
from registry_sync.mirror.sources import enrol
from registry_sync.settings import SourceSettings
from registry_sync.sync.run import Outcome, Syncing
from registry_sync.worker import Rounds
from tests.integration.registry.mirrors import Mirror, mirror_on
from tests.support.postgres import MakeDatabase, run_sql


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


async def stands(mirror: Mirror) -> dict[str, Any]:
    """Return where the source stands."""
    (found,) = await mirror.rows("SELECT * FROM registry.source")
    return found


async def test_an_answer_without_news_is_fresh_and_no_change(mirror: Mirror) -> None:
    await mirror.sync()
    before = await stands(mirror)
    for everything in (False, True):
        mirror.wait(60)
        assert (await mirror.sync(everything=everything)).changed == 0
        after = await stands(mirror)
        assert after["last_success_at"] - before["last_success_at"] >= timedelta(seconds=60)
        assert after["last_change_at"] == before["last_change_at"]
        assert after["version"] == before["version"]
        before = after


async def test_a_batch_of_which_nothing_is_believed_moves_nothing(mirror: Mirror) -> None:
    await mirror.sync()
    before = await stands(mirror)
    await mirror.platform.turn(schema_drift=True)
    assert (await mirror.sync()).result == "withheld"
    after = await stands(mirror)
    assert (after.pop("last_result"), after.pop("last_tried_at") is None) == ("withheld", False)
    assert after == {name: before[name] for name in after}


async def test_everything_is_fetched_again_after_a_day(mirror: Mirror) -> None:
    await mirror.sync()
    (site,) = await mirror.sites(1)
    for hours in (0, 23, 1):
        await mirror.pass_time(hours=hours)
        await mirror.platform.change({"uscc": site["uscc"], "address": f"示例新街{hours}号"})
        await mirror.sync()
    fetches = await mirror.rows("SELECT kind FROM registry.fetch ORDER BY fetch_id")
    assert [one["kind"] for one in fetches] == ["full", "delta", "delta", "full"]


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


async def test_a_fault_of_ours_at_one_source_keeps_no_other_waiting(mirror: Mirror) -> None:
    """The platform of the whole country is read though something is wrong with a city's."""
    city = mirror.source.model_copy(update={"name": "city", "mapping": "nowhere"})
    await enrol(mirror.database, {"city": 2})
    own = mirror.syncing
    faulty = Faulty(own.database, own.client, own.ranks, own.https_only, own.pause_s)
    with pytest.raises(ExceptionGroup, match="some sources") as faults:
        await Rounds(mirror.database, [city, mirror.source], faulty, poll_s=86_400).look()
    assert [str(one) for one in faults.value.exceptions] == ["planted"]
    (row,) = await mirror.rows("SELECT last_result FROM registry.source WHERE source = 'national'")
    assert row["last_result"] == "applied"


class Faulty(Syncing):
    """Fails at a city's platform as nothing foreseen does."""

    async def sync(self, source: SourceSettings, *, everything: bool = False) -> Outcome:
        if source.name == "city":
            raise RuntimeError("planted")
        return await super().sync(source, everything=everything)


async def test_a_source_that_is_named_no_more_stands_in_nobodys_way(mirror: Mirror) -> None:
    """What it said stays, under the rank it had; the others go on."""
    await mirror.sync()
    (site,) = await mirror.sites(1)
    await enrol(mirror.database, {"former": 3})
    run_sql(
        mirror.owner_url,
        "INSERT INTO registry.site SELECT institution_id, 'former', licence_no, digest, said,"
        " valid_from, statement_no, evidence, first_seen_at, missing_since, missing_fulls"
        f" FROM registry.site WHERE institution_id = '{site['uscc']}'",
    )
    await mirror.revoke(site)
    assert (await mirror.sync()).result == "applied"
    assert await mirror.freezing() == [site["uscc"]]


async def test_nothing_lapses_while_the_source_is_late(mirror: Mirror) -> None:
    """A licence renewed unseen is no reason to close a school at midnight."""
    await mirror.sync()
    (site,) = await mirror.sites(1)
    await mirror.platform.change({"uscc": site["uscc"], "licenceValidTo": "2026-12-31"})
    await mirror.sync()
    mirror.wait(60 * 86_400)
    assert await lapsing.lapse(mirror.database, {"national": 1}) == 0
    await mirror.platform.http.put("/desk/clock", json={"offset_s": 60 * 86_400})
    await mirror.sync()
    await lapsing.lapse(mirror.database, {"national": 1})
    assert await mirror.status(site["uscc"]) == "expired"
