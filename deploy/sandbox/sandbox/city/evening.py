"""Saturday evening: slips are put right, the bank closes its day, and everything is compared."""

import asyncio
import time
from datetime import date
from typing import Any

from sandbox.city.morning import Enrolled
from sandbox.city.places import Place
from sandbox.city.town import Town, together
from sandbox.city.wire import Wire

CLEARED_S = 45.0
"""Longest wait for payouts on their way; what is later shows as in transit."""

_POLL_S = 0.3

UNBACKED_FEN = 128_00
"""What the bank takes by mistake on the first Saturday: it must stay visible for ever."""


async def take_unbacked(town: Town, place: Place, day: date) -> None:
    """Let the bank take a fee from a custody account that nobody instructed."""
    row = {
        "id": f"FEE-{day:%Y%m%d}",
        "account_number": place.account_number,
        "amount_fen": UNBACKED_FEN,
        "purpose": "账户管理费（误扣）",
    }
    await town.banks.book(place.bank_id, "debits", [row])


async def allocate(town: Town, rows: list[Enrolled], places: list[Place]) -> None:
    """Put half of the mistyped deposits where they belong; the others keep waiting."""
    numbers = {place.id: place.account_number for place in places}
    for group, contract in rows[::2]:
        await town.institutions[group.institution_id].post(
            f"/v1/bank/entries/D-{contract.id}/allocation",
            {"contract_id": contract.id},
            f"allocate-{contract.id}",
            account_number=numbers[group.institution_id],
        )
        town.tally.allocated += 1


async def close_day(town: Town) -> None:
    """Wait for the banks, let them send statements, and read what those were compared to."""
    town.progress.begin("payouts at the banks", 1)
    await _until_cleared(town)
    await town.banks.drain()
    town.progress.advance(1)
    said = await town.banks.close_day()
    town.progress.begin("statements compared", len(said))
    await together(lambda row: _compare(town, row), said)


async def _until_cleared(town: Town) -> None:
    """Wait until nothing is on its way to the banks, as long as that may take."""
    waiting = list(town.institutions.items())
    deadline = time.monotonic() + CLEARED_S

    async def is_cleared(row: tuple[str, Wire]) -> bool:
        balances = await row[1].get(f"/v1/institutions/{row[0]}/balances")
        return not balances["accounts"].get("payment_clearing")

    while waiting and time.monotonic() < deadline:
        cleared = await together(is_cleared, waiting)
        waiting = [row for row, done in zip(waiting, cleared, strict=True) if not done]
        await asyncio.sleep(_POLL_S)


async def _compare(town: Town, row: dict[str, Any]) -> None:
    """Read one reconciliation and count what it found."""
    body = row["body"]
    town.tally.reconciled["statements"] += 1
    if row["status"] >= 400:  # noqa: PLR2004 - the first error status
        town.tally.reconciled[f"answered {row['status']}"] += 1
    else:
        path = f"/v1/bank/reconciliations/{body['reconciliation_id']}"
        for word, size in sizes(await town.supervisor.get(path)).items():
            town.tally.reconciled[word] += size
    town.progress.advance(1)


def sizes(found: dict[str, Any]) -> dict[str, int]:
    """Return how many entries fell under each finding, and whether the balances differ."""
    counted = {word: len(rows) for word, rows in found.items() if isinstance(rows, list)}
    differs = bool(found["difference_fen"]) or found["follows_on"] is False
    return counted | {"balances that differ": int(differs)}
