"""registry-sync on this machine, and the national platform that it mirrors."""

import asyncio
import os
import time
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import yaml

from sandbox import children, keyring
from sandbox.city.memory import recall
from sandbox.city.places import Place, places
from sandbox.city.wire import Wire
from sandbox.folder import write_whole
from sandbox.keyring import Keyring
from sandbox.ports import HOST
from sandbox.services import Stack, wait_ready

NATIONAL = "national"
"""The source of rank 1: the sandbox's platform."""

WHITE_LIST = "nantong_white_list"
"""A source that takes a bureau's sheet."""

LOOK_S = "1"
"""Between two looks at the platform; a real installation looks once a minute."""

MIRRORED_S = 60.0
"""Longest wait for the first mirroring; it takes a second or two."""

ANSWER_S = 30.0
"""Longest wait for one answer, on a busy machine."""

FETCHES_MAX = 100
"""Fetches among which the last whole list is looked for: one comes at each start."""

_POLL_S = 0.1
_VERSION = "SELECT version FROM registry.source WHERE source = $1"


async def find_seed(stack: Stack, ring: Keyring) -> int:
    """Return the seed of the city on these books, or the first one that is not on them yet."""
    memory = recall(stack.folder.of_city(ring.database) / "memory.json")
    if memory is not None:
        return memory.seed
    async with httpx.AsyncClient(base_url=stack.escrow_url, timeout=ANSWER_S) as http:
        for seed in count(1):
            path = f"/v1/institutions/{places(seed)[0].id}"
            answer = await http.get(path, headers=keyring.bearer(ring.operator))
            if answer.status_code == httpx.codes.NOT_FOUND:
                return seed
            answer.raise_for_status()
    raise AssertionError


async def version_held(owner_url: str) -> int:
    """Return the version that the mirror holds already: the platform counts on from there."""
    connection = await asyncpg.connect(owner_url)
    try:
        return int(await connection.fetchval(_VERSION, NATIONAL) or 0)
    finally:
        await connection.close()


def start_platform(stack: Stack, ring: Keyring, *, offset_s: int, version: int) -> None:
    """Start the platform, with its journal of this city and the city's institutions listed."""
    folder = stack.folder.of_city(ring.database)
    include = folder / "platform-include.json"
    write_whole(include, [listed(place) for place in places(stack.seed)])
    module = ["sandbox", "platform", "--port", str(stack.platform_port)]
    module += ["--include", str(include), "--journal", str(folder / "platform.jsonl")]
    module += ["--clock-offset-s", str(offset_s), "--after-version", str(version)]
    log = stack.folder.log("platform")
    stack.platforms.append(children.spawn("sandbox platform", module, os.environ, log))


def listed(place: Place) -> dict[str, str]:
    """Return how the platform lists an institution of the city: normal, licensed, white."""
    return {
        "uscc": place.id,
        "orgName": place.name,
        "regionCode": place.district_code,
        "orgType": "1" if place.category == "subject" else "3",
    }


def start_registry(stack: Stack, ring: Keyring) -> None:
    """Start the service and its worker, once the platform can be asked for its key."""
    wait_ready(stack.platforms[0], f"{stack.platform_url}/healthz")
    key = httpx.get(f"{stack.platform_url}/desk/key", timeout=ANSWER_S).json()["public_key"]
    path = stack.folder.root / "registry-sources.yaml"
    write_sources(path, stack.platform_url, key)
    env = registry_env(
        stack,
        REGISTRY_SOURCES_FILE=str(path),
        REGISTRY_POLL_S=LOOK_S,
        REGISTRY_ESCROW_URL=stack.escrow_url,
        REGISTRY_ESCROW_KEY=ring.parties["auditor"],
    )
    serve = {
        **env,
        "REGISTRY_HOST": HOST,
        "REGISTRY_PORT": str(stack.registry_port),
        "REGISTRY_METRICS_PORT": str(stack.registry_metrics[0]),
    }
    work = {**env, "REGISTRY_WORK_METRICS_PORT": str(stack.registry_metrics[1])}
    for name, own, log in (("serve", serve, "registry"), ("work", work, "registry-work")):
        module = ["registry_sync", name]
        child = children.spawn(f"registry_sync {name}", module, own, stack.folder.log(log))
        stack.registry.append(child)


def registry_env(stack: Stack, **more: str) -> dict[str, str]:
    """Return the environment of a registry process: its own login, never the owner's."""
    env = {word: value for word, value in os.environ.items() if word != "DATABASE_URL"}
    logins = {"REGISTRY_DATABASE_URL": stack.registry_login_url, "REGISTRY_ENVIRONMENT": "sandbox"}
    return {**env, **logins, **more}


def write_sources(path: Path, platform_url: str, public_key: str) -> None:
    """Write which sources are mirrored: the platform, and a bureau's white list by hand."""
    sources: list[dict[str, Any]] = [
        {
            "name": NATIONAL,
            "kind": "platform",
            "rank": 1,
            "mapping": "national",
            "title": "全国校外教育培训监管与服务综合平台（演示）",
            "url": platform_url,
            "public_key": public_key,
        },
        {
            "name": WHITE_LIST,
            "kind": "sheet",
            "rank": 3,
            "mapping": "white_list",
            "title": "南通市校外培训机构白名单（演示）",
            "cadence_s": 30 * 86_400,
        },
    ]
    text = yaml.safe_dump({"sources": sources}, sort_keys=False, allow_unicode=True)
    path.write_text(text, encoding="utf-8")


async def wait_mirrored(stack: Stack, ring: Keyring) -> bool:
    """Wait until the list that the platform shows now is held; say whether it is."""
    deadline = time.monotonic() + MIRRORED_S
    async with (
        httpx.AsyncClient(base_url=stack.platform_url, timeout=ANSWER_S) as platform,
        httpx.AsyncClient(base_url=stack.registry_url, timeout=ANSWER_S) as http,
    ):
        shown = (await platform.get("/desk/report")).json()["version"]
        registry = Wire(http, ring.parties["auditor"])
        while time.monotonic() < deadline:
            stack.check()
            source = await source_state(registry)
            if source["version"] == shown and not source["stale"]:
                return True
            await asyncio.sleep(_POLL_S)
    return False


async def source_state(registry: Wire) -> dict[str, Any]:
    """Return where the mirror of the platform stands."""
    items = (await registry.get("/v1/sources"))["items"]
    found: dict[str, Any] = next(one for one in items if one["source"] == NATIONAL)
    return found


@dataclass(frozen=True, slots=True)
class Mirrored:
    """What is held of the platform."""

    sites: int
    """Rows of the last whole list."""
    set_aside: int
    version: int
    stale: bool
    result: str
    withheld: int
    """Changes that wait for two persons."""


async def look(stack: Stack, ring: Keyring) -> Mirrored:
    """Ask the registry what it holds of the platform."""
    async with httpx.AsyncClient(base_url=stack.registry_url, timeout=ANSWER_S) as http:
        registry = Wire(http, ring.parties["auditor"])
        source = await source_state(registry)
        fetches = (await registry.get("/v1/fetches", limit=FETCHES_MAX))["items"]
        holds = (await registry.get("/v1/holds", state="open"))["items"]
    whole = [one for one in fetches if one["kind"] == "full" and one["records"] is not None]
    return Mirrored(
        sites=whole[0]["records"] if whole else 0,
        set_aside=whole[0]["set_aside"] if whole else 0,
        version=source["version"] or 0,
        stale=source["stale"],
        result=source["last_result"] or "",
        withheld=sum(one["changes"] for one in holds),
    )
