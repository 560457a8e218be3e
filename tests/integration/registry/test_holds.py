"""What waits for two persons: who may decide, what their word lets through, and what it does not.

Between a hold and its second vote the source goes on: what people saw acts, and nothing more.
"""

from collections.abc import AsyncIterator

import pytest

from shared.errors import Conflict
from tests.integration.registry.mirrors import Mirror, Site, empty, mirror_on
from tests.integration.registry.truth import differences, untouched
from tests.support.client import an_institution_id

SITES = 150


@pytest.fixture
async def mirror(owner_url: str) -> AsyncIterator[Mirror]:
    empty(owner_url)
    async with mirror_on(owner_url, institutions=SITES) as found:
        assert (await found.sync()).result == "applied"
        yield found


async def mass(mirror: Mirror, number: int = 10) -> list[Site]:
    """Let the platform revoke many licences at once, and the mirror look."""
    sites = await untouched(mirror, number)
    await mirror.revoke(*sites)
    assert (await mirror.sync()).result == "withheld"
    assert await mirror.holds() == {"mass_revocation": number}
    return sites


def codes(*sites: Site) -> list[str]:
    return sorted(one["uscc"] for one in sites)


async def test_additions_and_restorations_act_while_revocations_wait(mirror: Mirror) -> None:
    (restored,) = await untouched(mirror, 1)
    await mirror.revoke(restored)
    await mirror.sync()
    many = await untouched(mirror, 10)
    added = an_institution_id()
    await mirror.platform.change(
        *({"uscc": one["uscc"], "orgStatus": "吊销"} for one in many),
        {"uscc": restored["uscc"], "orgStatus": "正常"},
        {"uscc": added, "orgName": "示例新设培训中心"},
    )
    outcome = await mirror.sync()
    assert (outcome.result, dict(outcome.withheld)) == ("withheld", {"mass_revocation": 10})
    assert [await mirror.status(one) for one in (restored["uscc"], added)] == ["normal"] * 2
    assert {await mirror.status(one["uscc"]) for one in many} == {"normal"}
    assert await mirror.freezing() == [restored["uscc"]]


async def test_two_persons_let_through_what_they_saw(mirror: Mirror) -> None:
    many = await mass(mirror)
    assert await mirror.vote("mass_revocation", "an officer") == "open"
    assert await mirror.vote("mass_revocation", "an officer") == "open"
    assert await mirror.look() is None
    assert await mirror.freezing() == []
    assert await mirror.vote("mass_revocation", "another one") == "approved"
    made = await mirror.look()
    assert made is not None
    assert made.result == "applied"
    assert sorted(await mirror.freezing()) == codes(*many)
    assert await mirror.holds("applied") == {"mass_revocation": 10}
    assert await mirror.look() is None
    assert await differences(mirror) == []


async def test_what_was_approved_acts_though_the_first_try_fails(mirror: Mirror) -> None:
    """The platform fell silent just then: the next look goes on, and nobody votes again."""
    many = await mass(mirror)
    await mirror.vote("mass_revocation", "an officer", "another one")
    await mirror.platform.turn(server_error=1)
    failed = await mirror.look()
    assert failed is not None
    assert failed.result == "unreachable"
    await mirror.platform.http.delete("/desk/faults")
    assert (await mirror.sync()).result == "applied"
    assert sorted(await mirror.freezing()) == codes(*many)


async def test_three_sites_closed_at_once_are_one_turn(mirror: Mirror) -> None:
    """Turns are counted by moments: an institution of many sites does not flap by closing."""
    (one,) = await untouched(mirror, 1)
    sites = [{"uscc": one["uscc"], "licenceNo": f"{one['licenceNo']}{n}"} for n in range(3)]
    await mirror.platform.change(*({**site, "orgName": one["orgName"]} for site in sites))
    await mirror.sync()
    await mirror.platform.change(*({**site, "orgStatus": "停业"} for site in sites))
    await mirror.sync()
    await mirror.platform.change(*({**site, "orgStatus": "正常"} for site in sites))
    assert (await mirror.sync()).result == "applied"


