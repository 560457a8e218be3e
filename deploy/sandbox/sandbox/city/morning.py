"""Saturday morning: the week's contracts and deposits, with the slips that real offices make."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Any

from sandbox.city.enrolment import Class, Contract, registration, signed, span_of
from sandbox.city.places import Place
from sandbox.city.timetable import MORNING, at
from sandbox.city.town import Town, together

CONTRACTS_AT_ONCE = 200
"""Registrations in one request: an institution's week."""

DEPOSITS_AT_ONCE = 500
"""Deposits in one request to the bank's counter."""

WRONG_REFERENCES = 8
"""Guardians who mistype the contract number, so that their money waits unallocated."""

WITHOUT_PAYER = 3
"""Deposits whose payer the bank doesn't name, so that a refund must ask for one."""

PAID_TOO_MUCH = 2
"""Guardians who pay a hundred yuan too much."""

_TOO_MUCH_FEN = 100_00

MISTAKES = 5
"""Contracts offered that break a cap: one for each of `_broken_terms`."""

Enrolled = tuple[Class, Contract]


async def register(town: Town, rows: list[Enrolled], saturday: date) -> None:
    """Register contracts, each institution its own; what is refused never pays."""
    town.progress.begin("contracts registered", len(rows))
    by_place: dict[str, list[Enrolled]] = defaultdict(list)
    for group, contract in rows:
        by_place[group.institution_id].append((group, contract))
    await together(
        lambda batch: _register(town, batch, saturday),
        [batch for mine in by_place.values() for batch in _slices(mine, CONTRACTS_AT_ONCE)],
    )


async def register_mistakes(town: Town, rows: list[Enrolled], saturday: date) -> None:
    """Offer a few contracts that break the national caps, one for every cap."""
    for number, (group, contract) in enumerate(rows[:MISTAKES]):
        terms = _broken_terms(group, contract)[number]
        name = f"X-{saturday:%Y%m%d}-{number}"
        body = registration(group, contract) | {"id": name, "student_ref": name} | terms
        line = town.institutions[group.institution_id]
        answer = await line.post("/v1/contracts", {"items": [body]}, f"city-{name}")
        town.tally.add_contracts(answer)


@dataclass(frozen=True, slots=True)
class Slips:
    """Whose deposits went wrong, and how."""

    payerless: list[Enrolled]
    too_much: list[Enrolled]
    mistyped: list[Enrolled]


async def pay_in(town: Town, paying: list[Enrolled], places: list[Place], day: date) -> Slips:
    """Let the guardians pay at the bank, and wait until the service has heard of it."""
    slips = _slips(paying, Random(f"slips:{day}"))
    by_id = {place.id: place for place in places}
    town.progress.begin("deposits at the banks", len(paying))
    by_bank: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in paying:
        place = by_id[row[0].institution_id]
        by_bank[place.bank_id].append(_deposit(row, place, slips))
    for bank_id, deposits in by_bank.items():
        for batch in _slices(deposits, DEPOSITS_AT_ONCE):
            await town.banks.book(bank_id, "deposits", batch)
            town.tally.deposits += len(batch)
            town.tally.deposited_fen += sum(row["amount_fen"] for row in batch)
            town.progress.advance(len(batch))
    await town.banks.drain()
    for _, contract in paying:
        contract.state = "running"
    return slips


async def _register(town: Town, batch: list[Enrolled], saturday: date) -> None:
    first = batch[0][1]
    body = {"items": [registration(group, contract) for group, contract in batch]}
    line = town.institutions[batch[0][0].institution_id]
    answer = await line.post("/v1/contracts", body, f"city-{saturday:%Y%m%d}-{first.id}")
    for row, (_, contract) in zip(answer["items"], batch, strict=True):
        contract.state = "refused" if row["outcome"] == "refused" else "registered"
    town.tally.add_contracts(answer)
    town.progress.advance(len(batch))


def _slips(paying: list[Enrolled], chance: Random) -> Slips:
    """Choose who slips; never more than a tenth of a small week."""
    wanted = WITHOUT_PAYER + PAID_TOO_MUCH + WRONG_REFERENCES
    struck = chance.sample(paying, min(wanted, len(paying) // 10))
    first, second = WITHOUT_PAYER, WITHOUT_PAYER + PAID_TOO_MUCH
    return Slips(struck[:first], struck[first:second], struck[second:])


def _deposit(row: Enrolled, place: Place, slips: Slips) -> dict[str, Any]:
    """Word a deposit in the week before the Saturday, after signing."""
    group, contract = row
    opens = at(date.fromisoformat(contract.starts_on), MORNING) + timedelta(hours=1)
    booked_at = max(opens, signed(contract) + timedelta(minutes=5))
    amount_fen = group.course.paid_fen + (_TOO_MUCH_FEN if row in slips.too_much else 0)
    mistyped = contract.id.replace("C-20", "C-2O")
    payer = {
        "counterparty_name": f"示例家长{contract.guardian_ref[-5:]}",
        "counterparty_account": f"62148800{contract.guardian_ref[2:10]}{contract.id[-5:]}",
    }
    return {
        "id": f"D-{contract.id}",
        "account_number": place.account_number,
        "amount_fen": amount_fen,
        "booked_at": booked_at.isoformat(),
        "reference": mistyped if row in slips.mistyped else contract.id,
        "purpose": "培训费",
        **({} if row in slips.payerless else payer),
    }


def _slices(rows: list[Any], size: int) -> Iterator[list[Any]]:
    for start in range(0, len(rows), size):
        yield rows[start : start + size]


def _broken_terms(group: Class, contract: Contract) -> list[dict[str, Any]]:
    """Return terms that break the caps: too long, too dear, too many, too early, too cheap."""
    starts_on, last_on = span_of(contract)
    later_on = starts_on + timedelta(days=70)
    course = {**registration(group, contract)["course"], "category": "non_subject"}
    return [
        {"ends_on": str(last_on + timedelta(days=1))},
        {"paid_fen": 9_800_00, "list_fen": 9_800_00, "course": course},
        {"lessons": 96},
        {"starts_on": str(later_on), "ends_on": str(later_on + timedelta(days=60))},
        {"paid_fen": 10},
    ]


def those(classes: Iterable[Class], state: str) -> list[Enrolled]:
    """Return every contract in a state, with its class."""
    return [(g, c) for g in classes for c in g.contracts if c.state == state]
