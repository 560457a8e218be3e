"""Registering a contract: who may charge what, when, and which student.

The caps hold over a student's open contracts with the same institution and course name,
so that splitting a package defeats nothing (教监管函〔2021〕2号, 教监管〔2022〕4号).
"""

from dataclasses import fields
from typing import Final

from escrow.domain.commands import RegisterContract
from escrow.domain.custody import may_charge
from escrow.domain.deposits import fund
from escrow.domain.draft import ContractKey, Draft
from escrow.domain.outcomes import Accepted, Exists, Outcome, Refusal, Refused
from escrow.domain.payouts import plan
from escrow.domain.policy import Policy
from escrow.domain.records import UNDER_WAY, Entry, Standing, Tuition
from shared.time import add_months, business_day

_FIELDS: Final = tuple(one.name for one in fields(RegisterContract))


def register_contract(draft: Draft, command: RegisterContract) -> Outcome:
    """Register one contract, or say why the institution may not charge it."""
    key = (command.institution_id, command.contract_id)
    seen = draft.terms.get(key) or draft.book.contracts.get(key)
    if seen is not None:
        return _seen_before(seen, command)
    standing = draft.standing(command.institution_id)
    if standing is None or standing.name is None:
        return Refused(Refusal.institution_unknown)
    if standing.account_number is None:
        return Refused(Refusal.account_missing)
    if not may_charge(standing).allowed:
        return Refused(Refusal.may_not_charge)
    policy = draft.book.policies.in_force(standing.policy, business_day(command.signed_at))
    if policy is None:
        return Refused(Refusal.may_not_charge)
    refused = _over_caps(draft, policy, command)
    if refused is not None:
        return Refused(refused)
    return _register(draft, standing, policy, command)


def _seen_before(seen: object, command: RegisterContract) -> Outcome:
    for name in _FIELDS:
        if getattr(seen, name) != getattr(command, name):
            return Refused(Refusal.id_reused, field=name)
    return Exists(contract_id=command.contract_id)


def _over_caps(draft: Draft, policy: Policy, command: RegisterContract) -> Refusal | None:
    """Return the first rule that the contract breaks, in the wire contract's order."""
    counted = _counted(draft, policy, command)
    lessons = command.lessons + sum(one.lessons for one in counted)
    amount = command.paid_fen + sum(one.paid_fen for one in counted)
    cap = policy.amount_max_fen.get(command.course.category)
    rules = (
        (
            command.ends_on > add_months(command.starts_on, policy.span_months_max),
            Refusal.span_too_long,
        ),
        (lessons > policy.lessons_max, Refusal.too_many_lessons),
        (cap is not None and amount > cap, Refusal.amount_over_cap),
        (_is_early(draft, policy, command), Refusal.charged_too_early),
        (command.ends_on < command.starts_on, Refusal.dates_out_of_order),
        (command.paid_fen < command.lessons, Refusal.fee_below_one_fen),
        (command.signed_at > draft.now, Refusal.signed_in_future),
    )
    return next((refusal for is_broken, refusal in rules if is_broken), None)


def _siblings(draft: Draft, command: RegisterContract) -> list[Tuition]:
    """Return the student's contracts under way with the same course name."""
    key = (command.institution_id, command.student_ref, command.course.name)
    keys = draft.siblings.get(key) or draft.book.siblings.get(key, [])
    found = [draft.peek_tuition(one) for one in keys]
    return [one for one in found if one is not None and one.state in UNDER_WAY]


def _counted(draft: Draft, policy: Policy, command: RegisterContract) -> list[Tuition]:
    """Leave out the contracts that are nearly over."""
    return [
        one
        for one in _siblings(draft, command)
        if one.lessons_remaining > policy.renew_lessons_left
    ]


def _is_early(draft: Draft, policy: Policy, command: RegisterContract) -> bool:
    """Call a charge early unless the course starts soon or an old contract is running out."""
    opens_on = add_months(command.starts_on, -policy.charge_months_before)
    if opens_on <= business_day(command.signed_at):
        return False
    return not any(
        one.lessons_remaining <= policy.renew_lessons_left for one in _siblings(draft, command)
    )


def _register(
    draft: Draft, standing: Standing, policy: Policy, command: RegisterContract
) -> Accepted:
    key = (command.institution_id, command.contract_id)
    tuition = Tuition(
        command.institution_id,
        command.contract_id,
        command.student_ref,
        command.course.name,
        command.course.category,
        command.course.delivery,
        command.lessons,
        command.paid_fen,
        policy.name,
        policy.version,
    )
    draft.changes.tuitions[key] = tuition
    draft.changes.registered.append(command)
    draft.terms[key] = command
    student = (command.institution_id, command.student_ref, command.course.name)
    draft.siblings[student] = [
        *(draft.siblings.get(student) or draft.book.siblings.get(student, [])),
        key,
    ]
    draft.emit(standing, "contract.accepted", _fact(command, tuition))
    for entry in _waiting(draft, key):
        fund(draft, standing, tuition, entry)
        entry.effect = "over_funded" if entry.unallocated_fen else entry.effect
    plan(draft, standing)
    return Accepted(contract_id=command.contract_id)


def _waiting(draft: Draft, key: ContractKey) -> list[Entry]:
    """Return the credits whose money waits for a contract, the earliest booked first."""
    keys = dict.fromkeys((*draft.book.waiting.get(key, ()), *draft.waiting.get(key, ())))
    found = [draft.entry(one) for one in keys]
    waiting = [one for one in found if one is not None and one.unallocated_fen]
    return sorted(waiting, key=lambda one: (one.booked_at, one.entry_id))


def _fact(command: RegisterContract, tuition: Tuition) -> dict[str, object]:
    return {
        "contract_id": command.contract_id,
        "student_ref": command.student_ref,
        "course_category": command.course.category,
        "course_delivery": command.course.delivery,
        "lessons": command.lessons,
        "paid_fen": command.paid_fen,
        "list_fen": command.list_fen,
        "gift_lessons": command.gift_lessons,
        "gift_fen": command.gift_fen,
        "signed_on": business_day(command.signed_at).isoformat(),
        "starts_on": command.starts_on.isoformat(),
        "ends_on": command.ends_on.isoformat(),
        "policy": f"{tuition.policy}@{tuition.policy_version}",
    }
