"""Every fault of a platform, played through: what is believed, what waits, and what follows.

Under each fault a licence is truly revoked, and another right after the fault has ended.
Whatever the fault, nobody else is frozen, what was good before stays, and in the end the
mirror says what the platform's register says.
"""

import asyncio
import json
from argparse import Namespace
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from registry_sync.commands import run_reset_version
from registry_sync.mirror import sources
from sandbox.bank.transport import WithoutNetwork
from shared.errors import StartupRefused
from tests.integration.registry.mirrors import Mirror, Site, empty, mirror_on
from tests.integration.registry.truth import differences, register, untouched

SITES = 150


@dataclass(frozen=True)
class Case:
    """A fault, and what one look at the platform comes to under it."""

    name: str
    switch: float
    result: str
    holds: dict[str, int] = field(default_factory=dict)
    aside: int = 0
    is_told: bool = False
    """Whether the true revocation acts though the fault lasts."""
    keeps_all: bool = True
    """Whether nothing of the batch is believed."""

    def __str__(self) -> str:
        return self.name


REFUSED = [
    Case("truncated", 1, "truncated"),
    Case("rollback", 2, "rollback"),
    Case("server_error", 1, "unreachable"),
    Case("silent", 1, "unreachable"),
    Case("slow_s", 1, "unreachable"),
    Case("wrong_hash", 1, "hash_wrong"),
    Case("wrong_count", 1, "count_wrong"),
    Case("wrong_signature", 1, "signature_wrong"),
    Case("bomb", 1, "bomb"),
    Case("foreign_host", 1, "host_not_allowed"),
    Case("stale", 1, "overdue"),
]
HELD = [
    Case("empty", 1, "withheld", {"empty": SITES}),
    Case("fast_forward", 5_000, "withheld", {"fast_forward": 1}),
    Case("schema_drift", 1, "withheld", {"schema_drift": 1}),
    Case("clock_skew_s", 3_600, "withheld", {"clock": 1}),
    Case("fill_drop", 0.3, "withheld", {"fill_rate": 46}),
]
PARTLY = [
    Case("half", 1, "withheld", {"shrink": SITES // 2}, is_told=True, keeps_all=False),
    Case("mass_revoke", 10, "withheld", {"mass_revocation": 11}, keeps_all=False),
    Case("unknown_status", 2, "applied", is_told=True, keeps_all=False),
    Case("duplicate_rows", 2, "applied", aside=4, is_told=True, keeps_all=False),
    Case("bad_codes", 2, "applied", aside=2, is_told=True, keeps_all=False),
    Case("numeric_ids", 2, "applied", aside=2, is_told=True, keeps_all=False),
    Case("mismatched_licence", 2, "applied", aside=2, is_told=True, keeps_all=False),
    Case("broken_line", 2, "applied", aside=2, is_told=True, keeps_all=False),
    Case("delta_gap", 1, "applied", is_told=True, keeps_all=False),
    Case("gone", 1, "applied", is_told=True, keeps_all=False),
]


@pytest.fixture
async def mirror(owner_url: str) -> AsyncIterator[Mirror]:
    empty(owner_url)
    async with mirror_on(owner_url, institutions=SITES) as found:
        found.syncing.silence_s = 0.3
        assert (await found.sync()).result == "applied"
        await found.platform.change(await renamed(found))
        assert (await found.sync()).result == "applied"
        yield found


async def renamed(mirror: Mirror) -> Site:
    """Return a site's change that nobody minds."""
    site = (await register(mirror))[-1]
    return {"uscc": site["uscc"], "licenceNo": site["licenceNo"], "address": "示例新街7号"}


async def belief(mirror: Mirror, *but: Site) -> list[dict[str, Any]]:
    """Return how all institutions are believed to stand, but for some."""
    rows = await mirror.rows("SELECT institution_id, body FROM registry.institution ORDER BY 1")
    left_out = {one["uscc"] for one in but}
    return [one for one in rows if one["institution_id"] not in left_out]


@pytest.mark.parametrize("case", [*REFUSED, *HELD, *PARTLY], ids=str)
async def test_a_fault_freezes_nobody_wrongly_and_loses_no_revocation(
    mirror: Mirror, case: Case
) -> None:
    if case.name == "fill_drop":
        for _ in range(3):  # as many runs say how full a field usually is
            await mirror.sync(everything=True)
    before = await belief(mirror)
    await mirror.platform.turn(**{case.name: case.switch})
    during, after = await untouched_by(mirror, case)
    await mirror.revoke(during)
    outcome = await mirror.sync()
    assert (outcome.result, outcome.set_aside) == (case.result, case.aside)
    assert await mirror.holds() == case.holds
    assert await mirror.freezing() == ([during["uscc"]] if case.is_told else [])
    if case.keeps_all:
        assert await belief(mirror) == before
    await mirror.sync()
    assert await mirror.freezing() == ([during["uscc"]] if case.is_told else [])

    await mirror.platform.http.delete("/desk/faults")
    await mirror.revoke(after)
    assert (await mirror.sync()).result == "applied"
    assert await differences(mirror) == []
    assert sorted(await mirror.freezing()) == sorted([during["uscc"], after["uscc"]])
    assert (await mirror.holds(), await mirror.absences()) == ({}, [])


async def untouched_by(mirror: Mirror, case: Case) -> list[Site]:
    """Return two sites that the fault leaves alone, where it leaves any."""
    if case.name in {"empty", "schema_drift"}:  # they leave none
        await mirror.platform.http.delete("/desk/faults")
    found = await untouched(mirror, 2)
    await mirror.platform.turn(**{case.name: case.switch})
    return found


class Signing(httpx.AsyncBaseTransport):
    """A line on which the platform signs a manifest that counts one line too many."""

    def __init__(self, app: FastAPI) -> None:
        self.line = WithoutNetwork(app)
        self.signer = app.state.platform.signer

    async def handle_async_request(  # tidy: allow banned-name - httpx's own word
        self, request: httpx.Request
    ) -> httpx.Response:
        answer = await self.line.handle_async_request(request)
        if request.url.path != "/manifest":
            return answer
        said = json.loads(await answer.aread())
        del said["signature"]
        said["full"]["count"] += 1
        signed = json.dumps({**said, "signature": self.signer.sign(said)}).encode()
        return httpx.Response(200, stream=httpx.ByteStream(signed))


async def test_a_full_list_has_as_many_lines_as_the_manifest_says(mirror: Mirror) -> None:
    before = await belief(mirror)
    await mirror.revoke((await untouched(mirror, 1))[0])
    async with httpx.AsyncClient(transport=Signing(mirror.app)) as client:
        mirror.syncing.client = client
        assert (await mirror.sync(everything=True)).result == "count_wrong"
    assert await belief(mirror) == before


async def test_a_manifest_of_another_source_is_refused(mirror: Mirror) -> None:
    before = await belief(mirror)
    await mirror.revoke((await untouched(mirror, 1))[0])
    mirror.source = mirror.source.model_copy(update={"mapping": "white_list"})
    assert (await mirror.sync()).result == "manifest_wrong"
    assert await belief(mirror) == before


async def test_a_stale_source_freezes_nobody_and_loses_no_revocation(mirror: Mirror) -> None:
    """What an overdue manifest says acts once a fresh one says it, and not before."""
    (site,) = await untouched(mirror, 1)
    await mirror.revoke(site)
    await mirror.platform.turn(stale=True)
    for everything in (False, True):
        assert (await mirror.sync(everything=everything)).result == "overdue"
    assert await mirror.freezing() == []
    assert await mirror.status(site["uscc"]) == "normal"
    state = (await sources.states(mirror.database))[mirror.source.name]
    assert state.is_stale(await sources.clock(mirror.database))
    await mirror.platform.http.delete("/desk/faults")
    assert (await mirror.sync()).result == "applied"
    assert await mirror.freezing() == [site["uscc"]]
    state = (await sources.states(mirror.database))[mirror.source.name]
    assert not state.is_stale(await sources.clock(mirror.database))


async def test_an_institution_that_keeps_turning_is_held_alone(mirror: Mirror) -> None:
    await mirror.platform.turn(flap=True)
    results = [(await mirror.sync()).result]
    for _ in range(5):
        await mirror.platform.publish()
        results.append((await mirror.sync()).result)
    assert results == [*["applied"] * 3, "withheld", "applied", "withheld"]
    assert await mirror.holds() == {"flapping": 1}
    (site, _) = await untouched(mirror, 2)
    await mirror.revoke(site)
    await mirror.sync()
    assert await mirror.freezing() == [site["uscc"]]
    await mirror.platform.http.delete("/desk/faults")
    assert (await mirror.sync()).result == "withheld"
    assert await mirror.holds() == {"flapping": 1}
    assert await mirror.vote("flapping", "an officer", "another one") == "approved"
    await mirror.look()
    assert await differences(mirror) == []
    assert await mirror.holds() == {}


async def test_rows_left_out_by_a_full_batch_are_counted_and_come_back(mirror: Mirror) -> None:
    await mirror.platform.turn(bad_codes=1, numeric_ids=1, broken_line=1)
    await mirror.sync(everything=True)
    (row,) = await mirror.rows("SELECT count(*) AS n FROM registry.site WHERE missing_fulls > 0")
    assert row["n"] == 3
    assert await mirror.freezing() == []
    await mirror.platform.http.delete("/desk/faults")
    await mirror.sync(everything=True)
    assert await differences(mirror) == []


async def test_a_first_list_that_is_wrong_does_not_stay_believed(
    owner_url: str,
) -> None:
    empty(owner_url)
    async with mirror_on(owner_url, institutions=SITES) as mirror:
        await mirror.platform.turn(mismatched_licence=2)
        await mirror.sync()
        await mirror.platform.http.delete("/desk/faults")
        for _ in range(4):
            await mirror.pass_time(hours=25)
            await mirror.sync(everything=True)
        await mirror.sync(everything=True)
        wrong = [one.partition(": ") for one in await differences(mirror)]
        never = {one[0].partition("'")[2][:18] for one in wrong if one[2] == "never listed"}
        assert {one[0] for one in wrong if one[2] != "never listed"} <= never
        assert await mirror.freezing() == []


async def test_a_site_changed_twice_between_two_looks_stands_as_it_was_changed_last(
    mirror: Mirror,
) -> None:
    (site, _) = await untouched(mirror, 2)
    await mirror.platform.change(
        {"uscc": site["uscc"], "licenceNo": site["licenceNo"], "orgStatus": "停业"}
    )
    await mirror.revoke(site)
    outcome = await mirror.sync()
    assert (outcome.result, outcome.set_aside) == ("applied", 0)
    assert await mirror.freezing() == [site["uscc"]]
    assert await differences(mirror) == []


async def test_a_clock_ahead_of_ours_is_not_believed_to_last_longer(mirror: Mirror) -> None:
    (before,) = await mirror.rows("SELECT valid_until FROM registry.source")
    await mirror.platform.turn(clock_skew_s=30 * 86_400)
    assert (await mirror.sync()).result == "unchanged"
    assert await mirror.rows("SELECT valid_until FROM registry.source") == [before]


async def test_what_waits_whole_is_not_fetched_again_at_every_look(mirror: Mirror) -> None:
    await mirror.platform.turn(schema_drift=True)
    assert (await mirror.sync()).result == "withheld"
    fetches = await mirror.rows("SELECT fetch_id FROM registry.fetch")
    assert (await mirror.sync()).result == "withheld"
    assert await mirror.rows("SELECT fetch_id FROM registry.fetch") == fetches


async def test_a_source_that_went_back_is_read_again_once_its_version_is_forgotten(
    mirror: Mirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two persons let a jump through that was an error, and the source takes it back."""
    await mirror.platform.turn(fast_forward=5_000)
    await mirror.sync()
    assert await mirror.vote("fast_forward", "one", "another") == "approved"
    await mirror.look()
    await mirror.platform.turn(fast_forward=0)
    (site,) = await untouched(mirror, 1)
    await mirror.revoke(site)
    assert (await mirror.sync(everything=True)).result == "rollback"
    monkeypatch.setenv("DATABASE_URL", mirror.owner_url)
    await asyncio.to_thread(run_reset_version, Namespace(source=mirror.source.name))
    assert (await mirror.sync()).result == "applied"
    assert await mirror.status(site["uscc"]) == "revoked"


async def test_a_version_is_forgotten_of_a_source_that_there_is(
    mirror: Mirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", mirror.owner_url)
    with pytest.raises(StartupRefused, match="elsewhere"):
        await asyncio.to_thread(run_reset_version, Namespace(source="elsewhere"))
