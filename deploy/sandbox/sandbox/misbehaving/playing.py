"""Playing a plan against the running sandbox: money that leaves goes through the bank's counter.

What an HTTP player can do by itself are the withdrawals of a runaway, of splitting and of a
sleeper: the bank's counter needs nobody's word for them, which is the point. The other acts of a
day belong to the city that is being played (who enrols, who teaches, who pays wages); they are
returned for it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from typing import Final

import httpx

from sandbox.misbehaving.acts import Act, Failure, Withdraw
from shared.time import SHANGHAI

_WHOLE: Final = 10_000


class NotAFailureError(ValueError):
    """What was asked for is no failure and day."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A failure to be planted, and from which day on."""

    kind: Failure
    start: date


@dataclass(frozen=True, slots=True)
class Played:
    """What came of the acts of one day."""

    entry_ids: Sequence[str]
    taken_fen: int
    left: Sequence[Act]
    """Acts that are not the bank's to play."""


def asked(word: str) -> Asked:
    """Read `runaway@2026-12-05`.

    >>> asked("dormant@2026-12-05").kind.value
    'dormant'

    Raises:
        NotAFailureError: saying what can be asked for.

    """
    kind, _, start = word.partition("@")
    try:
        return Asked(Failure(kind), date.fromisoformat(start))
    except ValueError:
        kinds = ", ".join(one.value for one in Failure)
        message = f"Ask for a failure and its first day, as in runaway@2026-12-05; kinds: {kinds}."
        raise NotAFailureError(message) from None


async def play_day(
    bank: httpx.AsyncClient, account_number: str, acts: Sequence[Act], day: date
) -> Played:
    """Let the acts of one day happen at an account's bank, in the order of their hour.

    Every entry has an id that its place in the plan gives, so that a day played twice is booked
    twice nowhere.
    """
    todays = [one for one in acts if one.day == day]
    debits = sorted((one for one in todays if isinstance(one, Withdraw)), key=lambda one: one.at)
    entry_ids: list[str] = []
    taken_fen = 0
    for number, debit in enumerate(debits, start=1):
        amount_fen = amount_of(debit, await _balance_fen(bank, account_number))
        if amount_fen:
            entry_id = f"X-{day:%Y%m%d}-{number}"
            taken_fen += await _take(bank, account_number, entry_id, debit, amount_fen)
            entry_ids.append(entry_id)
    return Played(entry_ids, taken_fen, [one for one in todays if not isinstance(one, Withdraw)])


def amount_of(debit: Withdraw, balance_fen: int) -> int:
    """Return what a withdrawal comes to, of the balance before it."""
    amount_fen = max(0, balance_fen) * debit.share_bps // _WHOLE
    return amount_fen if debit.most_fen is None else min(amount_fen, debit.most_fen)


async def _balance_fen(bank: httpx.AsyncClient, account_number: str) -> int:
    answer = await bank.get(f"/accounts/{account_number}")
    answer.raise_for_status()
    balance_fen: int = answer.json()["balance_fen"]
    return balance_fen


async def _take(
    bank: httpx.AsyncClient, account_number: str, entry_id: str, debit: Withdraw, amount_fen: int
) -> int:
    """Book a debit and return what the bank booked, which of a known id is what stands."""
    row = {
        "id": entry_id,
        "account_number": account_number,
        "amount_fen": amount_fen,
        "booked_at": datetime.combine(debit.day, debit.at, SHANGHAI).isoformat(),
        "counterparty_name": debit.counterparty,
        "counterparty_account": _account_of(debit.counterparty),
        "purpose": debit.purpose,
    }
    answer = await bank.post("/debits", json={"items": [row]})
    answer.raise_for_status()
    booked_fen: int = answer.json()["items"][0]["amount_fen"]
    return booked_fen


def _account_of(counterparty: str) -> str:
    """Return a made-up account number that is the same for the same name."""
    return f"6299{int(sha256(counterparty.encode()).hexdigest(), 16) % 10**15:015d}"
