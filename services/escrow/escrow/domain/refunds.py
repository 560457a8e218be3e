"""What remains of a contract, and for whom.

A request holds the contract's remaining money at once. Once agreed it leaves for the
accounts it came from, newest deposit first; a floor or a freeze never stands in its way.
The quote is pro rata by lessons (policy.md, b.4: the more favourable local rule).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from escrow.domain.accounts import AccountKind
from escrow.domain.commands import AgreeRefund, ContestRefund, NamePayer, RequestRefund
from escrow.domain.draft import Draft
from escrow.domain.instructions import Instruction, InstructionKind, Line
from escrow.domain.movements import MovementKind
from escrow.domain.outcomes import Accepted, Exists, Outcome, Refusal, Refused
from escrow.domain.payouts import add_instruction, plan
from escrow.domain.records import (
    ContractState,
    Deposit,
    Refund,
    RefundState,
    Standing,
    Tuition,
)
from escrow.domain.settling import refund_body
from shared.ids import instruction_id
from shared.money import ZERO, Fen


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a quote: its rule and its figure in fen."""

    rule: str
    amount_fen: Fen


@dataclass(frozen=True, slots=True)
class Quote:
    """What a refund would come to now, and how."""

    refund_fen: Fen
    steps: tuple[Step, ...]


def quote(tuition: Tuition) -> Quote:
    """Return the pro-rata quote: what was funded, less the lessons released."""
    steps = (
        Step("funded", tuition.funded_fen),
        Step("released_lessons", Fen(-tuition.released_fen)),
        Step("refunded_before", Fen(-tuition.refunded_fen)),
        Step("pro_rata_remaining", tuition.held_fen),
    )
    assert sum(step.amount_fen for step in steps[:-1]) == tuition.held_fen
    return Quote(tuition.held_fen, steps)


def request_refund(draft: Draft, command: RequestRefund) -> Outcome:
    """Hold a contract's remaining money for its payers."""
    tuition = draft.tuition((command.institution_id, command.contract_id))
    standing = draft.standing(command.institution_id)
    if tuition is None or standing is None:
        return Refused(Refusal.contract_unknown)
    if tuition.state is ContractState.refunding:
        return Refused(Refusal.refund_in_progress)
    if tuition.state in {ContractState.completed, ContractState.closed}:
        return Refused(Refusal.contract_closed)
    if not tuition.held_fen:
        return Refused(Refusal.nothing_to_refund)
    refund = Refund(
        command.institution_id,
        draft.new_id(),
        command.contract_id,
        command.cause,
        RefundState.requested,
        draft.now,
        command.acted_by,
        command.reason,
        tuition.held_fen,
    )
    draft.changes.refunds[command.institution_id, refund.refund_id] = refund
    tuition.state = ContractState.refunding
    tuition.refund_id = refund.refund_id
    tuition.refund_requested_at = draft.now
    _tell(draft, standing, refund)
    return Accepted(None, refund.refund_id, command.contract_id, tuition.held_fen, refund.state)


def agree_refund(draft: Draft, command: AgreeRefund) -> Outcome:
    """Send what is still held back to the accounts it came from.

    Where lessons claimed late have used it up, the refund is over at once.
    """
    refund = draft.refund((command.institution_id, command.refund_id))
    standing = draft.standing(command.institution_id)
    if refund is None or standing is None:
        return Refused(Refusal.refund_unknown)
    if refund.agreed_at is not None:
        return Exists(made_id=refund.refund_id, amount_fen=refund.amount_fen, state=refund.state)
    tuition = draft.the_tuition((command.institution_id, refund.contract_id))
    refund.amount_fen = tuition.held_fen
    refund.agreed_at = draft.now
    refund.agreed_by = command.acted_by
    if tuition.state is ContractState.completed:
        tuition.refund_id = tuition.refund_requested_at = None
    else:
        _close_contract(draft, standing, tuition, refund)
    _instruct_by_deposit(draft, standing, refund)
    plan(draft, standing)
    _tell(draft, standing, refund)
    return Accepted(None, refund.refund_id, refund.contract_id, refund.amount_fen, refund.state)


def contest_refund(draft: Draft, command: ContestRefund) -> Outcome:
    """Note that the institution contests; the money stays held until a supervisor agrees."""
    refund = draft.refund((command.institution_id, command.refund_id))
    standing = draft.standing(command.institution_id)
    if refund is None or standing is None:
        return Refused(Refusal.refund_unknown)
    if refund.state is RefundState.contested:
        return Exists(made_id=refund.refund_id, state=refund.state)
    if refund.state is not RefundState.requested:
        return Refused(Refusal.refund_not_open)
    refund.state = RefundState.contested
    refund.contested_at = draft.now
    refund.contest_reason = command.reason
    _tell(draft, standing, refund)
    return Accepted(made_id=refund.refund_id, state=refund.state)


