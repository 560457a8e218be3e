"""Every route with every role, and with another party's data.

One institution has something of everything; strangers of every role try each route on it.
Afterwards it stands exactly as it stood.
"""

from dataclasses import dataclass
from typing import Any

import pytest

from shared.web.principals import Role, roles_of
from tests.support.client import BANK, DISTRICT, Caller, City, Place, days_ago, ok
from tests.support.tables import rows

Json = dict[str, Any]

AWAY = "110101"
FREEZE = {"scope": "charging", "reason": "挪用", "authority": "区教育局", "document_no": "1"}

# route, and what a stranger of an allowed role gets of another party's data:
#   refused  403 or 404
#   items    200 in which every item is refused
#   empty    the same, or 200 without anything in it
#   open     nothing of a party is in it, or only one's own
WALK = """
  PUT     /v1/institutions/{institution_id}                  refused
  GET     /v1/institutions/{institution_id}                  refused
  PUT     /v1/institutions/{institution_id}/custody-account  refused
  PUT     /v1/institutions/{institution_id}/floor            refused
  POST    /v1/institutions/{institution_id}/freezes          refused
  POST    /v1/freezes/{id}/confirm                           refused
  POST    /v1/freezes/{id}/lift                              refused
  GET     /v1/institutions/{institution_id}/balances         refused
  GET     /v1/institutions/{institution_id}/movements        refused
  GET     /v1/institutions/{institution_id}/prepaid-ledger   refused
  POST    /v1/contracts                                      refused
  GET     /v1/contracts                                      empty
  GET     /v1/contracts/{id}                                 refused
  GET     /v1/contracts/{id}/lessons                         refused
  GET     /v1/contracts/{id}/refund-quote                    refused
  POST    /v1/releases                                       refused
  POST    /v1/lessons/reversals                              refused
  POST    /v1/refunds                                        refused
  GET     /v1/refunds/{id}                                   refused
  POST    /v1/refunds/{id}/agree                             refused
  POST    /v1/refunds/{id}/contest                           refused
  PUT     /v1/refunds/{id}/payer-account                     refused
  POST    /v1/bank/entries                                   items
  POST    /v1/bank/entries/{id}/allocation                   refused
  POST    /v1/bank/statements                                refused
  GET     /v1/bank/reconciliations/{id}                      refused
  GET     /v1/bank/instructions                              empty
  POST    /v1/bank/instructions/{id}/result                  refused
  PUT     /v1/banks/{bank_id}                                open
  GET     /v1/policies                                       open
  GET     /v1/policies/{name}                                open
  GET     /v1/events                                         open
  GET     /v1/audit/trial-balance                            open
  GET     /v1/audit/verification                             open
  POST    /v1/keys                                           open
  GET     /v1/keys                                           open
  DELETE  /v1/keys/{id}                                      open
"""

PUBLIC = {("GET", "/healthz"), ("GET", "/readyz")}


@dataclass
class Scene:
    """An institution with something of everything, and the ids of it."""

    place: Place
    ids: dict[str, str]

    def path(self, template: str) -> str:
        """Fill a route's template with what is the institution's."""
        for prefix, name in self.ids.items():
            if template.startswith(prefix):
                template = template.replace("{id}", name)
        filled = template.replace("{institution_id}", self.place.id)
        return filled.replace("{bank_id}", BANK).replace("{name}", "national")

    def query(self, template: str) -> dict[str, str]:
        """Return what the call must say besides."""
        if template.startswith("/v1/contracts") or template == "/v1/bank/instructions":
            return {"institution_id": self.place.id}
        return {"account_number": self.place.account} if "allocation" in template else {}

    def body(self, method: str, template: str) -> Json:
        """Return a body that would do something to the institution."""
        place = self.place
        bodies: dict[str, Json] = {
            "PUT /v1/institutions/{institution_id}": {
                "name": "他人",
                "district_code": AWAY,
                "category": "subject",
                "delivery": "online",
                "policy": "national",
            },
            "PUT /v1/institutions/{institution_id}/custody-account": {
                "bank_id": "bank-b",
                "account_number": place.account,
                "account_name": "他人",
                "opened_on": "2026-01-05",
                "settlement_account_number": "622202000000000001",
                "settlement_account_name": "他人",
            },
            "PUT /v1/institutions/{institution_id}/floor": {
                "rules": [{"kind": "fixed", "amount_fen": 1}],
                "effective_from": "2026-01-05",
                "document_no": "1",
            },
            "POST /v1/institutions/{institution_id}/freezes": FREEZE,
            "POST /v1/freezes/{id}/confirm": {"reason": "无", "document_no": "2"},
            "POST /v1/freezes/{id}/lift": {"reason": "无", "document_no": "2"},
            "POST /v1/contracts": {"items": [place.contract("C9")]},
            "POST /v1/releases": {"institution_id": place.id, "items": [place.lesson("C1", 5)]},
            "POST /v1/lessons/reversals": {
                "institution_id": place.id,
                "items": [{"id": "v1", "contract_id": "C1", "lesson_no": 1, "reason": "误销"}],
            },
            "POST /v1/refunds": {
                "institution_id": place.id,
                "contract_id": "C1",
                "cause": "guardian",
            },
            "PUT /v1/refunds/{id}/payer-account": {
                "account_number": "622202000000000001",
                "account_name": "他人",
            },
            "POST /v1/bank/entries": {"items": [place.entry("E9", 700)]},
            "POST /v1/bank/entries/{id}/allocation": {"contract_id": "C1"},
            "POST /v1/bank/statements": statement(place, "ST-9"),
            "POST /v1/bank/instructions/{id}/result": {
                "state": "rejected",
                "bank_reference": "R-9",
            },
            "PUT /v1/banks/{bank_id}": {"name": "银行", "delivery": "pull", "finality_s": 60},
            "POST /v1/keys": {"role": "service"},
        }
        return bodies.get(f"{method} {template}", {})

    async def call(self, caller: Caller, method: str, template: str) -> Any:  # noqa: ANN401
        """Call a route on what is the institution's."""
        path, query = self.path(template), self.query(template)
        match method:
            case "GET":
                return await caller.get(path, **query)
            case "DELETE":
                return await caller.delete(path)
            case "PUT":
                return await caller.put(path, self.body(method, template), **query)
            case _:
                return await caller.post(path, self.body(method, template), **query)

    async def state(self) -> list[Json]:
        """Return all that can be seen of the institution."""
        city, asked = self.place.city, {"institution_id": self.place.id}
        whole = ok(await city.operator.get(self.place.path))
        whole.pop("as_of")
        refund = self.ids["/v1/refunds"]
        return [
            whole,
            ok(await city.auditor.get(f"{self.place.path}/movements", limit=500)),
            ok(await city.supervisor.get("/v1/contracts", **asked)),
            ok(await city.supervisor.get(f"/v1/refunds/{refund}")),
            ok(await city.bank.get("/v1/bank/instructions", **asked)),
        ]


