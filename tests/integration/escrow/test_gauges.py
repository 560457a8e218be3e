"""The books' sums as Prometheus reads them, from known books."""

import pytest
from prometheus_client import REGISTRY

from escrow.ledger.gauges import refresh
from tests.support.client import BANK, City, Place, days_ago, ok


def figure(name: str, **labels: str) -> float:
    """Return what a gauge shows now."""
    found = REGISTRY.get_sample_value(f"tuition_escrow_{name}", labels)
    assert found is not None, name
    return found


async def test_the_sums_of_the_books_are_shown(city: City, place: Place) -> None:
    database = city.app.state.escrow.database
    await refresh(database)
    before = {
        name: figure(name)
        for name in ("retained_yuan", "retained_lessons", "unallocated_entries", "institutions")
    }
    cash, held = (figure("balance_yuan", account=name) for name in ("custody_cash", "tuition_held"))
    await place.fund("C1")
    await place.book(place.entry("stray", 12_345))
    freeze = {"scope": "payout", "reason": "挪用", "authority": "区教育局", "document_no": "1"}
    ok(await city.supervisor.post(f"{place.path}/freezes", freeze), 201)
    await place.release("C1", 1)
    await city.place()
    await refresh(database)
    assert figure("balance_yuan", account="custody_cash") == pytest.approx(cash + 923.45)
    assert figure("balance_yuan", account="tuition_held") == pytest.approx(held + 720)
    assert figure("retained_yuan") == before["retained_yuan"] + 80
    assert figure("retained_lessons") == before["retained_lessons"] + 1
    assert figure("unallocated_entries") == before["unallocated_entries"] + 1
    assert figure("institutions") == before["institutions"] + 1
    week = 7 * 86_400
    assert week - 86_400 < figure("unallocated_oldest_age_seconds") < week + 86_400


async def test_instructions_are_counted_by_state_until_they_are_finished(
    city: City, place: Place
) -> None:
    database = city.app.state.escrow.database
    await refresh(database)
    planned = figure("instructions", state="planned")
    unbooked = figure("settled_unbooked_lines")
    await place.fund("C1")
    await place.release("C1", 1, 2)
    await refresh(database)
    assert figure("instructions", state="planned") == planned + 1
    assert figure("instruction_oldest_age_seconds", state="planned") >= 0
    (instruction,) = await place.instructions(state="planned")
    result = {"state": "settled", "bank_reference": "R-1"}
    ok(await city.bank.post(f"/v1/bank/instructions/{instruction['id']}/result", result))
    await refresh(database)
    assert figure("instructions", state="planned") == planned
    assert figure("settled_unbooked_lines") == unbooked + 2
    assert figure("settled_unbooked_oldest_age_seconds") >= 0
    transfers = [line["end_to_end_id"] for line in instruction["lines"]]
    await place.book(
        *(
            place.entry(f"E-{one}"[:40], 8_000, direction="debit", end_to_end_id=one)
            for one in transfers
        )
    )
    await refresh(database)
    assert figure("settled_unbooked_lines") == unbooked


async def test_a_banks_last_statement_has_its_time(city: City, place: Place) -> None:
    body = {
        "id": "ST-1",
        "account_number": place.account,
        "from": str(days_ago(7).date()),
        "to": str(days_ago(7).date()),
        "opening_balance_fen": 0,
        "closing_balance_fen": 0,
        "entries": [],
    }
    ok(await city.bank.post("/v1/bank/statements", body), 201)
    await refresh(city.app.state.escrow.database)
    shown = figure("statement_last_timestamp_seconds", bank=BANK)
    assert shown > days_ago(1).timestamp()


async def test_the_feed_shows_what_is_held_back(city: City) -> None:
    await refresh(city.app.state.escrow.database)
    assert figure("feed_held_events") >= 0
    assert figure("feed_oldest_transaction_age_seconds") >= 0


async def test_series_are_bounded(city: City) -> None:
    await refresh(city.app.state.escrow.database)
    shown = {
        sample.name: sample
        for family in REGISTRY.collect()
        for sample in family.samples
        if family.name.startswith("tuition_escrow_")
    }
    labels = {name for sample in shown.values() for name in sample.labels}
    assert not labels & {"institution_id", "account_number", "contract_id"}
