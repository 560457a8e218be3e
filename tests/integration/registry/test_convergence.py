"""Random histories of a platform and its mirror: whatever happened, in the end both agree.

The platform changes, lies, falls silent and comes back; the mirror takes deltas and full
lists, twice or never, is killed on the way, and people let through or reject what it held.
A bureau sends sheets, which are previewed, accepted, broken off and accepted again.
Then the switches are off, what waits is approved, and the mirror must say what a new mirror
says that takes one full list and the last sheet.

Two things may differ, for they tell of the way and not of the end: the hash of the file that
a site's word came in (`evidence`), and how many events an institution has.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import suppress
from random import Random
from typing import Any
from uuid import UUID

import pytest

from registry_sync.mirror import lapsing
from registry_sync.mirror.sources import enrol
from registry_sync.settings import SourceSettings
from registry_sync.sync import sheets
from shared.errors import Conflict
from tests.integration.registry.mirrors import NATIONAL, Mirror, Site, empty, mirror_on
from tests.integration.registry.truth import differences, register
from tests.support.client import an_institution_id
from tests.support.postgres import MakeDatabase, registry_url, run_sql
from tests.unit.registry_sync.source.books import HEADER, a_book

SITES = 90
STEPS = 22
BROKEN_OFF = 0.4
OFFICER = sheets.Officer("an officer")
BUREAU = SourceSettings(name="city_list", kind="sheet", rank=3, mapping="white_list")
HOURS_MAX = 60
"""Less than it takes to be gone: a licence does not change hands."""

STATUSES = ("正常", "正常", "停业", "注销", "吊销", "许可证过期", "终止清算", "转型", "另议")
FAULTS: tuple[dict[str, float], ...] = (
    *({"empty": 1}, {"truncated": 1}, {"half": 1}, {"rollback": 2}, {"fast_forward": 5_000}),
    *({"delta_gap": 1}, {"gone": 1}, {"server_error": 1}, {"schema_drift": 1}),
    *({"unknown_status": 2}, {"mass_revoke": 9}, {"fill_drop": 0.3}, {"duplicate_rows": 2}),
    *({"bad_codes": 1}, {"numeric_ids": 1}, {"wrong_hash": 1}, {"wrong_count": 1}),
    *({"wrong_signature": 1}, {"clock_skew_s": 3_600}, {"stale": 1}, {"foreign_host": 1}),
    *({"flap": 1}, {"mismatched_licence": 2}, {"broken_line": 1}),
    {"truncated": 0.5, "server_error": 0.3, "gone": 0.5},
)


class History:
    """One random history of a mirror, and whom the platform ever spoke against."""

    def __init__(self, mirror: Mirror, seed: int) -> None:
        self.mirror = mirror
        self.chance = Random(seed)
        self.steps: list[str] = []
        self.spoken_against: set[str] = set()
        self.passed_h = 0
        self.listed: dict[str, list[object]] = {}
        """The rows of the bureau's list, by licence."""

    async def step(self) -> None:
        """Do one thing, and remember which."""
        kinds = {
            self.change: 6,
            self.look: 5,
            self.look_at_all: 3,
            self.crash: 3,
            self.spoil: 3,
            self.clear: 3,
            self.revoke_many: 1,
            self.enter: 1,
            self.send_sheet: 3,
            self.wait: 1,
            self.decide: 2,
        }
        kind = self.chance.choices([*kinds], [*kinds.values()])[0]
        self.steps.append(kind.__name__)
        await kind()

    async def change(self) -> None:
        for site in self.chance.sample(await register(self.mirror), self.chance.randint(1, 3)):
            what: dict[str, Any] = self.chance.choice(
                [
                    {"orgStatus": self.chance.choice(STATUSES)},
                    {"blackList": self.chance.choice("01")},
                    {"whiteList": self.chance.choice("01")},
                    {"licenceValidTo": self.chance.choice(["长期", "2020-01-01", ""])},
                    {"address": f"示例路{self.chance.randint(1, 99)}号"},
                    {"orgName": f"{site['orgName']}总校"},
                ]
            )
            await self.put(site, **what)

    async def put(self, *sites: Site, **what: Any) -> None:  # noqa: ANN401 - what sites have
        if what.get("orgStatus") == "吊销" or what.get("blackList") == "1":
            self.spoken_against |= {one["uscc"] for one in sites}
        keys = ("uscc", "licenceNo")
        await self.mirror.platform.change(*({k: one[k] for k in keys} | what for one in sites))

    async def revoke_many(self) -> None:
        await self.put(*self.chance.sample(await register(self.mirror), 8), orgStatus="吊销")

    async def enter(self) -> None:
        name = f"示例新设{self.chance.randint(10, 99)}培训中心"
        await self.mirror.platform.change({"uscc": an_institution_id(), "orgName": name})

    async def send_sheet(self) -> None:
        """Let a bureau send its list, longer and changed, and do with it one thing or another."""
        for site in self.chance.sample(await register(self.mirror), 12):
            if site["licenceNo"]:
                until = f"20{self.chance.randint(60, 80)}-06-30"
                address = f"示例街{self.chance.randint(1, 99)}号"
                row = [site["orgName"], site["uscc"], site["licenceNo"], "正常", until, address]
                self.listed[site["licenceNo"]] = row
        found = await preview_of(self.mirror, self.listed)
        if self.chance.random() < BROKEN_OFF:
            task = asyncio.create_task(accepted(self.mirror, found))
            await asyncio.sleep(self.chance.random() * 0.1)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        for _ in range(self.chance.randint(0, 2)):
            with suppress(Conflict):  # accepted before it was broken off, or twice
                await accepted(self.mirror, found)

    async def look(self) -> None:
        await self.mirror.sync()

    async def look_at_all(self) -> None:
        await self.mirror.sync(everything=True)

    async def crash(self) -> None:
        task = asyncio.create_task(self.mirror.sync(everything=self.chance.random() < 0.5))
        await asyncio.sleep(self.chance.random() * 0.15)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    async def spoil(self) -> None:
        await self.mirror.platform.turn(**self.chance.choice(FAULTS))
        if self.chance.random() < 0.7:
            await self.mirror.sync()

    async def clear(self) -> None:
        await self.mirror.platform.http.delete("/desk/faults")

    async def wait(self) -> None:
        hours = self.chance.choice([1, 13, 25])
        if self.passed_h + hours <= HOURS_MAX:
            self.passed_h += hours
            await self.mirror.pass_time(hours=hours)

    async def decide(self) -> None:
        """Decide what waits, but for a jump: once believed, what comes before it never is."""
        for reason in sorted((await self.mirror.holds()).keys() - {"fast_forward"}):
            verdict = self.chance.choice(["approve", "approve", "reject"])
            with suppress(Conflict):  # it ran out meanwhile
                await self.mirror.vote(reason, "an officer", "another one", verdict=verdict)
        await self.mirror.look()

    async def come_to_rest(self) -> None:
        """End every fault, and let through whatever waits."""
        await self.clear()
        for _ in range(6):
            await self.mirror.sync(everything=True)
            if not await self.mirror.holds():
                break
            for reason in await self.mirror.holds():
                await self.mirror.vote(reason, "an officer", "another one")
            await self.mirror.look()
        await accepted(self.mirror, await preview_of(self.mirror, self.listed))
        await lapsing.lapse(self.mirror.database, {NATIONAL: 1})


