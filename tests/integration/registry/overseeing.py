"""The service as those meet it who supervise: its pages, their keys, and the mirror behind."""

import base64
import contextlib
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any

import httpx
import yaml
from pydantic import SecretStr

from escrow.access.service import create_key
from registry_sync.app import build
from registry_sync.settings import Settings
from shared.pg.database import Database
from shared.settings import Environment
from tests.integration.registry.mirrors import Mirror, mirror_on
from tests.integration.registry.truth import untouched
from tests.support.client import ok
from tests.support.postgres import registry_url, service_url
from tests.unit.registry_sync.source.books import HEADER, a_book

SITES = 150
LIST = "nantong_white_list"
BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@dataclass
class Office:
    """The service over HTTP, keys, and the mirror behind it."""

    http: httpx.AsyncClient
    escrow: Database
    mirror: Mirror

    async def key(self, role: str = "supervisor", **scope: str) -> str:
        """Return a new key."""
        return (await create_key(self.escrow, role=role, created_by="tests", **scope))[1]

    async def open(self, path: str, key: str | None, user: str = "anyone") -> httpx.Response:
        """Open a page as a browser does, with the key as password."""
        given = base64.b64encode(f"{user}:{key}".encode()).decode()
        headers = {**BROWSER, **({"Authorization": f"Basic {given}"} if key else {})}
        return await self.http.get(path, headers=headers)

    async def read(self, path: str, key: str | None = None) -> str:
        """Return the text of a page."""
        answer = await self.open(path, key or await self.key())
        assert answer.status_code == 200, answer.text
        return words_of(answer.text)

    async def ask(
        self,
        method: str,
        path: str,
        key: str,
        **rest: Any,  # noqa: ANN401 - httpx's
    ) -> httpx.Response:
        """Call the API."""
        headers = {"Authorization": f"Bearer {key}"}
        return await self.http.request(method, path, headers=headers, **rest)

    async def bring(self, *rows: list[object], file_name: str = "名单.xlsx") -> dict[str, str]:
        """Send a sheet, and return what its preview says."""
        answer = await self.ask(
            "POST",
            f"/v1/sources/{LIST}/imports",
            await self.key(),
            params={"file_name": file_name},
            content=a_book(HEADER, *rows),
        )
        return ok(answer, 201)


def words_of(page: str) -> str:
    """Return what a page says, without its marks."""
    body = page.partition("<body>")[2]
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", "", body)))


@contextlib.asynccontextmanager
async def office_on(owner_url: str, file: Path) -> AsyncIterator[Office]:
    """Open a mirror of a platform and of a bureau's sheets, and the service in front of it."""
    async with contextlib.AsyncExitStack() as stack:
        mirror = await stack.enter_async_context(mirror_on(owner_url, institutions=SITES))
        await mirror.sync()
        _write_sources(mirror, file)
        app = build(
            Settings(
                database_url=SecretStr(registry_url(owner_url)),
                sources_file=file,
                environment=Environment.test,
            )
        )
        await stack.enter_async_context(app.router.lifespan_context(app))
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        http = httpx.AsyncClient(transport=transport, base_url="http://registry.test")
        await stack.enter_async_context(http)
        escrow = Database(service_url(owner_url), application="tests")
        stack.push_async_callback(escrow.close)
        yield Office(http, escrow, mirror)


def _write_sources(mirror: Mirror, file: Path) -> None:
    named = mirror.source.model_dump(mode="json", exclude_none=True)
    sheet = {"name": LIST, "kind": "sheet", "rank": 3, "mapping": "white_list"}
    titled = [{**named, "title": "国家平台"}, {**sheet, "title": "南通白名单"}]
    file.write_text(yaml.safe_dump({"sources": titled}))


async def held(office: Office, province: str = "32") -> str:
    """Let ten revocations of one province be held; return the hold."""
    found = await untouched(office.mirror, SITES)
    sites = [one for one in found if one["regionCode"].startswith(province)][:10]
    await office.mirror.revoke(*sites)
    await office.mirror.sync()
    return str(await office.mirror.hold_id("mass_revocation"))
