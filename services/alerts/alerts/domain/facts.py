"""Facts: what is known of an institution, as its bank, escrow, the registry and people said it.

A fact never changes: a correction is another fact. `at` is when it was true, `seen_at` when we
came to know it; a rule that judges as of an instant sees neither what came later nor what was
not known by then.

| kind | at | amount_fen | ref | tag | number | body |
|---|---|---|---|---|---|---|
| identity | event | - | - | - | - | name, district_code, category, delivery, may_charge |
| account | opened_on | - | - | bank_id | - | - |
| floor | event | required | floor_id | - | - | deficit_fen |
| freeze, unfreeze, freeze_confirmed | event | - | freeze_id | scope | - | reason, authority |
| contract | signed_on | paid | contract | category | lessons | starts_on, ends_on, student_ref |
| contract_closed | event | - | contract | state | - | - |
| credit | booked_at | of the entry | entry | - | - | - |
| funded | booked_at | amount | contract | entry | - | - |
| unallocated | booked_at | amount | entry | effect | - | - |
| debit | booked_at | amount | entry | payout, refund, return, unbacked | - | purpose, ... |
| released | event | sum | - | - | lessons | lessons: [...] |
| reversed | event | amount | contract | - | lesson_no | reason, owed_by_institution_fen |
| claim_refused | event | - | - | code of the first | claims | claims: [...] |
| retained | event | sum | - | reason of the first | lessons | - |
| refund | event | amount | refund_id | state | - | contract_id, cause |
| instruction | event | amount | instruction_id | state | - | kind, reason, conflict |
| statement | to | closing balance | statement | bank_id | - | missing, differing |
| unverified | event | - | verification | - | findings | first |
| registry | event | - | licence_no | type of the event | - | the event's content |
| rank | quarter's first day | held | district_code | - | place | of how many |
| tip, inspection | told | - | own id | topic | - | text |
| bank_warning | told | amount | own id | kind | - | text |

Two facts of one kind and `ref` contradict each other: both are kept, and of credits and debits the
one that we heard last is believed.
Amounts are fen; instants are aware; `body` holds only what the sender's event held.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

_EMPTY: Final[Mapping[str, Any]] = MappingProxyType({})


class Kind(StrEnum):
    """What a fact is about."""

    identity = "identity"
    account = "account"
    floor = "floor"
    freeze = "freeze"
    unfreeze = "unfreeze"
    freeze_confirmed = "freeze_confirmed"
    contract = "contract"
    contract_closed = "contract_closed"
    credit = "credit"
    funded = "funded"
    unallocated = "unallocated"
    debit = "debit"
    released = "released"
    reversed = "reversed"
    claim_refused = "claim_refused"
    retained = "retained"
    refund = "refund"
    instruction = "instruction"
    statement = "statement"
    unverified = "unverified"
    registry = "registry"
    rank = "rank"
    tip = "tip"
    inspection = "inspection"
    bank_warning = "bank_warning"


BACKED: Final = frozenset({"payout", "refund", "return"})
"""Debits that an instruction of escrow's stands behind: not outflow that anybody must explain."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that is known of an institution."""

    fact_id: int
    kind: Kind
    at: datetime
    seen_at: datetime
    amount_fen: int = 0
    ref: str = ""
    tag: str = ""
    number: int = 0
    body: Mapping[str, Any] = field(default_factory=lambda: _EMPTY)
