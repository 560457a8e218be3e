"""Two sources of one rank that differ: what was believed stays, and people are asked."""

from collections.abc import AsyncIterator
from dataclasses import replace

import httpx
import pytest

from registry_sync.mirror.sources import enrol
from registry_sync.sync.run import Syncing
from sandbox.bank.transport import WithoutNetwork
from sandbox.platform import PlatformOptions, create_platform
from tests.integration.registry.mirrors import NATIONAL, Mirror, Site, empty, mirror_on
from tests.integration.registry.truth import untouched
from tests.support.platform import Reader

SITES = 100
RANKS = {NATIONAL: 1, "province": 1}


@pytest.fixture
async def nation(owner_url: str) -> AsyncIterator[Mirror]:
    empty(owner_url)
    async with mirror_on(owner_url, institutions=SITES) as found:
        found.syncing.ranks = RANKS
        await found.sync()
        yield found


@pytest.fixture
async def province(nation: Mirror) -> AsyncIterator[Mirror]:
    """Yield the way to a second platform that lists the same, mirrored side by side."""
    app = create_platform(PlatformOptions(institutions=SITES, seed=7))
    await enrol(nation.database, RANKS)
    source = nation.source.model_copy(update={"name": "province"})
    async with httpx.AsyncClient(transport=WithoutNetwork(app)) as client:
        syncing = Syncing(nation.database, client, RANKS, https_only=False, pause_s=0)
        found = replace(nation, app=app, platform=Reader(app), syncing=syncing, source=source)
        assert (await found.sync()).result == "applied"
        yield found


async def contradict(nation: Mirror, province: Mirror) -> Site:
    """Let the province alone revoke a licence."""
    (site,) = await untouched(nation, 1)
    await province.revoke(site)
    outcome = await province.sync()
    assert (outcome.result, dict(outcome.withheld)) == ("withheld", {"conflict": 1})
    return site


async def test_the_last_writer_does_not_win(nation: Mirror, province: Mirror) -> None:
    site = await contradict(nation, province)
    assert await nation.status(site["uscc"]) == "normal"
    told = (await nation.events())[-1]
    assert (told["institution_id"], told["body"]["conflicts"]) == (site["uscc"], ["status"])
    assert told["body"]["effect"] == "none"
    await province.sync(everything=True)
    await nation.sync(everything=True)
    assert (await nation.holds(), await nation.freezing()) == ({"conflict": 1}, [])


async def test_two_persons_let_one_word_through_which_does_not_freeze(
    nation: Mirror, province: Mirror
) -> None:
    site = await contradict(nation, province)
    assert await province.vote("conflict", "an officer", "another one") == "approved"
    made = await province.look()
    assert made is not None
    assert made.result == "applied"
    assert await nation.status(site["uscc"]) == "revoked"
    told = (await nation.events())[-1]
    assert (told["type"], told["body"]["effect"]) == ("licence.revoked", "review")
    for one in (province, nation, province):
        assert (await one.sync(everything=True)).result == "applied"
    assert await nation.status(site["uscc"]) == "revoked"
    assert (await nation.holds(), await nation.holds("applied")) == ({}, {"conflict": 1})


async def test_a_word_that_was_rejected_is_not_asked_about_again(
    nation: Mirror, province: Mirror
) -> None:
    site = await contradict(nation, province)
    await province.vote("conflict", "an officer", verdict="reject")
    assert (await province.sync(everything=True)).result == "applied"
    assert (await nation.status(site["uscc"]), await nation.holds()) == ("normal", {})


async def test_a_conflict_ends_when_the_sources_agree(nation: Mirror, province: Mirror) -> None:
    site = await contradict(nation, province)
    await nation.revoke(site)
    assert (await nation.sync()).result == "applied"
    assert await nation.freezing() == [site["uscc"]]
    await province.sync(everything=True)
    assert await nation.holds() == {}
    assert await nation.holds("replaced") == {"conflict": 1}


async def test_a_conflict_nobody_decides_is_asked_about_again_after_a_day(
    nation: Mirror, province: Mirror
) -> None:
    await contradict(nation, province)
    await province.pass_time(hours=25)
    await province.sync()
    assert await nation.holds("expired") == {"conflict": 1}
    assert await nation.holds() == {"conflict": 1}
