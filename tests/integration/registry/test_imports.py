"""A bureau's sheet over HTTP: previewed, accepted, held back, refused with its cell."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from pydantic import SecretStr
from sqlalchemy import text

from escrow.access.service import create_key
from registry_sync.app import build
from registry_sync.domain.record import Parsed
from registry_sync.domain.words import BatchFault
from registry_sync.settings import Settings
from registry_sync.source.refusals import BatchRefused
from registry_sync.sync import sheets
from registry_sync.sync.accept import Accepted, Arrived
from registry_sync.worker import Rounds
from shared.pg.database import Database
from shared.settings import Environment
from tests.support.client import Caller, Json, ok
from tests.support.postgres import MakeDatabase, registry_url, run_sql, service_url
from tests.unit.registry_sync.source.books import HEADER, a_book, a_row
from tests.unit.registry_sync.source.codes import a_code

LIST = "nantong_white_list"
SOURCES = {
    "sources": [
        {"name": LIST, "kind": "sheet", "rank": 3, "mapping": "white_list"},
        {
            "name": "national",
            "kind": "platform",
            "rank": 1,
            "mapping": "national",
            "url": "http://platform",
            "public_key": "A" * 43 + "=",
        },
    ]
}


@dataclass
class Office:
    """The service, an officer at it, and the database behind it."""

    http: httpx.AsyncClient
    officer: Caller
    key: str
    escrow: Database
    app: Any
    owner_url: str

    async def send(self, content: bytes, file_name: str = "名单.xlsx") -> httpx.Response:
        return await self.http.post(
            f"/v1/sources/{LIST}/imports",
            params={"file_name": file_name},
            content=content,
            headers={"Authorization": f"Bearer {self.key}"},
        )

    async def preview(self, *rows: list[object]) -> Json:
        return ok(await self.send(a_book(HEADER, *rows)), 201)

    async def accept(self, preview: Json, status: int = 200) -> Json:
        answer = await self.officer.post(f"/v1/imports/{preview['id']}/accept", {})
        return (
            ok(answer, status) if status == 200 else {"status": answer.status_code, **answer.json()}
        )

    async def listed(self) -> dict[str, str]:
        query = text("SELECT institution_id, status FROM registry.institution")
        async with self.app.state.registry.database.connect() as connection:
            return {row.institution_id: row.status for row in await connection.execute(query)}

    def wait(self, days: int) -> None:
        passed = f"UPDATE access.clock SET offset_s = offset_s + {days * 86_400}"
        run_sql(self.owner_url, passed)

    async def sources(self) -> list[Json]:
        return list(ok(await self.officer.get("/v1/sources"))["items"])

    async def look(self) -> None:
        registry = self.app.state.registry
        named = [one for one in registry.sources if one.kind == "sheet"]
        await Rounds(registry.database, named, registry.syncing, 60).look()


@pytest.fixture
async def office(fresh_database: MakeDatabase, tmp_path: Path) -> AsyncIterator[Office]:
    owner_url = fresh_database()
    file = tmp_path / "sources.yaml"
    file.write_text(yaml.safe_dump(SOURCES))
    app = build(
        Settings(
            database_url=SecretStr(registry_url(owner_url)),
            sources_file=file,
            environment=Environment.test,
        )
    )
    escrow = Database(service_url(owner_url), application="tests")
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with contextlib.AsyncExitStack() as stack:
        await stack.enter_async_context(app.router.lifespan_context(app))
        http = httpx.AsyncClient(transport=transport, base_url="http://registry.test")
        await stack.enter_async_context(http)
        stack.push_async_callback(escrow.close)
        _, key = await create_key(escrow, role="supervisor", created_by="tests")
        yield Office(http, Caller(http, key), key, escrow, app, owner_url)


async def test_a_preview_shows_the_difference_and_changes_nothing(office: Office) -> None:
    shown = await office.preview(a_row(1), a_row(2), a_row(3, code=133010570000123456))
    assert (shown["counts"]["added"], shown["counts"]["set_aside"]) == (2, 1)
    assert shown["set_aside"] == [
        {"place": "白名单!B4", "reason": "numeric_id", "field": "institution_id"}
    ]
    assert shown["added"][0]["institution_id"] == a_code(1)
    assert await office.listed() == {}


async def test_what_an_officer_accepts_applies_once(office: Office) -> None:
    shown = await office.preview(a_row(1), a_row(2))
    done = await office.accept(shown)
    assert (done["result"], done["changed"], done["withheld"]) == ("applied", 2, {})
    assert await office.listed() == {a_code(1): "normal", a_code(2): "normal"}
    assert (await office.accept(shown, 409))["code"] == "import_ended"


async def test_a_newer_sheet_that_was_accepted_ends_older_previews(office: Office) -> None:
    older = await office.preview(a_row(1))
    await office.accept(await office.preview(a_row(1), a_row(2)))
    assert (await office.accept(older, 409))["code"] == "import_ended"


async def test_a_sheet_that_was_broken_off_can_be_accepted_again(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process ends between the officer's word and what it does."""
    shown = await office.preview(a_row(1), a_row(2))
    with monkeypatch.context() as patched:
        patched.setattr(sheets, "accept", None)
        assert (await office.accept(shown, 500))["status"] == 500
    assert await office.listed() == {}
    assert (await office.accept(shown, 409))["code"] == "import_ended", "it may still run"
    run_sql(office.owner_url, "UPDATE access.clock SET offset_s = offset_s + 601")
    assert (await office.accept(shown))["changed"] == 2
    office.wait(1)
    assert (await office.accept(shown, 409))["code"] == "import_ended"


