"""What escrow says of an institution's account: whether there is one, and whether it may charge.

Asked when somebody looks, kept for half a minute. Public curiosity never costs the books much:
so many questions a second and no more, none for a while after escrow did not answer, and an
answer that does not come within a second is not waited for. What is not known is None, and is
shown as not known.
"""

import asyncio
import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any, Final

import httpx
import structlog

from registry_sync.lookup.throttle import Throttle

TIMEOUT_S: Final = 1.0
"""A page without the answer is better than a page that comes later."""

KEPT_S: Final = 30.0
REST_S: Final = 5.0
"""Nobody asks for so long after escrow did not answer."""

ASKS_PER_S: Final = 50
"""Of all callers together: some percent of what escrow reads in a second."""

KEPT_MAX: Final = 10_000

_log = structlog.get_logger("accounts")


@dataclass(frozen=True, slots=True)
class Account:
    """How the money of an institution is looked after."""

    is_supervised: bool
    """There is a custody account."""

    may_charge: bool
    reasons: tuple[str, ...] = ()
    """Why it may not, in escrow's words."""


class Accounts:
    """The way to escrow, and what it said lately."""

    def __init__(self, client: httpx.AsyncClient | None) -> None:
        """Take a client with escrow's address and a key; None where escrow is not known."""
        self._client = client
        self._kept: OrderedDict[str, tuple[float, Account]] = OrderedDict()
        self._throttle = Throttle(ASKS_PER_S)
        self._resting_until = 0.0

    async def find(self, institution_id: str) -> Account | None:
        """Return what escrow says of an institution's account; None where that is not known."""
        now = time.monotonic()
        until, account = self._kept.get(institution_id, (0.0, None))
        if until > now:
            return account
        if self._client is None or now < self._resting_until or self._throttle.wait_s("", now):
            return None
        account = await self._ask(self._client, institution_id)
        if account is not None:
            self._kept.pop(institution_id, None)
            self._kept[institution_id] = (now + KEPT_S, account)
            if len(self._kept) > KEPT_MAX:
                self._kept.popitem(last=False)
        return account

    async def close(self) -> None:
        """Close the client."""
        if self._client is not None:
            await self._client.aclose()

    async def _ask(self, client: httpx.AsyncClient, institution_id: str) -> Account | None:
        try:
            async with asyncio.timeout(TIMEOUT_S):
                answer = await client.get(f"/v1/institutions/{institution_id}")
            return _account(answer)
        except (httpx.HTTPError, TimeoutError, ValueError) as error:
            self._resting_until = time.monotonic() + REST_S
            _log.warning("escrow_silent", fault=type(error).__name__)
            return None


def _account(answer: httpx.Response) -> Account | None:
    """Return what an answer says; None where our key may not know.

    Raises:
        ValueError: when it is no answer of escrow's.

    """
    if answer.status_code == httpx.codes.NOT_FOUND:
        return Account(is_supervised=False, may_charge=False, reasons=("account_missing",))
    if answer.status_code == httpx.codes.FORBIDDEN:
        return None  # outside the key's district: of others it may know
    if answer.status_code != httpx.codes.OK:
        message = f"status {answer.status_code}"
        raise ValueError(message)
    body: Any = answer.json()
    try:
        right = body["may_charge"]
        is_supervised, may_charge = body["custody_account"] is not None, right["allowed"]
        reasons = tuple(map(str, right["reasons"]))
    except (KeyError, TypeError):
        message = "another shape"
        raise ValueError(message) from None
    return Account(is_supervised, may_charge is True, reasons)
