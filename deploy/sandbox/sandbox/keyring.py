"""The keys by which the sandbox's parties speak, kept because each is shown only once.

They belong to one database: on another one, or after it was emptied, they are made anew.
"""

import json
from dataclasses import dataclass, field
from typing import Any

import httpx

from sandbox.city.places import PULLING_BANK, PUSHED_BANK
from sandbox.folder import Folder, read_json, write_whole

PARTIES: dict[str, dict[str, str]] = {
    "supervisor": {"role": "supervisor", "district_code": ""},
    "auditor": {"role": "auditor", "district_code": ""},
    "bank": {"role": "bank", "bank_id": PULLING_BANK},
    "bank_pushed": {"role": "bank", "bank_id": PUSHED_BANK},
    "service": {"role": "service"},
}
"""Every party but the operator, whose key the command line makes, and the institutions."""


@dataclass(slots=True)
class Keyring:
    """Keys by party; `database` is the id of the operator's key: another one, another database."""

    operator: str = ""
    database: str = ""
    parties: dict[str, str] = field(default_factory=dict)
    institutions: dict[str, str] = field(default_factory=dict)

    def save(self, folder: Folder) -> None:
        """Keep the keys for the next run."""
        write_whole(
            folder.keys,
            {
                "operator": self.operator,
                "database": self.database,
                "parties": self.parties,
                "institutions": self.institutions,
            },
        )


def stored(folder: Folder) -> Keyring:
    """Return the keys of the last run; none on the first."""
    return Keyring(**read_json(folder.keys))


def first_key(printed: str) -> Keyring:
    """Return a ring with the operator's key alone, from what the command line printed."""
    made = json.loads(printed.strip().splitlines()[-1])
    return Keyring(operator=made["key"], database=made["id"].replace("-", "")[-12:])


async def is_known(http: httpx.AsyncClient, ring: Keyring) -> bool:
    """Whether the service still knows the operator's key."""
    if not ring.operator:
        return False
    answer = await http.get("/v1/keys", headers=bearer(ring.operator), params={"limit": 1})
    return answer.is_success


async def make_key(http: httpx.AsyncClient, ring: Keyring, **scope: str) -> str:
    """Ask the service for a key of a role and scope."""
    body: dict[str, Any] = {word: value for word, value in scope.items() if value}
    answer = await http.post("/v1/keys", json=body, headers=bearer(ring.operator))
    answer.raise_for_status()
    key: str = answer.json()["key"]
    return key


FINALITY_S = 2
"""After so long the sandbox's banks know whether they received something; real ones take hours."""


async def complete(http: httpx.AsyncClient, ring: Keyring, pushed_url: str) -> None:
    """Register the sandbox's banks, and make the keys that are missing."""
    banks: dict[str, dict[str, Any]] = {
        PULLING_BANK: {"name": "示例银行", "delivery": "pull"},
        PUSHED_BANK: {"name": "示例推送银行", "delivery": "push", "endpoint": pushed_url},
    }
    for bank_id, facts in banks.items():
        body = {**facts, "finality_s": FINALITY_S}
        answer = await http.put(f"/v1/banks/{bank_id}", json=body, headers=bearer(ring.operator))
        answer.raise_for_status()
    for party, scope in PARTIES.items():
        if party not in ring.parties:
            ring.parties[party] = await make_key(http, ring, label=f"sandbox {party}", **scope)


def bearer(key: str) -> dict[str, str]:
    """Return the header that carries a key."""
    return {"Authorization": f"Bearer {key}"}
