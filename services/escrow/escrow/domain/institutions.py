"""Describing an institution and filing its custody account."""

from escrow.domain.commands import OpenAccount, RegisterInstitution
from escrow.domain.custody import may_be_paid, may_charge
from escrow.domain.draft import Draft
from escrow.domain.outcomes import Accepted, Exists, Outcome, Refusal, Refused
from escrow.domain.payouts import close_round, plan
from escrow.domain.records import Standing, Word
from shared.time import rfc3339


def register_institution(draft: Draft, command: RegisterInstitution) -> Outcome:
    """Put an institution into the books, or change how it is described."""
    if not draft.book.policies.is_known(command.policy):
        return Refused(Refusal.policy_unknown)
    standing = draft.standing(command.institution_id)
    if standing is None:
        return Refused(Refusal.institution_unknown)
    names = ("name", "district_code", "category", "delivery", "policy")
    if all(getattr(standing, name) == getattr(command, name) for name in names):
        return Exists()
    for name in names:
        setattr(standing, name, getattr(command, name))
    draft.changes.registered.append(command)
    tell_institution(draft, standing)
    return Accepted()


def tell_institution(draft: Draft, standing: Standing) -> None:
    """Put on the feed how an institution is described, and what the registry says of it."""
    word = draft.word(standing.institution_id)
    draft.emit(
        standing,
        "institution.changed",
        {
            "name": standing.name,
            "district_code": standing.district_code,
            "category": standing.category,
            "delivery": standing.delivery,
            "policy": standing.policy,
            "may_charge": may_charge(standing).allowed,
            "may_be_paid": may_be_paid(standing).allowed,
            **({"registry": _fact(word)} if word else {}),
        },
    )


def _fact(word: Word) -> dict[str, object]:
    return {
        "event_id": word.event_id,
        "sequence": word.sequence,
        "type": word.type,
        "status": word.status,
        "effect": word.effect,
        "white_listed": word.white_listed,
        "black_listed": word.black_listed,
        "stale": word.is_stale,
        "objections": [*word.objections],
        "heard_at": rfc3339(word.heard_at),
    }


def open_account(draft: Draft, command: OpenAccount) -> Outcome:
    """File the custody account; a payout the bank refused for good may be tried anew."""
    standing = draft.standing(command.institution_id)
    if standing is None or standing.name is None:
        return Refused(Refusal.institution_unknown)
    if command.bank_id not in draft.book.banks:
        return Refused(Refusal.bank_unknown)
    number = command.account_number
    owner = draft.account_owners.get(number) or draft.book.account_owners.get(number)
    if owner is not None and owner != command.institution_id:
        return Refused(Refusal.account_taken)
    draft.account_owners[number] = command.institution_id
    close_round(draft, standing)  # what was released before goes to the account of before
    for name in (
        "bank_id",
        "account_number",
        "account_name",
        "opened_on",
        "settlement_account_number",
        "settlement_account_name",
    ):
        setattr(standing, name, getattr(command, name))
    draft.changes.registered.append(command)
    _try_anew(draft, command.institution_id)
    draft.emit(
        standing,
        "account.changed",
        {"bank_id": command.bank_id, "opened_on": command.opened_on.isoformat()},
    )
    plan(draft, standing)
    return Accepted()


def _try_anew(draft: Draft, institution_id: str) -> None:
    for payable in draft.queue(institution_id):
        if payable.tries:
            payable.tries = 0
            if payable.is_stored:
                draft.changes.payables_gone.append(payable)
                payable.is_stored = False