async def test_what_nobody_saw_waits_anew(mirror: Mirror) -> None:
    seen = await mass(mirror, 6)
    await mirror.vote("mass_revocation", "an officer", "another one")
    later = await untouched(mirror, 8)
    await mirror.revoke(*later)
    made = await mirror.look()
    assert made is not None
    assert (made.result, dict(made.withheld)) == ("withheld", {"mass_revocation": 8})
    assert sorted(await mirror.freezing()) == codes(*seen)
    assert await mirror.holds() == {"mass_revocation": 8}
    await mirror.vote("mass_revocation", "an officer", "another one")
    await mirror.look()
    assert sorted(await mirror.freezing()) == codes(*seen, *later)


async def test_revocations_that_drip_wait_from_the_sixth_of_a_day_on(mirror: Mirror) -> None:
    """A source that errs by one in each version takes no more than one that errs at once."""
    dripped = await untouched(mirror, 6)
    for one in dripped:
        await mirror.revoke(one)
        await mirror.sync()
    *acted, last = dripped
    assert sorted(await mirror.freezing()) == codes(*acted)
    assert await mirror.holds() == {"mass_revocation": 1}
    await mirror.pass_time(hours=24, minutes=1)
    assert (await mirror.sync(everything=True)).result == "applied"
    assert sorted(await mirror.freezing()) == codes(*acted, last)


async def test_what_two_persons_let_through_is_no_drop_of_the_day(mirror: Mirror) -> None:
    many = await mass(mirror)
    await mirror.vote("mass_revocation", "an officer", "another one")
    await mirror.look()
    (one,) = await untouched(mirror, 1)
    await mirror.revoke(one)
    assert (await mirror.sync()).result == "applied"
    assert sorted(await mirror.freezing()) == codes(*many, one)


async def test_votes_stay_while_nothing_is_added_to_what_waits(mirror: Mirror) -> None:
    many = await mass(mirror)
    await mirror.vote("mass_revocation", "an officer")
    taken_back, *rest = many
    await mirror.platform.change({"uscc": taken_back["uscc"], "orgStatus": "正常"})
    await mirror.sync()
    await mirror.sync(everything=True)
    assert await mirror.vote("mass_revocation", "another one") == "approved"
    await mirror.look()
    assert sorted(await mirror.freezing()) == codes(*rest)
    assert await differences(mirror) == []


async def test_votes_end_when_more_waits_than_was_voted_on(mirror: Mirror) -> None:
    await mass(mirror)
    await mirror.vote("mass_revocation", "an officer")
    await mirror.revoke(*await untouched(mirror, 1))
    await mirror.sync()
    assert await mirror.holds("replaced") == {"mass_revocation": 10}
    assert await mirror.vote("mass_revocation", "another one") == "open"


async def test_what_the_source_takes_back_waits_no_longer(mirror: Mirror) -> None:
    many = await mass(mirror)
    await mirror.platform.change(*({"uscc": o["uscc"], "orgStatus": "正常"} for o in many))
    assert (await mirror.sync()).result == "applied"
    assert (await mirror.holds(), await mirror.freezing()) == ({}, [])


async def test_one_person_rejects_and_nothing_acts(mirror: Mirror) -> None:
    await mass(mirror)
    hold_id = await mirror.hold_id("mass_revocation")
    assert await mirror.vote("mass_revocation", "an officer") == "open"
    with pytest.raises(Conflict, match="otherwise"):
        await mirror.vote("mass_revocation", "an officer", verdict="reject")
    assert await mirror.vote("mass_revocation", "another one", verdict="reject") == "rejected"
    assert await mirror.look() is None
    await mirror.sync()
    assert (await mirror.holds(), await mirror.freezing()) == ({}, [])
    await mirror.pass_time(hours=25)
    await mirror.sync()  # once a day everything is looked at, and asked about, anew
    assert await mirror.holds() == {"mass_revocation": 10}
    assert await mirror.hold_id("mass_revocation") != hold_id


async def test_a_hold_runs_out_after_a_day_and_is_made_anew(mirror: Mirror) -> None:
    many = await mass(mirror)
    await mirror.vote("mass_revocation", "an officer")
    await mirror.pass_time(hours=23)
    await mirror.sync(everything=True)  # the daily look comes before the hold runs out
    await mirror.pass_time(hours=1, seconds=1)
    with pytest.raises(Conflict, match="ran out"):
        await mirror.vote("mass_revocation", "another one")
    assert (await mirror.sync()).result == "withheld"
    assert await mirror.holds("expired") == {"mass_revocation": 10}
    assert await mirror.vote("mass_revocation", "another one") == "open"
    assert await mirror.vote("mass_revocation", "an officer") == "approved"
    await mirror.look()
    assert sorted(await mirror.freezing()) == codes(*many)