async def preview_of(mirror: Mirror, listed: dict[str, list[object]]) -> UUID:
    """Send a bureau's list; return the import that its preview belongs to."""
    uploaded = sheets.Uploaded("list.xlsx", a_book(HEADER, *listed.values()), OFFICER)
    return (await sheets.preview(mirror.database, BUREAU, uploaded)).import_id


async def accepted(mirror: Mirror, import_id: UUID) -> None:
    """Accept a sheet that was previewed; nothing of it is held."""
    ranks = {**mirror.syncing.ranks, BUREAU.name: BUREAU.rank}
    done = await sheets.accept_import(mirror.database, ranks, import_id, OFFICER, [BUREAU])
    assert not done.withheld


@pytest.fixture
async def mirror(owner_url: str) -> AsyncIterator[Mirror]:
    empty(owner_url)
    async with mirror_on(owner_url, institutions=SITES) as found:
        found.syncing.silence_s = 1
        await enrol(found.database, {BUREAU.name: BUREAU.rank})
        await found.sync()
        yield found


@pytest.mark.parametrize("seed", range(6))
async def test_any_history_comes_to_what_one_full_list_says(
    mirror: Mirror, fresh_database: MakeDatabase, seed: int
) -> None:
    history = History(mirror, seed)
    for _ in range(STEPS):
        await history.step()
    await history.come_to_rest()
    assert await differences(mirror) == [], history.steps
    anew = await views_of_new(mirror, fresh_database(), history.listed)
    assert await views(mirror) == anew, history.steps
    await check_feed(mirror)
    await check_freezes(history)
    await check_statements(mirror)


