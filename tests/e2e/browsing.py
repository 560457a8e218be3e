"""Pages in a real browser: the registry and escrow as processes, Chromium in front.

Chromium is Debian's; where it is missing the tests skip and name the command, and fail where
`REQUIRE_TOOLS=1`.
"""

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import (
    Browser,
    HttpCredentials,
    Page,
    ViewportSize,
    sync_playwright,
)

from escrow.access.service import create_key
from shared.pg.database import Database
from shared.time import business_day, wall_clock
from shared.web.principals import Role
from tests.e2e.overseen import Overseen, let_wait
from tests.integration.registry.sayings import hall_on
from tests.support.client import an_institution_id
from tests.support.postgres import in_thread, registry_url, service_url

INSTALL = "Chromium is not installed: apt-get install chromium fonts-noto-cjk"
SHOTS = Path(__file__).parents[2] / ".data" / "screenshots"
PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1280, "height": 800}
START_S = 60.0
SOURCES = """sources:
- {name: national, kind: sheet, rank: 1, mapping: white_list, title: 国家平台}
- {name: nantong, kind: sheet, rank: 3, mapping: white_list, title: 南通市校外培训机构白名单}
"""


@dataclass(frozen=True, slots=True)
class Town:
    """Institutions to look at, by what is the matter with them."""

    url: str
    sound: str
    """Stands, and may charge."""
    frozen: str
    """Stands, and escrow has suspended its charging."""
    revoked: str
    black: str
    """On the black list, without an account."""
    many: str
    """Several sites, one of them revoked."""
    key: str
    """A supervisor's."""
    overseen: Overseen
    """What a supervisor has to look at."""


def chromium() -> str:
    """Return where Chromium lies, or skip naming the way to install it."""
    found = shutil.which("chromium")
    if found is None:
        if os.environ.get("REQUIRE_TOOLS") == "1":
            pytest.fail(INSTALL)
        pytest.skip(INSTALL)
    return found


@contextlib.contextmanager
def browser() -> Iterator[Browser]:
    """Open Chromium, without its own sandbox where we are root and it would refuse."""
    program = chromium()
    options = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=program, args=options)
        yield opened
        opened.close()


@contextlib.contextmanager
def page_of(opened: Browser, size: dict[str, int], key: str | None = None) -> Iterator[Page]:
    """Open a page of a size, in Chinese, with a key; what it complains of fails the test."""
    screen = ViewportSize(width=size["width"], height=size["height"])
    password = HttpCredentials(username="x", password=key) if key else None
    context = opened.new_context(
        viewport=screen, locale="zh-CN", device_scale_factor=2, http_credentials=password
    )
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text))
    page.on("pageerror", lambda fault: complaints.append(str(fault)))
    yield page
    context.close()
    unforeseen = [one for one in complaints if "Failed to load resource" not in one]
    assert not unforeseen, unforeseen


def shoot(page: Page, name: str) -> None:
    """Keep a picture of the whole page."""
    SHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SHOTS / f"{name}.png", full_page=True)


@contextlib.contextmanager
def town_on(owner_url: str, folder: Path) -> Iterator[Town]:
    """Serve the registry and escrow on a database, and let something be said in them."""
    ids = {name: an_institution_id() for name in ("sound", "frozen", "revoked", "black", "many")}
    keys = in_thread(lambda: _keys(service_url(owner_url)))
    sources = folder / "sources.yaml"
    sources.write_text(SOURCES, encoding="utf-8")
    in_thread(lambda: _speak(owner_url, ids))
    with contextlib.ExitStack() as stack:
        escrow = stack.enter_context(
            _served("escrow", "ESCROW", {"DATABASE_URL": service_url(owner_url)})
        )
        _open_accounts(escrow, keys, ids)
        told = {
            "DATABASE_URL": registry_url(owner_url),
            "SOURCES_FILE": str(sources),
            "PUBLIC_RATE": "0",
            "ESCROW_URL": escrow,
            "ESCROW_KEY": keys[Role.auditor],
        }
        url = stack.enter_context(_served("registry_sync", "REGISTRY", told))
        overseen = let_wait(owner_url, list(ids.values()))
        yield Town(url, key=keys[Role.supervisor], overseen=overseen, **ids)


