"""What events of the feeds say: facts, of the right shape, or a field that is named."""

from datetime import UTC, datetime
from typing import Any

import pytest

from alerts.domain.events import REGISTRY, Told, facts_of
from alerts.domain.facts import Kind
from alerts.domain.saying import Unclear

TIME = datetime(2026, 11, 20, 1, 12, tzinfo=UTC)
BOOKED = "2026-11-20T09:12:00+08:00"

LESSON = {"contract_id": "C1", "lesson_no": 1, "amount_fen": 8_000, "taught_at": BOOKED}
RECEIPT = {"entry_id": "E1", "amount_fen": 300, "entry_fen": 500, "booked_at": BOOKED}
DEBIT = {"entry_id": "E2", "amount_fen": 900, "booked_at": BOOKED, "kind": "payout"}
FLOOR = {"required_fen": 5, "present_fen": 7}

ESCROW: dict[str, tuple[dict[str, Any], list[tuple[str, int, str, str]]]] = {
    "institution.changed": ({"district_code": "320602"}, [("identity", 0, "", "")]),
    "account.changed": ({"bank_id": "bank-a"}, [("account", 0, "", "bank-a")]),
    "floor.changed": ({"required_fen": 9, "floor_id": "F1"}, [("floor", 9, "F1", "")]),
    "freeze.placed": ({"freeze_id": "Z1", "scope": "all"}, [("freeze", 0, "Z1", "all")]),
    "freeze.lifted": ({"freeze_id": "Z1", "scope": "all"}, [("unfreeze", 0, "Z1", "all")]),
    "freeze.confirmed": (
        {"freeze_id": "Z1", "scope": "all"},
        [("freeze_confirmed", 0, "Z1", "all")],
    ),
    "contract.accepted": (
        {
            "contract_id": "C1",
            "paid_fen": 480_000,
            "lessons": 60,
            "signed_on": "2026-11-19",
            "course_category": "subject",
        },
        [("contract", 480_000, "C1", "subject")],
    ),
    "contract.closed": (
        {"contract_id": "C1", "state": "completed"},
        [("contract_closed", 0, "C1", "completed")],
    ),
    "receipt.matched": (
        {**RECEIPT, "contract_id": "C1"},
        [("credit", 500, "E1", ""), ("funded", 300, "C1", "E1")],
    ),
    "receipt.unmatched": (
        {**RECEIPT, "effect": "over_funded"},
        [("credit", 500, "E1", ""), ("unallocated", 300, "E1", "over_funded")],
    ),
    "receipt.returned": (
        {**RECEIPT, "kind": "payout"},
        [("credit", 500, "E1", "payout_returned")],
    ),
    "debit.booked": (DEBIT, [("debit", 900, "E2", "payout")]),
    "debit.unbacked": ({**DEBIT, "kind": None}, [("debit", 900, "E2", "unbacked")]),
    "lessons.released": ({"lessons": [LESSON, LESSON]}, [("released", 16_000, "", "")]),
    "lessons.reversed": (
        {"contract_id": "C1", "lesson_no": 1, "amount_fen": 8_000},
        [("reversed", 8_000, "C1", "")],
    ),
    "claim.refused": (
        {"claims": [{"code": "forbidden_slot"}]},
        [("claim_refused", 0, "", "forbidden_slot")],
    ),
    "payout.retained": (
        {"payouts": [{"amount_fen": 7, "reason": "floor"}]},
        [("retained", 7, "", "floor")],
    ),
    "payout.planned": ({}, []),
    "refund.changed": (
        {"refund_id": "R1", "state": "requested", "amount_fen": 40},
        [("refund", 40, "R1", "requested")],
    ),
    "instruction.changed": (
        {"instruction_id": "I1", "state": "rejected", "amount_fen": 40},
        [("instruction", 40, "I1", "rejected")],
    ),
    "statement.received": (
        {"statement_id": "S1", "bank_id": "bank-a", "to": BOOKED, "closing_balance_fen": 77},
        [("statement", 77, "S1", "bank-a")],
    ),
    "verification.failed": (
        {"verification_id": "V1", "findings": 2},
        [("unverified", 0, "V1", "")],
    ),
}


def _told(event_type: str, body: dict[str, Any], source: str = "escrow") -> list[Told]:
    found = facts_of(source, event_type, TIME, body)
    assert found is not None
    return list(found)


@pytest.mark.parametrize("event_type", ESCROW)
def test_each_type_of_escrows_tells_its_facts(event_type: str) -> None:
    body, expected = ESCROW[event_type]
    told = _told(event_type, body)
    assert [(one.kind, one.amount_fen, one.ref, one.tag) for one in told] == expected


@pytest.mark.parametrize("event_type", sorted(REGISTRY))
def test_each_type_of_the_registrys_is_a_fact_with_its_content(event_type: str) -> None:
    body = {"status": "normal", "licence_no": "L1", "effect": "none"}
    (told,) = _told(event_type, body, "registry")
    assert (told.kind, told.ref, told.tag, told.body) == (Kind.registry, "L1", event_type, body)


def test_a_type_that_nobody_knows_is_no_fact() -> None:
    assert facts_of("escrow", "tuition.teleported", TIME, {}) is None
    assert facts_of("registry", "debit.unbacked", TIME, DEBIT) is None


def test_an_instruction_on_its_ordinary_way_tells_nothing() -> None:
    body = {"instruction_id": "I1", "state": "settled", "amount_fen": 40}
    assert _told("instruction.changed", body) == []
    assert len(_told("instruction.changed", {**body, "conflict": {"state": "rejected"}})) == 1


def test_money_that_moved_keeps_where_the_floor_stands() -> None:
    (told,) = _told("debit.unbacked", {**DEBIT, "floor": FLOOR, "purpose": "装修"})
    assert told.body == {"purpose": "装修", "floor": FLOOR}


def test_a_contract_is_known_from_its_signing_and_never_before_it_was_told() -> None:
    body, _ = ESCROW["contract.accepted"]
    (told,) = _told("contract.accepted", body)
    assert told.at == datetime(2026, 11, 18, 16, tzinfo=UTC)
    (later,) = _told("contract.accepted", {**body, "signed_on": "2026-12-01"})
    assert later.at == TIME


@pytest.mark.parametrize(
    ("event_type", "field", "wrong"),
    [
        ("debit.unbacked", "amount_fen", -1),
        ("debit.unbacked", "amount_fen", True),
        ("debit.unbacked", "amount_fen", 9.5),
        ("debit.unbacked", "amount_fen", 10**18 + 1),
        ("debit.unbacked", "booked_at", "2026-11-20"),
        ("debit.unbacked", "booked_at", "2026-11-20T09:12:00"),
        ("debit.unbacked", "booked_at", None),
        ("debit.unbacked", "entry_id", None),
        ("debit.unbacked", "entry_id", "a\x00b"),
        ("contract.accepted", "signed_on", "19.11.2026"),
        ("contract.accepted", "lessons", 1_000_001),
        ("lessons.released", "lessons", []),
        ("lessons.released", "lessons", [5]),
        ("lessons.released", "lessons", [LESSON] * 1_001),
        ("statement.received", "closing_balance_fen", "77"),
    ],
)
def test_a_field_that_is_not_what_it_should_be_is_named(
    event_type: str, field: str, wrong: object
) -> None:
    body, _ = ESCROW[event_type]
    with pytest.raises(Unclear, match=field):
        _told(event_type, {**body, field: wrong})