def statement(place: Place, name: str) -> Json:
    day = str(days_ago(7).date())
    return {
        "id": name,
        "account_number": place.account,
        "from": day,
        "to": day,
        "opening_balance_fen": 0,
        "closing_balance_fen": 0,
        "entries": [],
    }


@pytest.fixture
async def scene(city: City, place: Place) -> Scene:
    """Give the institution a contract, a lesson paid out, a refund, a freeze, a statement."""
    await place.fund("C1")
    await place.fund("C2")
    await place.book(place.entry("stray", 400))
    await place.release("C1", 1)
    (instruction,) = await place.instructions(state="planned")
    refund = {"institution_id": place.id, "contract_id": "C2", "cause": "guardian"}
    asked = ok(await place.billing.post("/v1/refunds", refund), 201)
    frozen = ok(await city.supervisor.post(f"{place.path}/freezes", FREEZE), 201)
    body = statement(place, "ST-1")
    received = ok(await city.bank.post("/v1/bank/statements", body), 201)
    key = ok(await city.operator.post("/v1/keys", {"role": "service"}), 201)
    return Scene(
        place,
        {
            "/v1/contracts": "C1",
            "/v1/freezes": frozen["id"],
            "/v1/refunds": asked["id"],
            "/v1/bank/entries": "stray",
            "/v1/bank/instructions": instruction["id"],
            "/v1/bank/reconciliations": received["reconciliation_id"],
            "/v1/keys": key["id"],
        },
    )


@pytest.fixture
async def insiders(city: City, place: Place) -> dict[Role, Caller]:
    """Return a caller of each role whose scope holds the institution."""
    return {
        Role.institution: place.billing,
        Role.guardian: await city.caller("guardian", institution_id=place.id, guardian_ref="G-C1"),
        Role.bank: city.bank,
        Role.supervisor: city.supervisor,
        Role.auditor: city.auditor,
        Role.service: city.service,
        Role.operator: city.operator,
    }


@pytest.fixture
async def strangers(city: City, place: Place) -> dict[Role, list[Caller]]:
    """Return callers of each role whose scope does not hold the institution."""
    other = await city.place(district_code=AWAY)
    return {
        Role.institution: [other.billing],
        Role.guardian: [
            await city.caller("guardian", institution_id=place.id, guardian_ref="G-other"),
            await city.caller("guardian", institution_id=other.id, guardian_ref="G-C1"),
            await city.caller("guardian", district_code=AWAY),
        ],
        Role.bank: [await city.open_bank("bank-b")],
        Role.supervisor: [await city.caller("supervisor", district_code=AWAY)],
        Role.auditor: [await city.caller("auditor", district_code=AWAY)],
        Role.service: [],
        Role.operator: [],
    }


def allowed(city: City) -> dict[tuple[str, str], frozenset[Role] | None]:
    """Return every route of the application, and who may call it."""
    return {
        (method, route.path): roles_of(route)
        for route in city.app.state.routes
        for method in route.methods
    }


async def test_the_walk_leaves_no_route_out(city: City) -> None:
    assert {(method, path) for method, path, _ in rows(WALK)} | PUBLIC == set(allowed(city))


