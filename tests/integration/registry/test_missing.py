"""Institutions that a full list leaves out: counted, told of once after days, never frozen."""

from collections.abc import AsyncIterator

import pytest

from tests.integration.registry.mirrors import Mirror, Site, empty, mirror_on
from tests.integration.registry.truth import differences, register, untouched

SITES = 150


@pytest.fixture
async def mirror(owner_url: str) -> AsyncIterator[Mirror]:
    empty(owner_url)
    async with mirror_on(owner_url, institutions=SITES) as found:
        assert (await found.sync()).result == "applied"
        yield found


def leave_out(mirror: Mirror, *sites: Site) -> None:
    """Let the platform publish a list without some sites; its register keeps them."""
    platform = mirror.app.state.platform
    numbers = [one["licenceNo"].encode() for one in sites]
    lines = platform.register.lines
    platform.press.publish([one for one in lines if not any(no in one for no in numbers)])


async def fulls(mirror: Mirror, number: int) -> None:
    """Let the mirror take everything some times."""
    for _ in range(number):
        await mirror.sync(everything=True)


async def told(mirror: Mirror) -> list[tuple[str, str]]:
    """Return of whom the feed says that they are missing, and what it asks for."""
    return [(one["institution_id"], one["body"]["effect"]) for one in await mirror.absences()]


async def test_three_lists_and_three_days_make_one_event_that_freezes_nobody(
    mirror: Mirror,
) -> None:
    (site,) = await untouched(mirror, 1)
    leave_out(mirror, site)
    await fulls(mirror, 3)
    assert await told(mirror) == [], "three lists within minutes prove nothing"
    await mirror.pass_time(hours=71, minutes=59)
    await fulls(mirror, 1)
    assert await told(mirror) == []
    await mirror.pass_time(minutes=1)
    await fulls(mirror, 2)
    assert await told(mirror) == [(site["uscc"], "review")]
    assert await mirror.status(site["uscc"]) == "normal"
    assert await mirror.freezing() == []


async def test_three_days_without_three_lists_prove_nothing_either(mirror: Mirror) -> None:
    (site,) = await untouched(mirror, 1)
    leave_out(mirror, site)
    await fulls(mirror, 1)
    await mirror.pass_time(hours=80)
    await fulls(mirror, 1)
    assert await told(mirror) == []
    await fulls(mirror, 1)
    assert await told(mirror) == [(site["uscc"], "review")]


async def test_who_is_listed_again_is_counted_anew(mirror: Mirror) -> None:
    (site,) = await untouched(mirror, 1)
    leave_out(mirror, site)
    await fulls(mirror, 2)
    await mirror.pass_time(hours=73)
    await mirror.platform.publish()
    await fulls(mirror, 1)
    leave_out(mirror, site)
    await fulls(mirror, 2)
    assert await told(mirror) == []
    await mirror.pass_time(hours=73)
    await fulls(mirror, 1)
    assert await told(mirror) == [(site["uscc"], "review")]
    await mirror.platform.publish()
    await mirror.sync()
    assert await differences(mirror) == []
    leave_out(mirror, site)
    await fulls(mirror, 3)
    await mirror.pass_time(hours=73)
    await fulls(mirror, 1)
    assert await told(mirror) == [(site["uscc"], "review")] * 2


async def test_who_is_listed_again_otherwise_is_there_again(mirror: Mirror) -> None:
    (site,) = await untouched(mirror, 1)
    leave_out(mirror, site)
    await fulls(mirror, 3)
    await mirror.pass_time(hours=73)
    await fulls(mirror, 1)
    await mirror.revoke(site)
    await mirror.sync()
    assert await differences(mirror) == []
    assert await mirror.freezing() == [site["uscc"]]
    (row,) = await mirror.rows("SELECT bool_or(missing_told) AS told FROM registry.institution")
    assert not row["told"]


async def test_an_institution_with_a_site_that_is_listed_is_not_missing(mirror: Mirror) -> None:
    branches: dict[str, list[Site]] = {}
    for site in await register(mirror):
        branches.setdefault(site["uscc"], []).append(site)
    first, *_ = next(
        sites
        for sites in branches.values()
        if len(sites) > 1 and all(one["licenceNo"] for one in sites)
    )
    leave_out(mirror, first)
    await fulls(mirror, 3)
    await mirror.pass_time(hours=73)
    await fulls(mirror, 2)
    assert await told(mirror) == []


async def test_a_list_that_shrinks_too_much_counts_nobody_until_two_persons_agree(
    mirror: Mirror,
) -> None:
    sites = await untouched(mirror, 4)
    (revoked,) = (await untouched(mirror, 5))[4:]
    await mirror.revoke(revoked)
    leave_out(mirror, *sites)
    assert (await mirror.sync()).result == "withheld"
    assert await mirror.holds() == {"shrink": 4}
    assert await mirror.freezing() == [revoked["uscc"]]
    (row,) = await mirror.rows("SELECT count(*) AS n FROM registry.site WHERE missing_fulls > 0")
    assert row["n"] == 0
    await mirror.vote("shrink", "an officer", "another one")
    made = await mirror.look()
    assert made is not None
    assert made.result == "applied"
    await fulls(mirror, 2)
    await mirror.pass_time(hours=73)
    await fulls(mirror, 1)
    assert sorted(await told(mirror)) == sorted((one["uscc"], "review") for one in sites)
    assert await mirror.freezing() == [revoked["uscc"]]


async def test_three_of_150_may_be_missing_without_asking(mirror: Mirror) -> None:
    leave_out(mirror, *await untouched(mirror, 3))
    assert (await mirror.sync()).result == "applied"
    assert await mirror.holds() == {}