async def test_an_approval_runs_out_too_when_the_source_stays_away(mirror: Mirror) -> None:
    await mass(mirror)
    await mirror.vote("mass_revocation", "an officer", "another one")
    await mirror.platform.turn(server_error=1)
    made = await mirror.look()
    assert made is not None
    assert made.result == "unreachable"
    assert await mirror.look() is None, "a source that is away is not asked every second"
    await mirror.platform.http.delete("/desk/faults")
    await mirror.pass_time(hours=25)
    await mirror.sync()
    assert await mirror.freezing() == []
    assert await mirror.holds() == {"mass_revocation": 10}


@pytest.mark.parametrize(
    ("switch", "reason"),
    [
        ({"schema_drift": 1}, "schema_drift"),
        ({"clock_skew_s": 3_600}, "clock"),
        ({"fast_forward": 5_000}, "fast_forward"),
        ({"fill_drop": 0.3}, "fill_rate"),
    ],
)
async def test_a_whole_batch_acts_once_two_persons_looked_at_it(
    mirror: Mirror, switch: dict[str, float], reason: str
) -> None:
    for _ in range(2):
        await mirror.sync(everything=True)
    (site,) = await untouched(mirror, 1)
    await mirror.revoke(site)
    await mirror.platform.turn(**switch)
    for _ in range(3):
        assert (await mirror.sync()).result == "withheld"
    assert await mirror.vote(reason, "an officer") == "open"
    await mirror.sync()
    assert (await mirror.look(), await mirror.freezing()) == (None, [])
    assert await mirror.vote(reason, "another one") == "approved"
    made = await mirror.look()
    assert made is not None
    assert made.result == "applied"
    assert await mirror.freezing() == [site["uscc"]]
    assert (await mirror.holds(), len(await mirror.holds("applied"))) == ({}, 1)


async def test_an_emptier_list_that_was_let_through_is_usual_from_then_on(mirror: Mirror) -> None:
    for _ in range(2):
        await mirror.sync(everything=True)
    await mirror.platform.turn(fill_drop=0.3)
    await mirror.sync()
    await mirror.vote("fill_rate", "an officer", "another one")
    await mirror.look()
    assert (await mirror.sync(everything=True)).result == "applied"


async def test_an_empty_list_that_was_let_through_freezes_nobody(mirror: Mirror) -> None:
    await mirror.platform.turn(empty=True)
    await mirror.sync()
    await mirror.vote("empty", "an officer", "another one")
    made = await mirror.look()
    assert made is not None
    assert made.result == "applied"
    (row,) = await mirror.rows("SELECT count(*) AS n FROM registry.site WHERE missing_fulls = 1")
    assert (row["n"], await mirror.freezing()) == (SITES, [])
    await mirror.platform.http.delete("/desk/faults")
    await mirror.sync()
    assert await differences(mirror) == []


async def test_a_batch_doubted_twice_waits_for_both_decisions(mirror: Mirror) -> None:
    (site,) = await untouched(mirror, 1)
    await mirror.revoke(site)
    await mirror.platform.turn(schema_drift=True, clock_skew_s=3_600)
    await mirror.sync()
    await mirror.vote("schema_drift", "an officer", "another one")
    made = await mirror.look()
    assert made is not None
    assert made.result == "withheld"
    assert (await mirror.holds("approved"), await mirror.freezing()) == ({"schema_drift": 1}, [])
    await mirror.vote("clock", "an officer", "another one")
    await mirror.look()
    assert await mirror.freezing() == [site["uscc"]]


async def test_a_version_that_was_rejected_is_not_asked_about_again(mirror: Mirror) -> None:
    await mirror.platform.turn(schema_drift=True)
    await mirror.sync()
    await mirror.vote("schema_drift", "an officer", verdict="reject")
    assert (await mirror.sync()).result == "withheld"
    assert await mirror.holds() == {}
    await mirror.platform.publish()
    await mirror.sync()
    assert await mirror.holds() == {"schema_drift": 0}