def name_payer(draft: Draft, command: NamePayer) -> Outcome:
    """Send what waits for an account to the one a supervisor names."""
    refund = draft.refund((command.institution_id, command.refund_id))
    standing = draft.standing(command.institution_id)
    if refund is None or standing is None:
        return Refused(Refusal.refund_unknown)
    if refund.payer_account == command.account_number and not refund.waiting_fen:
        return Exists(made_id=refund.refund_id, state=refund.state)
    if not refund.waiting_fen:
        return Refused(Refusal.refund_not_open)
    refund.payer_account = command.account_number
    refund.payer_name = command.account_name
    amount = refund.waiting_fen
    refund.waiting_fen = ZERO
    _instruct(draft, standing, refund, command.account_name, command.account_number, amount)
    refund.state = RefundState.instructed
    _tell(draft, standing, refund)
    return Accepted(made_id=refund.refund_id, amount_fen=amount, state=refund.state)


def _close_contract(draft: Draft, standing: Standing, tuition: Tuition, refund: Refund) -> None:
    amount = refund.amount_fen
    if amount:
        draft.move(
            MovementKind.refund,
            standing,
            amount,
            AccountKind.tuition_held,
            AccountKind.refund_payable,
            contract_id=tuition.contract_id,
            refund_id=refund.refund_id,
        )
    standing.funded_running_fen = Fen(standing.funded_running_fen - tuition.funded_fen)
    tuition.held_fen = ZERO
    tuition.refunded_fen = Fen(tuition.refunded_fen + amount)
    tuition.state = ContractState.closed
    draft.emit(
        standing, "contract.closed", {"contract_id": tuition.contract_id, "state": tuition.state}
    )


def _instruct_by_deposit(draft: Draft, standing: Standing, refund: Refund) -> None:
    """Share the amount over the contract's deposits, newest first, one transfer a payer."""
    key = (refund.institution_id, refund.contract_id)
    added = [one for one in draft.changes.deposits if one.contract_id == refund.contract_id]
    shares, unknown = shares_by_payer(
        refund.amount_fen, [*draft.book.deposits.get(key, ()), *added]
    )
    for (account, name), amount in shares.items():
        _instruct(draft, standing, refund, name, account, amount)
    refund.waiting_fen = unknown
    if unknown:
        refund.state = RefundState.payer_unknown
    else:
        refund.state = RefundState.instructed if shares else RefundState.paid


def shares_by_payer(
    amount: Fen, deposits: Sequence[Deposit]
) -> tuple[dict[tuple[str, str], Fen], Fen]:
    """Share an amount over deposits, newest first: by (account, name), and without payer."""
    shares: dict[tuple[str, str], Fen] = {}
    unknown = left = amount
    for deposit in sorted(deposits, key=lambda one: (one.booked_at, one.deposit_id), reverse=True):
        part = Fen(min(left, deposit.amount_fen))
        left = Fen(left - part)
        if part and deposit.payer_account is not None:
            payer = (deposit.payer_account, deposit.payer_name or "")
            shares[payer] = Fen(shares.get(payer, ZERO) + part)
            unknown = Fen(unknown - part)
    return shares, unknown


def _instruct(
    draft: Draft, standing: Standing, refund: Refund, name: str, account: str, amount: Fen
) -> None:
    made_id = instruction_id(draft.new_id())
    movement = draft.move(
        MovementKind.refund,
        standing,
        amount,
        AccountKind.refund_payable,
        AccountKind.payment_clearing,
        contract_id=refund.contract_id,
        instruction_id=made_id,
        refund_id=refund.refund_id,
    )
    instruction = Instruction(
        made_id,
        standing.institution_id,
        InstructionKind.refund,
        standing.bank_id or "",
        standing.account_number or "",
        name,
        account,
        draft.now,
        movement.movement_id,
        amount_fen=amount,
        refund_id=refund.refund_id,
    )
    line = Line(1, amount, f"{refund.contract_id} refund", contract_id=refund.contract_id)
    instruction.lines[1] = line
    add_instruction(draft, standing, instruction)


def _tell(draft: Draft, standing: Standing, refund: Refund) -> None:
    body = refund_body(refund.refund_id, refund.state, refund.amount_fen)
    draft.emit(
        standing,
        "refund.changed",
        {**body, "contract_id": refund.contract_id, "cause": refund.cause},
    )
