"""What events of the feeds say: facts, read out of each type of escrow's and registry-sync's.

An event gives no fact (it is known, and says nothing that a rule asks), one, or two.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from alerts.domain import saying
from alerts.domain.facts import Kind

Body = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Told:
    """A fact as an event tells it, before it has an id."""

    kind: Kind
    at: datetime
    amount_fen: int = 0
    ref: str = ""
    tag: str = ""
    number: int = 0
    body: Body = field(default_factory=dict)


def facts_of(source: str, event_type: str, time: datetime, body: Body) -> Sequence[Told] | None:
    """Return the facts that an event tells; None where nobody knows its type.

    `source` is `escrow` or `registry`: both have an `institution.changed`.

    Raises:
        Unclear: naming the field that is not what the type promises.

    """
    if source == "registry":
        return [_registry(event_type, time, body)] if event_type in REGISTRY else None
    read = _ESCROW.get(event_type)
    return None if read is None else read(time, body)


REGISTRY: Final = frozenset(
    {
        "institution.listed",
        "institution.changed",
        "licence.revoked",
        "licence.suspended",
        "licence.expired",
        "list.white.removed",
        "list.black.added",
        "list.black.removed",
        "institution.restored",
        "institution.missing",
    }
)


def _registry(event_type: str, time: datetime, body: Body) -> Told:
    saying.text(body, "status")
    ref = saying.text_or_none(body, "licence_no")
    return Told(Kind.registry, time, ref=ref, tag=event_type, body=body)


def _some(body: Body, *names: str) -> dict[str, Any]:
    """Return what of a content a rule may ask for, and where the floor stood."""
    return {name: body[name] for name in (*names, "floor") if body.get(name) is not None}


def _identity(time: datetime, body: Body) -> list[Told]:
    saying.text_or_none(body, "district_code")
    names = ("name", "district_code", "category", "delivery", "may_charge", "may_be_paid")
    return [Told(Kind.identity, time, body=_some(body, *names))]


def _account(time: datetime, body: Body) -> list[Told]:
    return [Told(Kind.account, time, tag=saying.text(body, "bank_id"))]


def _floor(time: datetime, body: Body) -> list[Told]:
    required = saying.fen(body, "required_fen")
    kept = _some(body, "deficit_fen", "effective_from", "document_no")
    return [Told(Kind.floor, time, required, saying.text(body, "floor_id"), body=kept)]


def _freeze(kind: Kind) -> Callable[[datetime, Body], list[Told]]:
    def read(time: datetime, body: Body) -> list[Told]:
        kept = _some(body, "reason", "authority", "document_no", "registry_event_id")
        scope = saying.text(body, "scope")
        return [Told(kind, time, ref=saying.text(body, "freeze_id"), tag=scope, body=kept)]

    return read


def _contract(time: datetime, body: Body) -> list[Told]:
    dates = ("starts_on", "ends_on", "signed_on")
    terms = ("student_ref", "list_fen", "gift_lessons", "course_delivery")
    return [
        Told(
            Kind.contract,
            min(saying.morning(body, "signed_on"), time),
            saying.fen(body, "paid_fen"),
            saying.text(body, "contract_id"),
            saying.text(body, "course_category"),
            saying.number(body, "lessons"),
            _some(body, *dates, *terms),
        )
    ]


def _closed(time: datetime, body: Body) -> list[Told]:
    contract, state = saying.text(body, "contract_id"), saying.text(body, "state")
    return [Told(Kind.contract_closed, time, ref=contract, tag=state)]


def _matched(_: datetime, body: Body) -> list[Told]:
    booked = saying.instant(body, "booked_at")
    entry, contract = saying.text(body, "entry_id"), saying.text(body, "contract_id")
    credit = Told(Kind.credit, booked, saying.fen(body, "entry_fen"), entry, body=_some(body))
    return [credit, Told(Kind.funded, booked, saying.fen(body, "amount_fen"), contract, entry)]


def _unmatched(_: datetime, body: Body) -> list[Told]:
    booked, entry = saying.instant(body, "booked_at"), saying.text(body, "entry_id")
    credit = Told(Kind.credit, booked, saying.fen(body, "entry_fen"), entry, body=_some(body))
    effect = saying.text(body, "effect")
    waits = Told(Kind.unallocated, booked, saying.fen(body, "amount_fen"), entry, effect)
    return [credit, waits]


def _returned(_: datetime, body: Body) -> list[Told]:
    booked, entry = saying.instant(body, "booked_at"), saying.text(body, "entry_id")
    amount, kind = saying.fen(body, "entry_fen"), saying.text(body, "kind")
    return [Told(Kind.credit, booked, amount, entry, f"{kind}_returned", body=_some(body))]


def _debit(tag: str | None) -> Callable[[datetime, Body], list[Told]]:
    def read(_: datetime, body: Body) -> list[Told]:
        kept = _some(body, "purpose", "counterparty_ref", "instruction_id", "value_on")
        return [
            Told(
                Kind.debit,
                saying.instant(body, "booked_at"),
                saying.fen(body, "amount_fen"),
                saying.text(body, "entry_id"),
                tag or saying.text(body, "kind"),
                body=kept,
            )
        ]

    return read


def _released(time: datetime, body: Body) -> list[Told]:
    lessons = saying.rows(body, "lessons")
    total = sum(saying.fen(one, "amount_fen") for one in lessons)
    kept = {**_some(body), "lessons": lessons}
    return [Told(Kind.released, time, total, number=len(lessons), body=kept)]


def _reversed(time: datetime, body: Body) -> list[Told]:
    contract = saying.text(body, "contract_id")
    lesson_no = saying.number(body, "lesson_no")
    kept = _some(body, "reason", "document_no", "owed_by_institution_fen")
    amount = saying.fen(body, "amount_fen")
    return [Told(Kind.reversed, time, amount, contract, number=lesson_no, body=kept)]


def _claims(time: datetime, body: Body) -> list[Told]:
    claims = saying.rows(body, "claims")
    code = saying.text_or_none(claims[0], "code")
    return [Told(Kind.claim_refused, time, tag=code, number=len(claims), body=body)]


def _retained(time: datetime, body: Body) -> list[Told]:
    payouts = saying.rows(body, "payouts")
    total = sum(saying.fen(one, "amount_fen") for one in payouts)
    reason = saying.text_or_none(payouts[0], "reason")
    return [Told(Kind.retained, time, total, tag=reason, number=len(payouts))]


def _refund(time: datetime, body: Body) -> list[Told]:
    amount, refund = saying.fen(body, "amount_fen"), saying.text(body, "refund_id")
    kept = _some(body, "contract_id", "cause")
    return [Told(Kind.refund, time, amount, refund, saying.text(body, "state"), body=kept)]


_TROUBLED: Final = frozenset({"rejected", "returned", "unknown"})
"""States of an instruction that somebody may have to look into; the others are its ordinary way."""


def _instruction(time: datetime, body: Body) -> list[Told]:
    state = saying.text(body, "state")
    if state not in _TROUBLED and body.get("conflict") is None:
        return []
    instruction, amount = saying.text(body, "instruction_id"), saying.fen(body, "amount_fen")
    kept = _some(body, "kind", "reason", "conflict")
    return [Told(Kind.instruction, time, amount, instruction, state, body=kept)]


def _statement(_: datetime, body: Body) -> list[Told]:
    closing = body.get("closing_balance_fen")
    if not isinstance(closing, int):
        name = "closing_balance_fen"
        raise saying.Unclear(name)
    kept = {name: value for name, value in body.items() if name not in {"from", "to"}}
    until, bank = saying.instant(body, "to"), saying.text(body, "bank_id")
    return [Told(Kind.statement, until, closing, saying.text(body, "statement_id"), bank, 0, kept)]


def _unverified(time: datetime, body: Body) -> list[Told]:
    found, ref = saying.number(body, "findings"), saying.text(body, "verification_id")
    return [Told(Kind.unverified, time, ref=ref, number=found, body=_some(body, "first"))]


def _nothing(_: datetime, __: Body) -> list[Told]:
    """Tell nothing: the plan of a payout changes no balance and no right."""
    return []


_ESCROW: Final[Mapping[str, Callable[[datetime, Body], Sequence[Told]]]] = {
    "institution.changed": _identity,
    "account.changed": _account,
    "floor.changed": _floor,
    "freeze.placed": _freeze(Kind.freeze),
    "freeze.lifted": _freeze(Kind.unfreeze),
    "freeze.confirmed": _freeze(Kind.freeze_confirmed),
    "contract.accepted": _contract,
    "contract.closed": _closed,
    "receipt.matched": _matched,
    "receipt.unmatched": _unmatched,
    "receipt.returned": _returned,
    "debit.booked": _debit(None),
    "debit.unbacked": _debit("unbacked"),
    "lessons.released": _released,
    "lessons.reversed": _reversed,
    "claim.refused": _claims,
    "payout.retained": _retained,
    "payout.planned": _nothing,
    "refund.changed": _refund,
    "instruction.changed": _instruction,
    "statement.received": _statement,
    "verification.failed": _unverified,
}
