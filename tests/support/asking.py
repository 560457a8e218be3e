"""Commands in short words: what institutions, banks, guardians and supervisors ask.

Each function fills in what a test does not care about; keywords override single fields.
"""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import TypeVar
from uuid import UUID

from escrow.domain import commands as asked
from escrow.domain.commands import Course, FloorRule, LineResult
from shared.ids import end_to_end_id
from shared.money import Bps, Fen

INSTITUTION = "91320602MA1ABCDE16"
ACCOUNT = "6222020000000000011"
NOW = datetime(2026, 12, 5, 4, tzinfo=UTC)
"""A Saturday noon in Shanghai."""

_numbers = count(1)

Asked = TypeVar("Asked")


def varied(plain: Asked, changes: dict[str, object]) -> Asked:
    """Return a command with some of its fields changed."""
    return replace(plain, **changes)  # type: ignore[type-var]


def release(contract: str = "C1", lesson: int = 1, **changes: object) -> asked.ReleaseLesson:
    """Claim a lesson that ended an hour ago."""
    plain = asked.ReleaseLesson(
        INSTITUTION, f"r-{contract}-{lesson}", contract, lesson,
        NOW - timedelta(hours=2), NOW - timedelta(hours=1),
    )  # fmt: skip
    return plain._replace(**changes)  # type: ignore[arg-type]


def releases(contract: str, *lessons: int) -> list[asked.ReleaseLesson]:
    """Claim several lessons of one contract."""
    return [release(contract, lesson) for lesson in lessons]


def reverse(contract: str = "C1", lesson: int = 1, **changes: object) -> asked.ReverseLesson:
    """Put a lesson's release back."""
    plain = asked.ReverseLesson(
        INSTITUTION, f"v-{contract}-{lesson}", contract, lesson, "never taught"
    )
    return varied(plain, changes)


def register(contract: str = "C1", **changes: object) -> asked.RegisterContract:
    """Register ten piano lessons, signed yesterday, from next week on."""
    plain = asked.RegisterContract(
        INSTITUTION, contract, "S1", "G1", Course("piano", "non_subject", "offline"),
        10, Fen(1_000), Fen(1_200), 0, Fen(0),
        NOW - timedelta(days=1), date(2026, 12, 12), date(2027, 2, 20),
    )  # fmt: skip
    return varied(plain, changes)


def credit(amount: int, reference: str | None = None, **changes: object) -> asked.TakeEntry:
    """Book money that came in from Wang, under a fresh entry id."""
    plain = asked.TakeEntry(
        INSTITUTION, ACCOUNT, f"credit-{next(_numbers)}", "credit", Fen(amount),
        NOW - timedelta(minutes=5), date(2026, 12, 5), reference=reference,
        counterparty_name="Wang", counterparty_account="6217000000000000077",
    )  # fmt: skip
    return varied(plain, changes)


def debit(
    amount: int, instruction: UUID | None = None, line: int = 1, **changes: object
) -> asked.TakeEntry:
    """Book money that left, for an instruction's line or for none."""
    plain = asked.TakeEntry(
        INSTITUTION, ACCOUNT, f"debit-{next(_numbers)}", "debit", Fen(amount),
        NOW - timedelta(minutes=4), date(2026, 12, 5),
        end_to_end_id=end_to_end_id(instruction, line) if instruction else None,
    )  # fmt: skip
    return varied(plain, changes)


def came_back(amount: int, instruction: UUID, line: int = 1, **changes: object) -> asked.TakeEntry:
    """Book a payment that came back."""
    named = end_to_end_id(instruction, line)
    plain = credit(amount, entry_id=f"back-{next(_numbers)}", end_to_end_id=named)
    return varied(plain, changes)


def allocate(entry: str, contract: str | None, **changes: object) -> asked.AllocateReceipt:
    """Give waiting money to a contract, or (without one) back to its payer."""
    return varied(asked.AllocateReceipt(INSTITUTION, ACCOUNT, entry, contract), changes)


def request_refund(contract: str = "C1", **changes: object) -> asked.RequestRefund:
    """Ask for a contract's remaining money."""
    plain = asked.RequestRefund(INSTITUTION, contract, "guardian", None, "guardian")
    return varied(plain, changes)


def agree(refund: UUID) -> asked.AgreeRefund:
    """Agree to a refund."""
    return asked.AgreeRefund(INSTITUTION, refund, "institution")


def contest(refund: UUID, reason: str | None = "taught") -> asked.ContestRefund:
    """Contest a refund."""
    return asked.ContestRefund(INSTITUTION, refund, reason, "institution")


def name_payer(refund: UUID, account: str = "6217-new") -> asked.NamePayer:
    """Name the account a refund goes to."""
    return asked.NamePayer(INSTITUTION, refund, account, "Wang", "supervisor")


def freeze(scope: str = "payout", **changes: object) -> asked.PlaceFreeze:
    """Freeze the institution."""
    plain = asked.PlaceFreeze(INSTITUTION, scope, "complaints", "Bureau", "F-1", "supervisor")
    return varied(plain, changes)


def lift(freeze_id: UUID, **changes: object) -> asked.LiftFreeze:
    """Lift a freeze."""
    plain = asked.LiftFreeze(INSTITUTION, freeze_id, "done", "F-2", "supervisor")
    return varied(plain, changes)


def confirm(freeze_id: UUID, **changes: object) -> asked.ConfirmFreeze:
    """Confirm a freeze that the registry placed."""
    plain = asked.ConfirmFreeze(INSTITUTION, freeze_id, "seen", "F-3", "supervisor")
    return varied(plain, changes)


def hear(kind: str = "licence.revoked", **changes: object) -> asked.HearRegistry:
    """Hear the registry's first event, which asks for a freeze unless told otherwise."""
    plain = asked.HearRegistry(INSTITUTION, "reg-1", 1, kind, "freeze", "national", "R-1")
    return varied(plain, changes)


def set_floor(*rules: FloorRule, **changes: object) -> asked.SetFloor:
    """Set a minimum balance from today on."""
    plain = asked.SetFloor(INSTITUTION, rules, date(2026, 12, 5), "D-2", "supervisor")
    return varied(plain, changes)


def rule(kind: str, figure: int = 0) -> FloorRule:
    """Return one rule of a floor; `figure` is fen for `fixed`, else basis points."""
    return FloorRule(kind, Fen(figure)) if kind == "fixed" else FloorRule(kind, bps=Bps(figure))


def serve(instruction: UUID) -> asked.ServeInstruction:
    """Show the bank an instruction."""
    return asked.ServeInstruction(INSTITUTION, instruction)


def claim(instruction: UUID, until: datetime = NOW) -> asked.ClaimInstruction:
    """Take an instruction for sending or asking."""
    return asked.ClaimInstruction(INSTITUTION, instruction, until)


def sending(instruction: UUID, state: str) -> asked.RecordSending:
    """Record what sending or asking came to."""
    return asked.RecordSending(INSTITUTION, instruction, state)


def result(
    instruction: UUID, state: str, lines: dict[int, str] | None = None, **changes: object
) -> asked.RecordResult:
    """Record the bank's word on an instruction and on single lines of it."""
    single = tuple(LineResult(number, word) for number, word in (lines or {}).items())
    plain = asked.RecordResult(INSTITUTION, instruction, state, "B-1", lines=single)
    return varied(plain, changes)


def plan_payouts() -> asked.PlanPayouts:
    """Pay out what has room by now."""
    return asked.PlanPayouts(INSTITUTION)
