"""What the platform's register truly says, to hold a mirror against: read apart from its code."""

from datetime import date
from typing import Any

from shared.time import business_day, wall_clock
from tests.integration.registry.mirrors import Mirror

Site = dict[str, Any]
Key = tuple[str, str]

WORDS = {
    "正常": "normal",
    "停业": "suspended",
    "暂停招生": "suspended",
    "转型": "transformed",
    "营转非": "transformed",
    "终止清算": "winding_down",
    "注销": "deregistered",
    "许可证过期": "expired",
    "吊销": "revoked",
}
ORDER = (
    *("normal", "suspended", "transformed", "winding_down"),
    *("deregistered", "expired", "unknown", "revoked"),
)
YES = {"1": "yes", "0": "no"}


async def register(mirror: Mirror) -> list[Site]:
    """Return every site of the platform as it truly stands, whatever the switches say."""
    answer = await mirror.platform.http.get("/desk/institutions", params={"limit": 1_000})
    found: list[Site] = answer.json()["items"]
    assert answer.json()["total"] == len(found), "the register is larger than a page"
    return found


async def differences(mirror: Mirror) -> list[str]:
    """Name what the mirror holds otherwise than the platform's register; nothing else is good."""
    true = {(one["uscc"], one["licenceNo"]): one for one in await register(mirror)}
    rows = await mirror.rows(
        "SELECT * FROM registry.site WHERE source = :source", source=mirror.source.name
    )
    held = {(one["institution_id"], one["licence_no"]): one for one in rows}
    wrong = [f"{key}: not held" for key in true.keys() - held.keys()]
    wrong += [f"{key}: never listed" for key in held.keys() - true.keys()]
    for key in true.keys() & held.keys():
        one = held[key]
        if (one["said"], str(one["valid_from"])) != (said(true[key]), true[key]["changedOn"]):
            wrong.append(f"{key}: {one['said']} where {said(true[key])} is true")
        if one["missing_fulls"]:
            wrong.append(f"{key}: counted as missing")
    return sorted(wrong + await _misjudged(mirror, true))


async def _misjudged(mirror: Mirror, true: dict[Key, Site]) -> list[str]:
    """Name the institutions whose status is not the best that their sites have."""
    today = business_day(wall_clock() + mirror.passed)
    best: dict[str, str] = {}
    for (name, _), site in true.items():
        best[name] = min(best.get(name, "revoked"), status(site, today), key=ORDER.index)
    rows = await mirror.rows("SELECT institution_id, status FROM registry.institution")
    held = {one["institution_id"]: one["status"] for one in rows}
    names = best.keys() | held.keys()
    return [f"{one}: {held.get(one)}" for one in names if held.get(one) != best.get(one)]


def said(site: Site) -> list[str | None]:
    """Return a site of the platform in the mirror's words and order."""
    kind = int(site["orgType"])
    return [
        site["orgName"],
        site["regionCode"],
        "subject" if kind in {1, 2} else "non_subject",
        "offline" if kind in {1, 3} else "online",
        WORDS.get(site["orgStatus"], "unknown"),
        YES[site["hasLicence"]],
        YES[site["hasRegistration"]],
        {"长期": "9999-12-31", "": None}.get(site["licenceValidTo"], site["licenceValidTo"]),
        YES[site["whiteList"]],
        YES[site["blackList"]],
        site["address"],
    ]


def status(site: Site, today: date) -> str:
    """Return how a site stands on a day: a licence that ended is not good any more."""
    word = WORDS.get(site["orgStatus"], "unknown")
    until = said(site)[7]
    return "expired" if word == "normal" and until and until < today.isoformat() else word


async def untouched(mirror: Mirror, number: int) -> list[Site]:
    """Return sites in good standing, alone under their code, that no switch spoils right now."""
    platform = mirror.app.state.platform
    listed = set(platform.press._sites)
    found = []
    for line, site in zip(platform.register.lines, await register(mirror), strict=True):
        alone = len(platform.register.of(site["uscc"])) == 1
        licensed = site["licenceNo"] and site["blackList"] == "0"
        good = status(site, business_day(wall_clock() + mirror.passed)) == "normal"
        if alone and licensed and good and line in listed:
            found.append(site)
    return found[:number]