async def _keys(url: str) -> dict[Role, str]:
    """Return keys: the registry's at escrow, a supervisor's and an operator's."""
    database = await Database(url, application="tests").open()
    try:
        return {
            role: (await create_key(database, role=role, created_by="tests"))[1]
            for role in (Role.auditor, Role.supervisor, Role.operator)
        }
    finally:
        await database.close()


async def _speak(owner_url: str, ids: dict[str, str]) -> None:
    async with hall_on(owner_url) as hall:
        await hall.say(ids["sound"], name="示例晴空音乐培训中心")
        await hall.say(ids["frozen"], name="示例白鸽舞蹈培训中心")
        await hall.say(ids["revoked"], name="示例松涛学科培训学校", status="revoked",
                       category="subject", white_listed="no")  # fmt: skip
        await hall.say(ids["black"], name="示例海豚音乐艺术培训有限公司", black_listed="yes",
                       white_listed="no", licensed="no", valid_until=None)  # fmt: skip
        for number, status in enumerate(("normal", "revoked", "suspended"), start=1):
            await hall.say(
                ids["many"],
                licence_no=f"教民13206137000{number}号",
                name=f"示例虹桥音乐培训中心{'' if number == 1 else f'第{number}分校'}",
                address=f"南通市崇川区示例路{number * 11}号{number}楼",
                status=status,
            )
        for number in range(24):
            await hall.place(name=f"示例桂花音乐培训第{number + 1}分部")
        hall.succeed()


def _open_accounts(escrow: str, keys: dict[Role, str], ids: dict[str, str]) -> None:
    """Register the institutions with escrow, open accounts, suspend one's charging."""
    headers = {"Authorization": f"Bearer {keys[Role.supervisor]}"}
    operators = {"Authorization": f"Bearer {keys[Role.operator]}"}
    opened_on = business_day(wall_clock()) - timedelta(days=30)
    with httpx.Client(base_url=escrow, headers=headers, timeout=10) as http:
        _ok(http.put("/v1/banks/bank-a", json=_BANK, headers=operators))
        for number, name in enumerate(("sound", "frozen", "revoked", "many")):
            place = f"/v1/institutions/{ids[name]}"
            _ok(http.put(place, json=_INSTITUTION))
            account = {
                "bank_id": "bank-a",
                "account_number": f"62220200000000100{number}",
                "account_name": "示例监管专户",
                "opened_on": opened_on.isoformat(),
                "settlement_account_number": f"62220200000000200{number}",
                "settlement_account_name": "示例机构",
            }
            _ok(http.put(f"{place}/custody-account", json=account))
        freeze = {
            "scope": "charging",
            "reason": "测试",
            "authority": "示例教育局",
            "document_no": "示例〔2026〕1号",
        }
        named = {"Idempotency-Key": "freeze-1"}
        place = f"/v1/institutions/{ids['frozen']}/freezes"
        _ok(http.post(place, json=freeze, headers=named))


_BANK = {"name": "示例银行", "delivery": "pull", "finality_s": 60}
_INSTITUTION = {
    "name": "示例培训中心",
    "district_code": "320613",
    "category": "non_subject",
    "delivery": "offline",
    "policy": "national",
}


def _ok(answer: httpx.Response) -> None:
    assert answer.is_success, answer.text


@contextlib.contextmanager
def _served(module: str, prefix: str, told: dict[str, Any]) -> Iterator[str]:
    """Serve one service as a process; yield where it answers."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    given = {"PORT": str(port), "METRICS_PORT": "0", "ENVIRONMENT": "test", **told}
    env = {**os.environ, **{f"{prefix}_{name}": value for name, value in given.items()}}
    command = [sys.executable, "-m", module, "serve"]
    popen = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL)
    try:
        url = f"http://127.0.0.1:{port}"
        _wait(popen, url)
        yield url
    finally:
        popen.terminate()
        popen.wait(20)


def _wait(popen: subprocess.Popen[bytes], url: str) -> None:
    deadline = time.monotonic() + START_S
    while True:
        with contextlib.suppress(httpx.TransportError):
            if httpx.get(f"{url}/readyz", timeout=5).is_success:
                return
        assert popen.poll() is None, "it ended"
        assert time.monotonic() < deadline, "not ready"
        time.sleep(0.1)
