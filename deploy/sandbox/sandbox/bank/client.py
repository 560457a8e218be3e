"""The bank as a client of the escrow service's wire contract, over HTTP.

On doubt (no answer, a 5xx, still running, too many requests) the same request goes again with
the same `Idempotency-Key`; a refusal is never repeated.
"""

import asyncio
import json
from collections.abc import Callable, Sequence
from typing import Any

import httpx

from sandbox.bank.faults import Dice, Fault
from sandbox.bank.outbox import Result, batch_key
from sandbox.bank.records import Entry, Instruction, Statement

ATTEMPTS_MAX = 8
"""Tries of one request in one round; then it waits in the outbox for the next round."""

PAUSE_S = 0.05
"""Pause after the first doubt; it doubles, so eight tries take under thirteen seconds."""

PAGE_MAX = 200
"""Instructions asked for at once."""

RETRYABLE = frozenset({429, 500, 502, 503, 504})
"""Statuses that say nothing about whether the request took effect."""


class ServiceUnreachableError(Exception):
    """No usable answer after every try; nothing is known about the effect."""


class EscrowClient:
    """What the bank says to the escrow service, and asks of it."""

    def __init__(self, http: httpx.AsyncClient, bank_id: str, dice: Dice) -> None:
        """Speak through this client, which carries the bank's key."""
        self._http = http
        self._bank_id = bank_id
        self._dice = dice
        self.counts: dict[str, int] = {}

    def count(self, word: str, times: int = 1) -> None:
        """Count something worth showing in the bank's report."""
        self.counts[word] = self.counts.get(word, 0) + times

    async def planned(self, state: str) -> list[Instruction]:
        """Return the instructions in a state that are meant for this bank, page by page."""
        found: list[Instruction] = []
        query: dict[str, str | int] = {"state": state, "limit": PAGE_MAX}
        while True:
            answer = await self._http.get("/v1/bank/instructions", params=query)
            answer.raise_for_status()
            page = answer.json()
            found += [Instruction.model_validate(row) for row in page["items"]]
            if not page.get("next"):
                return found
            query["after"] = page["next"]

    async def send_entries(self, entries: Sequence[Entry]) -> None:
        """Report bookings; what the service refuses is counted and not sent again."""
        body = {"items": [entry.model_dump(mode="json", exclude_none=True) for entry in entries]}
        key = batch_key(self._bank_id, entries)
        answer = await self._post("/v1/bank/entries", body, key)
        self.count("entries", len(entries))
        if answer.is_success:
            for row in answer.json()["items"]:
                self.count(f"entry_{row.get('code') or row.get('effect') or row['outcome']}")
        else:
            self.count(f"entries_answered_{answer.status_code}", len(entries))
        if self._dice.strikes(Fault.DUPLICATE):
            await self._post("/v1/bank/entries", body, f"{key}-again")

    async def send_result(self, result: Result) -> None:
        """Report what became of an instruction; a conflict is counted, never argued."""
        path = f"/v1/bank/instructions/{result.instruction_id}/result"
        answer = await self._post(path, result.body, result.key)
        self.count(f"result_{result.state.value}")
        if answer.status_code == httpx.codes.CONFLICT:
            self.count("result_conflicts")
        elif not answer.is_success:
            self.count(f"results_answered_{answer.status_code}")
        if self._dice.strikes(Fault.DUPLICATE):
            await self._post(path, result.body, f"{result.key}-again")

    async def send_statement(self, statement: Statement) -> dict[str, Any]:
        """Send a day's statement and return what the service made of it."""
        entries = [entry.model_dump(mode="json", exclude_none=True) for entry in statement.entries]
        body = {
            "id": statement.id,
            "account_number": statement.account_number,
            "from": statement.opened_on.isoformat(),
            "to": statement.closed_on.isoformat(),
            "opening_balance_fen": statement.opening_balance_fen,
            "closing_balance_fen": statement.closing_balance_fen,
            "entries": entries,
        }
        answer = await self._post("/v1/bank/statements", body, statement.id)
        self.count("statements")
        if not answer.is_success:
            self.count(f"statements_answered_{answer.status_code}")
        return {"status": answer.status_code, "body": answer.json()}

    async def _post(self, path: str, body: dict[str, Any], key: str) -> httpx.Response:
        """Post until there is an answer that settles the matter, always under one key."""
        content = json.dumps(body, ensure_ascii=False).encode()
        headers = {"Idempotency-Key": f'"{key}"', "Content-Type": "application/json"}

        async def attempt() -> httpx.Response:
            if self._dice.strikes(Fault.SLOW):
                await asyncio.sleep(self._dice.faults.slow_s)
            answer = await self._http.post(path, content=content, headers=headers)
            if self._dice.strikes(Fault.LOST_ANSWER):
                message = "the answer was lost, as the fault switch asked"
                raise httpx.ReadError(message)
            if answer.headers.get("Idempotent-Replayed") == "true":
                self.count("answers_replayed")
            return answer

        return await until_settled(attempt, self.count)


async def until_settled(attempt: Callable[[], Any], count: Callable[[str], None]) -> httpx.Response:
    """Repeat an attempt while its answer leaves doubt.

    Raises:
        ServiceUnreachableError: when every try ended in doubt.

    """
    pause_s = PAUSE_S
    for _ in range(ATTEMPTS_MAX):
        try:
            answer: httpx.Response = await attempt()
            if answer.status_code not in RETRYABLE and not _is_running(answer):
                return answer
            count("answers_in_doubt")
        except httpx.TransportError:
            count("answers_lost")
        await asyncio.sleep(pause_s)
        pause_s *= 2
    message = "the escrow service gave no usable answer; check that it runs, the bank tries again"
    raise ServiceUnreachableError(message)


def _is_running(answer: httpx.Response) -> bool:
    conflict = answer.status_code == httpx.codes.CONFLICT
    return conflict and answer.json().get("code") == "request_in_progress"