async def test_a_sheet_that_was_broken_off_ends_with_a_newer_one(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    older = await office.preview(a_row(1))
    newer = await office.preview(a_row(1), a_row(2))
    with monkeypatch.context() as patched:
        patched.setattr(sheets, "accept", None)
        for shown in (older, newer):
            assert (await office.accept(shown, 500))["status"] == 500
    office.wait(1)
    assert (await office.accept(older, 409))["code"] == "import_ended"
    assert (await office.accept(newer))["changed"] == 2


def broken(*_: object) -> Parsed:
    """Refuse a sheet as another release of the reader might."""
    raise BatchRefused(BatchFault.macros, "The sheet has macros.")


async def test_a_sheet_that_is_refused_when_read_again_is_not_accepted(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = await office.preview(a_row(1))
    with monkeypatch.context() as patched:
        patched.setattr(sheets, "read_sheet", broken)
        refused = await office.accept(shown, 422)
    assert (refused["status"], refused["code"]) == (422, "macros")
    assert await office.listed() == {}
    assert (await office.accept(shown))["changed"] == 1, "it still waits for its officer"


async def test_of_two_sheets_accepted_at_one_moment_the_newer_applies(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The newer one is accepted while the older one is read."""
    older = await office.preview(a_row(1), a_row(3))
    newer = await office.preview(a_row(1), a_row(2))
    real = sheets.accept

    async def late(database: Database, ranks: dict[str, int], arrived: Arrived) -> Accepted:
        if str(arrived.import_id) == older["id"]:
            assert (await office.accept(newer))["changed"] == 2
        return await real(database, ranks, arrived)

    monkeypatch.setattr(sheets, "accept", late)
    refused = await office.accept(older, 409)
    assert (refused["status"], refused["code"]) == (409, "overtaken")
    assert set(await office.listed()) == {a_code(1), a_code(2)}


class TestADistrictsOfficer:
    """Sends and accepts what lies within the district, and nothing else."""

    async def officer(self, office: Office) -> Caller:
        scope = {"district_code": "510100"}
        _, key = await create_key(office.escrow, role="supervisor", created_by="tests", **scope)
        return Caller(office.http, key)

    def book(self, *districts: str) -> bytes:
        rows = [[*a_row(number), one] for number, one in enumerate(districts)]
        return a_book([*HEADER, "行政区划代码"], *rows)

    async def send(self, office: Office, who: Caller, content: bytes) -> httpx.Response:
        path, params = f"/v1/sources/{LIST}/imports", {"file_name": "名单.xlsx"}
        headers = {"Authorization": f"Bearer {who.key}"}
        return await office.http.post(path, params=params, content=content, headers=headers)

    async def test_brings_the_districts_list(self, office: Office) -> None:
        who = await self.officer(office)
        shown = ok(await self.send(office, who, self.book("510104", "510105")), 201)
        assert ok(await who.post(f"/v1/imports/{shown['id']}/accept", {}))["changed"] == 2

    async def test_brings_no_institution_of_another(self, office: Office) -> None:
        answer = await self.send(office, await self.officer(office), self.book("510104", "320602"))
        assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed")
        assert "outside the district" in answer.json()["detail"]

    async def test_brings_no_institution_that_is_known_to_lie_in_another(
        self, office: Office
    ) -> None:
        whole = ok(await office.send(self.book("320602")), 201)
        await office.accept(whole)
        answer = await self.send(office, await self.officer(office), a_book(HEADER, a_row(0)))
        assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed")

    async def test_leaves_out_no_institution_of_another(self, office: Office) -> None:
        whole = ok(await office.send(self.book("510104", "320602")), 201)
        await office.accept(whole)
        answer = await self.send(office, await self.officer(office), self.book("510104"))
        assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed")

    async def test_accepts_no_list_that_reaches_further(self, office: Office) -> None:
        whole = ok(await office.send(self.book("510104", "320602")), 201)
        answer = await (await self.officer(office)).post(f"/v1/imports/{whole['id']}/accept", {})
        assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed")
        assert await office.listed() == {}
        assert (await office.accept(whole))["changed"] == 2


async def test_what_a_sheet_leaves_out_is_missing_and_nothing_else(office: Office) -> None:
    await office.accept(await office.preview(*(a_row(number) for number in range(60))))
    shown = await office.preview(*(a_row(number) for number in range(1, 60)))
    assert shown["counts"]["missing"] == 1
    assert shown["missing"] == [
        {"institution_id": a_code(0), "licence_no": "151010470000000", "name": "星光0学校"}
    ]
    assert (await office.accept(shown))["result"] == "applied"
    assert (await office.listed())[a_code(0)] == "normal"


async def test_a_shrunken_sheet_is_held_and_acts_once_two_persons_say_so(office: Office) -> None:
    await office.accept(await office.preview(*(a_row(number) for number in range(60))))
    done = await office.accept(await office.preview(*(a_row(number) for number in range(10, 61))))
    assert (done["result"], done["withheld"]) == ("withheld", {"shrink": 10})
    assert (await office.listed())[a_code(60)] == "normal", "additions act meanwhile"
    hold = ok(await office.officer.get("/v1/holds", state="open"))["items"][0]
    _, other = await create_key(office.escrow, role="supervisor", created_by="tests")
    for who in (office.officer, Caller(office.http, other)):
        ok(await who.post(f"/v1/holds/{hold['id']}/approve", {"reason": "seen"}))
    await office.look()
    assert (
        ok(await office.officer.get("/v1/holds", state="applied"))["items"][0]["id"] == hold["id"]
    )


async def test_a_held_sheet_that_is_refused_by_now_stops_nobody(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    await office.accept(await office.preview(*(a_row(number) for number in range(60))))
    await office.accept(await office.preview(*(a_row(number) for number in range(10, 60))))
    hold = ok(await office.officer.get("/v1/holds", state="open"))["items"][0]
    _, other = await create_key(office.escrow, role="supervisor", created_by="tests")
    for who in (office.officer, Caller(office.http, other)):
        ok(await who.post(f"/v1/holds/{hold['id']}/approve", {"reason": "seen"}))
    monkeypatch.setattr(sheets, "read_sheet", broken)
    await office.look()
    (source,) = run_sql(
        office.owner_url, f"SELECT last_result FROM registry.source WHERE source = '{LIST}'"
    )
    assert source["last_result"] == "macros"


async def test_a_list_that_nobody_brings_anew_is_stale(office: Office) -> None:
    """A sheet has no manifest: how often it should come stands in the sources file."""
    await office.accept(await office.preview(a_row(1)))
    for days, is_stale in ((59, False), (2, True)):
        office.wait(days)
        (found,) = [one for one in await office.sources() if one["source"] == LIST]
        assert found["stale"] is is_stale, days
        shown = ok(await office.http.get(f"/v1/institutions/{a_code(1)}"))
        assert shown["stale"] is is_stale, days


async def test_a_column_that_empties_is_held(office: Office) -> None:
    """As of a platform's batches: what most rows said before does not vanish unseen."""
    for day in range(3):
        rows = [a_row(number, until=f"2027-06-{day + 10}") for number in range(40)]
        done = await office.accept(await office.preview(*rows))
        assert done["withheld"] == {}
    rows = [a_row(number, until=None) for number in range(40)]
    done = await office.accept(await office.preview(*rows))
    assert (done["result"], list(done["withheld"])) == ("withheld", ["fill_rate"])


@pytest.mark.parametrize(
    ("content", "file_name", "code"),
    [
        (b"nothing of the kind", "名单.xlsx", "not_a_sheet"),
        ("机构,电话\n星光,1\n".encode(), "名单.csv", "header_missing"),
    ],
)
async def test_what_is_no_sheet_is_refused_and_kept(
    office: Office, content: bytes, file_name: str, code: str
) -> None:
    answer = await office.send(content, file_name)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    fetches = ok(await office.officer.get("/v1/fetches"))["items"]
    assert [one["result"] for one in fetches] == [code]
    _, key = await create_key(office.escrow, role="auditor", created_by="tests")
    raw = await Caller(office.http, key).get(f"/v1/fetches/{fetches[0]['id']}/raw")
    assert raw.content == content


@pytest.mark.parametrize(
    ("role", "scope"),
    [
        ("operator", {}),
        ("auditor", {}),
        ("service", {}),
        ("bank", {"bank_id": "bank-a"}),
        ("institution", {"institution_id": a_code(1)}),
        ("guardian", {"district_code": "320600"}),
    ],
)
async def test_only_an_officer_accepts_a_sheet(
    office: Office, role: str, scope: dict[str, str]
) -> None:
    shown = await office.preview(a_row(1))
    _, key = await create_key(office.escrow, role=role, created_by="tests", **scope)
    path = f"/v1/imports/{shown['id']}/accept"
    assert (await Caller(office.http, key).post(path, {})).status_code == 403
    assert (await office.http.post(path)).status_code == 401
    assert await office.listed() == {}


async def test_who_may_bring_a_sheet_and_where(office: Office) -> None:
    _, key = await create_key(office.escrow, role="operator", created_by="tests")
    headers = {"Authorization": f"Bearer {key}"}
    path = f"/v1/sources/{LIST}/imports?file_name=a.csv"
    assert (await office.http.post(path, content=b"", headers=headers)).status_code == 403
    for source, status in (("national", 409), ("elsewhere", 404)):
        path = f"/v1/sources/{source}/imports?file_name=a.csv"
        headers = {"Authorization": f"Bearer {office.key}"}
        assert (await office.http.post(path, content=b"", headers=headers)).status_code == status
