"""One institution whose children keep being taught while everything around them is killed."""

import threading
from dataclasses import dataclass, field
from random import Random
from typing import Final

import httpx

from shared.time import business_day, wall_clock
from tests.crash.asking import FEE_FEN, LESSONS, Json, a_claim, a_contract, insist, make_key
from tests.crash.rig import BANK_ID, Rig

CALLERS: Final = 4
BATCHES: Final = 4
BATCH: Final = 5
INSTITUTION: Final = "91320602MA1ABCDE16"
ACCOUNT: Final = "6222020000000000055"


@dataclass
class Load:
    """What was asked and acknowledged in one round."""

    acknowledged: dict[str, str] = field(default_factory=dict)
    answers: int = 0
    faults: list[BaseException] = field(default_factory=list)
    changed: threading.Condition = field(default_factory=threading.Condition)

    def note(self, answer: Json) -> None:
        """Keep what the service said it released."""
        with self.changed:
            self.answers += 1
            for one in answer["items"]:
                assert one["outcome"] in {"released", "exists"}, one
                self.acknowledged[one["id"]] = one["movement_id"]
            self.changed.notify_all()

    def wait_for(self, answers: int) -> None:
        """Wait until so many batches were acknowledged, or a caller gave up."""
        with self.changed:
            self.changed.wait_for(lambda: self.answers >= answers or self.faults, timeout=120)


class Town:
    """The institution, its bank account and its contracts."""

    def __init__(self, rig: Rig) -> None:
        """Register everything once."""
        self.rig = rig
        self.released_fen = 0
        with httpx.Client(base_url=rig.url, headers=_bearer(rig.operator)) as operator:
            bank = {"name": "示例推送银行", "delivery": "push", "endpoint": rig.bank_url}
            operator.put(f"/v1/banks/{BANK_ID}", json=bank | {"finality_s": 1}).raise_for_status()
        self._register()
        self.key = make_key(rig.login, role="institution", institution_id=INSTITUTION)

    def enrol(self, number: int) -> list[str]:
        """Register and fund one contract per caller for a round; wait for the money."""
        names = [f"R{number}-{caller}" for caller in range(CALLERS)]
        with self.client() as client:
            body = {"items": [a_contract(INSTITUTION, name) for name in names]}
            insist(client, "/v1/contracts", body, f"contracts-{number}")
            paid = [
                {"account_number": ACCOUNT, "amount_fen": LESSONS * FEE_FEN, "reference": name}
                for name in names
            ]
            httpx.post(f"{self.rig.bank_url}/deposits", json={"items": paid}).raise_for_status()
            self.rig.wait_until(lambda: all(self._is_funded(client, name) for name in names))
        return names

    def teach(self, names: list[str], load: Load) -> list[threading.Thread]:
        """Start callers that release batches until every one is acknowledged."""
        threads = [
            threading.Thread(target=self._call, args=(name, load), daemon=True) for name in names
        ]
        for thread in threads:
            thread.start()
        return threads

    def client(self) -> httpx.Client:
        """Return the billing system's client."""
        return httpx.Client(base_url=self.rig.url, headers=_bearer(self.key), timeout=10)

    def balances(self) -> dict[str, int]:
        """Return the institution's balances."""
        with self.client() as client:
            answer = client.get(f"/v1/institutions/{INSTITUTION}/balances")
            found: dict[str, int] = answer.raise_for_status().json()["accounts"]
        return found

    def _call(self, name: str, load: Load) -> None:
        try:
            with self.client() as client:
                for batch in range(BATCHES):
                    numbers = range(batch * BATCH + 1, (batch + 1) * BATCH + 1)
                    claims = [a_claim(f"{name}-{number}", name, number) for number in numbers]
                    body = {"institution_id": INSTITUTION, "items": claims}
                    load.note(insist(client, "/v1/releases", body, f"{name}-{batch}"))
        except BaseException as fault:  # noqa: BLE001 - told to the test, in its own thread
            load.faults.append(fault)
            with load.changed:
                load.changed.notify_all()

    def _is_funded(self, client: httpx.Client, name: str) -> bool:
        found: Json = client.get(f"/v1/contracts/{name}").raise_for_status().json()
        return bool(found["funded_fen"] == LESSONS * FEE_FEN)

    def _register(self) -> None:
        opened = str(business_day(wall_clock()))
        described = {
            "name": "示例青竹围棋社",
            "district_code": "320602",
            "category": "non_subject",
            "delivery": "offline",
            "policy": "national",
        }
        account = {
            "bank_id": BANK_ID,
            "account_number": ACCOUNT,
            "account_name": "示例青竹围棋社（预收费托管专户）",
            "opened_on": opened,
            "settlement_account_number": "6217990000000000066",
            "settlement_account_name": "示例青竹围棋社",
        }
        path = f"/v1/institutions/{INSTITUTION}"
        with httpx.Client(base_url=self.rig.url, headers=_bearer(self.rig.supervisor)) as client:
            client.put(path, json=described).raise_for_status()
            client.put(f"{path}/custody-account", json=account).raise_for_status()
        put = {"name": "示例青竹围棋社", "opened_on": opened}
        httpx.put(f"{self.rig.bank_url}/accounts/{ACCOUNT}", json=put).raise_for_status()


def _bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def faults_of(chance: Random) -> Json:
    """Return a bank that loses answers, is slow and repeats itself, so that kills find it busy."""
    return {
        "lost_answer": 0.2,
        "slow": 0.3,
        "slow_s": 0.1,
        "duplicate": 0.2,
        "out_of_order": 0.2,
        "seed": chance.randrange(1_000_000),
    }
