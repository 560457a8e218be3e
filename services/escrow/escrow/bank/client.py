"""A push bank over HTTP: send an instruction, or ask what became of it.

Three answers and no more: the bank has it, the bank never received it, or nobody knows.
Whatever is not a clear yes or a clear never is unknown.
"""

from enum import StrEnum
from typing import Any, Final

import httpx

SEND_TIMEOUT_S: Final = 10.0
"""Longer than a bank's core needs; past it the answer is unknown and is asked for."""

_FAILED: Final = (httpx.HTTPError, httpx.InvalidURL, UnicodeError)


class Heard(StrEnum):
    """What is known after talking to a bank."""

    received = "received"
    never_received = "never_received"
    unknown = "unknown"


class BankClient:
    """One HTTP client for all push banks of a process."""

    def __init__(self, client: httpx.AsyncClient, timeout_s: float = SEND_TIMEOUT_S) -> None:
        """Take the client; tests give one that ends in the sandbox's bank."""
        self._client = client
        self._timeout_s = timeout_s

    async def submit(self, endpoint: str, instruction: dict[str, Any]) -> Heard:
        """Send an instruction under its own id; the bank answers 202, or 200 when it knows it."""
        try:
            response = await self._client.post(
                f"{endpoint}/instructions",
                json=instruction,
                headers={"Idempotency-Key": f'"{instruction["id"]}"'},
                timeout=self._timeout_s,
            )
        except _FAILED:
            return Heard.unknown
        return Heard.received if response.status_code in {200, 202} else Heard.unknown

    async def lookup(self, endpoint: str, instruction_id: str) -> tuple[Heard, str | None]:
        """Ask what became of an instruction: its state at the bank, where it has one."""
        try:
            response = await self._client.get(
                f"{endpoint}/instructions/{instruction_id}", timeout=self._timeout_s
            )
            body = response.json() if response.status_code == 200 else {}  # noqa: PLR2004
        except (*_FAILED, ValueError):
            return Heard.unknown, None
        if response.status_code == 404:  # noqa: PLR2004
            return Heard.never_received, None
        state = body.get("state") if isinstance(body, dict) else None
        return (Heard.received, state) if isinstance(state, str) else (Heard.unknown, None)