async def views(mirror: Mirror) -> dict[str, Any]:
    """Return how every institution is believed to stand, but for where that was read."""
    rows = await mirror.rows("SELECT institution_id, body FROM registry.institution")
    found = {one["institution_id"]: json.loads(one["body"]) for one in rows}
    for view in found.values():
        for site in view["sites"]:
            del site["evidence"]
    return found


async def views_of_new(
    mirror: Mirror, owner_url: str, listed: dict[str, list[object]]
) -> dict[str, Any]:
    """Return what a new mirror of the same platform and list believes, at the same time."""
    async with mirror_on(owner_url) as other:
        other.wait(int(mirror.passed.total_seconds()))
        other.syncing.client = mirror.syncing.client
        other.source = mirror.source
        assert (await other.sync()).result == "applied"
        await enrol(other.database, {BUREAU.name: BUREAU.rank})
        await accepted(other, await preview_of(other, listed))
        assert registry_url(owner_url) != registry_url(mirror.owner_url)
        return await views(other)


async def check_feed(mirror: Mirror) -> None:
    """Every institution's events are numbered without a gap, and no absence ever freezes."""
    last: dict[str, int] = {}
    for event in await mirror.events():
        name = event["institution_id"]
        assert event["sequence"] == last.get(name, 0) + 1
        last[name] = event["sequence"]
        if event["type"] == "institution.missing":
            assert event["body"]["effect"] == "review"
    rows = await mirror.rows("SELECT institution_id, sequence FROM registry.institution")
    assert {one["institution_id"]: one["sequence"] for one in rows} == last


async def check_freezes(history: History) -> None:
    """Only those are frozen against whom the platform spoke, or whom people let through."""
    rows = await history.mirror.rows(
        "SELECT DISTINCT s.institution_id FROM registry.held_site AS s"
        " JOIN registry.hold AS h ON h.hold_id = s.hold_id"
        " WHERE h.state = 'applied' AND h.reason IN ('mass_revocation', 'flapping')"
    )
    let_through = {one["institution_id"] for one in rows}
    assert set(await history.mirror.freezing()) <= history.spoken_against | let_through


async def check_statements(mirror: Mirror) -> None:
    """Every word is kept, numbered without a gap, and the last one is what is compared with."""
    query = (
        "SELECT s.institution_id FROM registry.site AS s WHERE s.statement_no <> ("
        " SELECT count(*) FROM registry.statement AS t WHERE t.institution_id = s.institution_id"
        " AND t.source = s.source AND t.licence_no = s.licence_no)"
        " OR s.said IS DISTINCT FROM (SELECT t.said FROM registry.statement AS t"
        " WHERE t.institution_id = s.institution_id AND t.source = s.source"
        " AND t.licence_no = s.licence_no AND t.statement_no = s.statement_no)"
    )
    assert run_sql(mirror.owner_url, query) == []
