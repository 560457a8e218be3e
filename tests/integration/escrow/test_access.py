"""Keys over HTTP: made once, listed without secrets, revoked at once."""

from uuid import UUID

import asyncpg
import pytest

from escrow.access.service import create_key, list_keys, revoke_key
from shared.errors import Malformed
from shared.ids import new_id
from tests.support.client import Caller, City, an_institution_id, ok
from tests.support.tables import cases


async def test_a_key_is_shown_when_it_is_made_and_never_again(city: City) -> None:
    made = ok(await city.operator.post("/v1/keys", {"role": "service", "label": "alerts"}), 201)
    assert made["key"].startswith(f"yk_{made['prefix']}_")
    assert (made["role"], made["label"], made["revoked_at"]) == ("service", "alerts", None)
    listed = ok(await city.operator.get("/v1/keys", limit=500))["items"]
    again = next(one for one in listed if one["id"] == made["id"])
    assert again == {name: value for name, value in made.items() if name != "key"}


async def test_only_the_digest_is_stored(city: City, owner_url: str) -> None:
    made = ok(await city.operator.post("/v1/keys", {"role": "service"}), 201)
    connection = await asyncpg.connect(owner_url)
    row = await connection.fetchrow("SELECT * FROM access.api_key WHERE id = $1", UUID(made["id"]))
    await connection.close()
    secret = made["key"].rsplit("_", 1)[1]
    assert secret not in str(dict(row))


async def test_a_made_key_speaks_for_its_scope(city: City) -> None:
    name = an_institution_id()
    caller = await city.caller("institution", institution_id=name)
    assert (await caller.get(f"/v1/institutions/{name}")).status_code == 404
    assert (await caller.get(f"/v1/institutions/{an_institution_id()}")).status_code == 403


async def test_a_revoked_key_is_refused_at_once(city: City) -> None:
    made = ok(await city.operator.post("/v1/keys", {"role": "service"}), 201)
    caller = Caller(city.http, made["key"])
    ok(await caller.get("/v1/events"))
    revoked = ok(await city.operator.delete(f"/v1/keys/{made['id']}"))
    assert revoked["revoked_at"] is not None
    assert (await caller.get("/v1/events")).status_code == 401
    assert ok(await city.operator.delete(f"/v1/keys/{made['id']}")) == revoked


async def test_an_unknown_key_cannot_be_revoked(city: City) -> None:
    answer = await city.operator.delete(f"/v1/keys/{new_id()}")
    assert answer.json()["code"] == "not_found"


async def test_keys_are_listed_page_by_page_in_the_order_made(city: City) -> None:
    for _ in range(3):
        await city.caller("service")
    found: list[str] = []
    query: dict[str, str | int] = {"limit": 2}
    while True:
        page = ok(await city.operator.get("/v1/keys", **query))
        found += [one["id"] for one in page["items"]]
        if page["next"] is None:
            break
        query["after"] = page["next"]
    assert found == sorted(set(found))
    assert len(found) >= 8


async def test_an_idempotency_key_makes_no_difference(city: City) -> None:
    body = {"role": "service"}
    first = ok(await city.operator.post("/v1/keys", body, key="twice"), 201)
    second = ok(await city.operator.post("/v1/keys", body, key="twice"), 201)
    assert first["id"] != second["id"]


INSTITUTION = "91320602MA1ABCDE16"

# role       given                                          status
SCOPES = f"""
  institution  institution_id={INSTITUTION}                      201
  institution  -                                                422
  institution  institution_id={INSTITUTION},bank_id=b            422
  institution  institution_id=91320602MA1ABCDE17                422
  bank         bank_id=bank-a                                   201
  bank         -                                                422
  bank         bank_id=a b                                      422
  supervisor   -                                                201
  supervisor   district_code=320602                             201
  supervisor   district_code=32060                              422
  auditor      district_code=320000                             201
  auditor      institution_id={INSTITUTION}                      422
  guardian     institution_id={INSTITUTION},guardian_ref=G-1     201
  guardian     institution_id={INSTITUTION}                      422
  guardian     guardian_ref=G-1                                 422
  guardian     district_code=320602                             201
  guardian     district_code=320602,guardian_ref=G-1            422
  service      -                                                201
  service      district_code=320602                             422
  operator     -                                                201
  operator     bank_id=bank-a                                   422
  parent       -                                                422
"""


@cases(SCOPES)
async def test_a_key_takes_what_its_role_needs(city: City, row: list[str]) -> None:
    role, given, status = row
    scope = dict(pair.split("=") for pair in given.split(",") if pair)
    answer = await city.operator.post("/v1/keys", {"role": role, **scope})
    assert answer.status_code == int(status), answer.text


async def test_an_empty_district_is_the_whole_country(city: City) -> None:
    body = {"role": "supervisor", "district_code": ""}
    assert ok(await city.operator.post("/v1/keys", body), 201)["district_code"] is None


async def test_the_command_line_makes_lists_and_revokes_the_same_keys(city: City) -> None:
    database = city.app.state.escrow.database
    record, key = await create_key(database, role="bank", created_by="cli", bank_id="bank-z")
    assert key.startswith(f"yk_{record['prefix']}_")
    assert record in await list_keys(database)
    revoked = await revoke_key(database, record["id"], revoked_by="cli")
    assert revoked is not None
    assert revoked["revoked_by"] == "cli"
    assert await revoke_key(database, new_id(), revoked_by="cli") is None


async def test_the_command_line_refuses_a_scope_that_does_not_fit(city: City) -> None:
    with pytest.raises(Malformed):
        await create_key(city.app.state.escrow.database, role="bank", created_by="cli")
