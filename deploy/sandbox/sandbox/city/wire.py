"""A client of the escrow service's wire contract, as a billing system or an office would write it.

On doubt the same request goes again with the same `Idempotency-Key`.
What is refused whole is an error here: the city is not supposed to be malformed.
"""

import asyncio
from collections.abc import Mapping
from typing import Any

import httpx

ATTEMPTS_MAX = 6
"""Tries of one request before the day is given up."""

PAUSE_S = 0.1
"""Pause after the first doubt; it doubles."""

_DOUBTFUL = frozenset({429, 500, 502, 503, 504})

Json = dict[str, Any]


class WireError(Exception):
    """The service refused a whole request, or could not be reached."""

    def __init__(self, method: str, path: str, problem: str) -> None:
        """Name the request and what came back."""
        super().__init__(f"{method} {path}: {problem}")


class Wire:
    """One party's line to the service, with its key."""

    def __init__(self, http: httpx.AsyncClient, key: str) -> None:
        """Share a connection pool, speak with one key."""
        self.http = http
        self._headers = {"Authorization": f"Bearer {key}"}
        self.replayed = 0

    async def get(self, path: str, **query: str | int) -> Json:
        """Read something."""
        return await self._ask("GET", path, params=query)

    async def put(self, path: str, body: Json, **query: str) -> Json:
        """Put something in its place."""
        return await self._ask("PUT", path, json=body, params=query)

    async def post(self, path: str, body: Json, key: str, **query: str) -> Json:
        """Ask for something to be done once, under this idempotency key."""
        headers = {"Idempotency-Key": f'"{key}"'}
        return await self._ask("POST", path, json=body, params=query, headers=headers)

    async def _ask(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str] | None = None,
        **rest: Any,  # noqa: ANN401 - httpx's own arguments
    ) -> Json:
        problem = "no answer"
        for attempt in range(ATTEMPTS_MAX):
            try:
                answer = await self.http.request(
                    method, path, headers={**self._headers, **(headers or {})}, **rest
                )
            except httpx.TransportError as error:
                problem = f"no answer ({type(error).__name__})"
            else:
                if answer.is_success:
                    self.replayed += answer.headers.get("Idempotent-Replayed") == "true"
                    return answer.json() if answer.content else {}
                problem = f"{answer.status_code} {answer.text[:500]}"
                if answer.status_code not in _DOUBTFUL and "in_progress" not in problem:
                    break
            await asyncio.sleep(PAUSE_S * 2**attempt)
        raise WireError(method, path, problem)
