"""Late on a Saturday the national platform revokes a licence, and the books hear of it.

It is an institution the city does not teach at, and another one each time: registered here that
evening, revoked, frozen by the registry's word, confirmed by an officer.
It stays frozen, and the next Saturday is played as if nothing had been.
"""

import asyncio
import time
from dataclasses import dataclass
from datetime import date
from typing import Any

import httpx

from sandbox.city.town import Town

NORMAL = "正常"
REVOKED = "吊销"

LOOKED_AT = 200
"""Sites among which one is chosen: more than the city has institutions."""

FROZEN_S = 30.0
"""Longest wait for the freeze; it takes a second or two."""

_POLL_S = 0.05
_FREEZES = 2


@dataclass(frozen=True, slots=True)
class Revoked:
    """What came of it."""

    name: str
    after_s: float | None
    """Seconds from the platform's word to the freeze; None where none came in time."""
    may_refund: bool = False


async def revoke_one(
    town: Town, platform: httpx.AsyncClient, taught: set[str], day: date
) -> Revoked | None:
    """Revoke one licence at the platform and wait until its institution is frozen."""
    site = await _chosen(platform, taught)
    if site is None:
        return None
    path = await _register(town, site)
    began = time.monotonic()
    named = {"uscc": site["uscc"], "licenceNo": site["licenceNo"]}
    body = {"items": [{**named, "orgStatus": REVOKED}]}
    (await platform.post("/desk/change", json=body)).raise_for_status()
    while time.monotonic() - began < FROZEN_S:
        stands = await town.supervisor.get(path)
        placed = [one for one in stands["freezes"] if one["registry_event_id"]]
        if len(placed) == _FREEZES:
            after_s = time.monotonic() - began
            await _confirm(town, placed, day)
            return Revoked(site["orgName"], after_s, stands["may_refund"]["allowed"])
        await asyncio.sleep(_POLL_S)
    return Revoked(site["orgName"], None)


async def _chosen(platform: httpx.AsyncClient, taught: set[str]) -> dict[str, Any] | None:
    """Choose an institution in good standing, of one licence, where the city does not teach."""
    for site in await _sites(platform, status=NORMAL, limit=LOOKED_AT):
        if site["uscc"] in taught or not site["licenceNo"]:
            continue
        if len(await _sites(platform, uscc=site["uscc"])) == 1:
            return site
    return None


async def _sites(platform: httpx.AsyncClient, **asked: str | int) -> list[dict[str, Any]]:
    answer = await platform.get("/desk/institutions", params=asked)
    answer.raise_for_status()
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def _register(town: Town, site: dict[str, Any]) -> str:
    """Put the institution on the books, as its supervisor would, and return its path."""
    path = f"/v1/institutions/{site['uscc']}"
    body = {
        "name": site["orgName"],
        "district_code": site["regionCode"],
        "category": "subject" if site["orgType"] in {"1", "2"} else "non_subject",
        "delivery": "online" if site["orgType"] in {"2", "4"} else "offline",
        "policy": "national",
    }
    await town.supervisor.put(path, body)
    return path


async def _confirm(town: Town, placed: list[dict[str, Any]], day: date) -> None:
    """Let an officer look at the freezes and leave them in place."""
    body = {"reason": "已核实，许可证确已吊销", "document_no": f"示例确认〔{day:%Y}〕{day:%m%d}号"}
    for freeze in placed:
        path = f"/v1/freezes/{freeze['id']}/confirm"
        await town.supervisor.post(path, body, f"confirm-{freeze['id']}")
