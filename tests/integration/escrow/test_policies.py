"""Policies over HTTP: everyone reads them, each number with its source."""

from tests.support.client import City, ok


async def test_the_national_policy_always_exists(city: City) -> None:
    listed = ok(await city.auditor.get("/v1/policies"))
    assert listed["next"] is None
    national = next(one for one in listed["items"] if one["name"] == "national")
    assert national == ok(await city.auditor.get("/v1/policies/national"))
    version = national["versions"][0]
    assert (version["version"], version["effective_from"]) == (1, "2021-01-01")
    assert version["release"] == {"unit": "lesson", "upon": "claim", "confirmation": "none"}
    assert version["payout"] == {"cycle": "at_once"}
    assert version["refund"] == {"formula": "pro_rata"}
    assert version["span_months_max"]["value"] == 3
    assert version["lessons_max"]["value"] == 60
    assert version["amount_max_fen"]["non_subject"]["value"] == 500_000
    assert all(version["lessons_max"]["source"] for version in national["versions"])
    assert version["lessons_a_day_max"] is None


async def test_an_unknown_policy_is_not_found(city: City) -> None:
    assert (await city.auditor.get("/v1/policies/lunar")).status_code == 404


async def test_every_role_reads_policies(city: City) -> None:
    family = await city.caller("guardian", district_code="320600")
    for caller in (*city.parties.values(), city.operator, family):
        ok(await caller.get("/v1/policies/national"))
    assert (await city.nobody.get("/v1/policies")).status_code == 401