async def test_nobody_gets_in_without_a_valid_key(city: City, scene: Scene) -> None:
    forged = Caller(city.http, "yk_AAAAAAAA_" + "x" * 43)
    before = await scene.state()
    for method, path, _ in rows(WALK):
        for caller in (city.nobody, forged):
            answer = await scene.call(caller, method, path)
            assert answer.status_code == 401, (method, path)
            assert answer.json()["code"] == "unauthenticated"
            assert answer.headers["www-authenticate"] == "Bearer"
    assert await scene.state() == before


async def test_a_role_without_the_right_is_refused(
    city: City, scene: Scene, insiders: dict[Role, Caller]
) -> None:
    before = await scene.state()
    tried = 0
    for (method, path), roles in allowed(city).items():
        for role in set(Role) - (roles or set(Role)):
            answer = await scene.call(insiders[role], method, path)
            assert answer.status_code == 403, (method, path, role, answer.text)
            assert answer.json()["code"] == "not_allowed"
            tried += 1
    assert tried > 100
    assert await scene.state() == before


async def test_another_partys_data_is_neither_read_nor_written(
    city: City, scene: Scene, strangers: dict[Role, list[Caller]]
) -> None:
    roles = allowed(city)
    before = await scene.state()
    for method, path, expected in rows(WALK):
        for role in roles[method, path] or ():
            for caller in strangers[role] if expected != "open" else ():
                answer = await scene.call(caller, method, path)
                told = (method, path, role, answer.status_code, answer.text)
                if expected == "refused":
                    assert answer.status_code in {403, 404, 422}, told
                    assert answer.status_code != 422 or role is Role.guardian, told
                    assert scene.place.id not in answer.text
                elif expected == "empty":
                    refused = answer.status_code in {403, 404, 422}
                    assert refused or answer.json()["items"] == [], told
                else:
                    outcomes = {one["outcome"] for one in answer.json()["items"]}
                    assert outcomes == {"refused"}, told
    assert await scene.state() == before


async def test_a_guardian_reads_its_own_contract_and_asks_for_its_refund(
    scene: Scene, insiders: dict[Role, Caller]
) -> None:
    family = insiders[Role.guardian]
    for path in ("/v1/contracts/C1", "/v1/contracts/C1/lessons", "/v1/contracts/C1/refund-quote"):
        ok(await family.get(path))
    body = {"institution_id": scene.place.id, "contract_id": "C1", "cause": "guardian"}
    made = ok(await family.post("/v1/refunds", body), 201)
    ok(await family.get(f"/v1/refunds/{made['id']}"))
    assert (await family.get(f"/v1/refunds/{scene.ids['/v1/refunds']}")).status_code in {403, 404}


async def test_a_citys_app_must_name_the_guardian_and_is_believed_within_its_district(
    city: City, scene: Scene
) -> None:
    app = await city.caller("guardian", district_code=DISTRICT)
    asked = {"institution_id": scene.place.id}
    for path in ("/v1/contracts/C1", "/v1/contracts/C1/refund-quote"):
        ok(await app.get(path, guardian_ref="G-C1", **asked))
        for wrong in ({}, {"guardian_ref": "G-C2"}):
            answer = await app.get(path, **asked, **wrong)
            assert answer.status_code in {403, 404, 422}, (path, answer.text)


async def test_a_district_supervisor_cannot_pull_an_institution_into_its_district(
    city: City, scene: Scene, strangers: dict[Role, list[Caller]]
) -> None:
    before = await scene.state()
    (away,) = strangers[Role.supervisor]
    template = "/v1/institutions/{institution_id}"
    for district in (AWAY, DISTRICT):
        body = {**scene.body("PUT", template), "district_code": district}
        assert (await away.put(scene.place.path, body)).status_code == 403
    assert await scene.state() == before


async def test_a_district_supervisor_cannot_push_an_institution_into_another_district(
    city: City, scene: Scene
) -> None:
    before = await scene.state()
    own = await city.caller("supervisor", district_code=DISTRICT)
    body = scene.body("PUT", "/v1/institutions/{institution_id}")
    assert (await own.put(scene.place.path, {**body, "district_code": AWAY})).status_code == 403
    assert await scene.state() == before


async def test_a_bank_cannot_take_over_another_banks_account(
    city: City, scene: Scene, strangers: dict[Role, list[Caller]]
) -> None:
    before = await scene.state()
    (other,) = strangers[Role.bank]
    template = "/v1/institutions/{institution_id}/custody-account"
    for number in (scene.place.account, "622202000000000999"):
        body = {**scene.body("PUT", template), "account_number": number}
        answer = await other.put(f"{scene.place.path}/custody-account", body)
        assert answer.status_code in {403, 409}, answer.text
    assert await scene.state() == before


async def test_an_idempotency_key_is_ones_own(city: City, scene: Scene) -> None:
    other = await city.place()
    mine = await scene.place.billing.post(
        "/v1/contracts", {"items": [scene.place.contract("K1")]}, key="the-same"
    )
    theirs = await other.billing.post(
        "/v1/contracts", {"items": [other.contract("K2")]}, key="the-same"
    )
    assert [ok(one)["items"][0]["id"] for one in (mine, theirs)] == ["K1", "K2"]
    assert "Idempotent-Replayed" not in theirs.headers
