"""Who takes part in a story, each with a client of its own, and the words they use."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import httpx

from shared.time import SHANGHAI, rfc3339, wall_clock
from tests.e2e.launching import Sandbox

Json = dict[str, Any]


@dataclass(frozen=True)
class Place:
    """An institution, its custody account and its bank."""

    id: str
    account: str
    bank_id: str = "sandbox"
    settlement: str = "6217990000000000022"
    name: str = "示例青竹科技培训中心"
    district_code: str = "320602"
    category: str = "non_subject"


@dataclass
class Parties:
    """Clients by party; the institution is registered when they come together."""

    sandbox: Sandbox
    place: Place
    clients: dict[str, httpx.Client] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Register the institution and its account, and make its key."""
        for party in ("operator", "supervisor", "auditor", "bank", "service"):
            self.clients[party] = self.sandbox.client(self.sandbox.key(party))
        self._register()
        key = self.make_key(role="institution", institution_id=self.place.id)
        self.clients["billing"] = self.sandbox.client(key)

    def __getattr__(self, party: str) -> httpx.Client:
        """Return a party's client."""
        try:
            clients: dict[str, httpx.Client] = self.__dict__["clients"]
            return clients[party]
        except KeyError as unknown:
            raise AttributeError(party) from unknown

    def make_key(self, **scope: str) -> str:
        """Make a key of a role and scope."""
        key: str = ok(self.operator.post("/v1/keys", json={"label": "story", **scope}), 201)["key"]
        return key

    def balances(self) -> dict[str, int]:
        """Return the institution's balances by account kind."""
        answer = ok(self.billing.get(f"/v1/institutions/{self.place.id}/balances"))
        accounts: dict[str, int] = answer["accounts"]
        return accounts

    def close(self) -> None:
        """Hang up."""
        for client in self.clients.values():
            client.close()

    def _register(self) -> None:
        path = f"/v1/institutions/{self.place.id}"
        facts = {
            "name": self.place.name,
            "district_code": self.place.district_code,
            "category": self.place.category,
            "delivery": "offline",
            "policy": "national",
        }
        ok(self.supervisor.put(path, json=facts))
        account = {
            "bank_id": self.place.bank_id,
            "account_number": self.place.account,
            "account_name": f"{self.place.name}（预收费托管专户）",
            "opened_on": str(days_ago(30).date()),
            "settlement_account_number": self.place.settlement,
            "settlement_account_name": self.place.name,
        }
        ok(self.supervisor.put(f"{path}/custody-account", json=account))


def ok(answer: httpx.Response, status: int = 200) -> Json:
    """Return the answer's body, which must have this status."""
    assert answer.status_code == status, answer.text
    body: Json = answer.json()
    return body


def post(client: httpx.Client, path: str, body: Json, key: str) -> httpx.Response:
    """Post under an idempotency key."""
    return client.post(path, json=body, headers={"Idempotency-Key": f'"{key}"'})


def days_ago(days: int) -> datetime:
    """Return nine in the morning, some days ago."""
    today = wall_clock().astimezone(SHANGHAI)
    return today.replace(hour=9, minute=0, second=0, microsecond=0) - timedelta(days=days)


def a_contract(place: Place, name: str) -> Json:
    """Return the wire contract's example, signed and begun a few days ago."""
    return {
        "id": name,
        "institution_id": place.id,
        "student_ref": f"S-{name}",
        "guardian_ref": f"G-{name}",
        "course": {"name": "少儿编程 L2", "category": "non_subject", "delivery": "offline"},
        "lessons": 60,
        "paid_fen": 480_000,
        "list_fen": 600_000,
        "signed_at": rfc3339(days_ago(9)),
        "starts_on": str(days_ago(8).date()),
        "ends_on": str(days_ago(8).date() + timedelta(days=80)),
    }


def a_lesson(name: str, contract_id: str, lesson_no: int = 1) -> Json:
    """Return a lesson of yesterday morning."""
    return {
        "id": name,
        "contract_id": contract_id,
        "lesson_no": lesson_no,
        "taught_at": rfc3339(days_ago(1)),
        "ended_at": rfc3339(days_ago(1) + timedelta(hours=1)),
    }
