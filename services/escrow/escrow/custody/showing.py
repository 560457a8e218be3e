"""From the books' records to what the wire shows of them."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping

from escrow.custody.shapes import (
    AccountShown,
    FloorRuleShown,
    FloorShown,
    FreezeShown,
    InstitutionShown,
    MovementShown,
    PolicyShown,
    PrepaidShown,
    RegistryShown,
    RetainedShown,
    RightShown,
)
from escrow.domain import custody
from escrow.domain.freezes import rule_body
from escrow.domain.policy import Policies, Policy
from escrow.domain.prepaid import Prepaid
from escrow.domain.records import Floor, Standing
from escrow.ledger.read import StandingSeen
from shared.time import business_day


def shown_institution(
    seen: StandingSeen,
    floors: Iterable[Floor],
    freezes: Iterable[RowMapping],
    word: RowMapping | None,
    policies: Policies,
) -> InstitutionShown:
    """Show how an institution stands."""
    standing = seen.standing
    today = business_day(seen.now)
    return InstitutionShown(
        institution_id=standing.institution_id,
        name=standing.name or "",
        district_code=standing.district_code,
        category=standing.category,
        delivery=standing.delivery,
        policy=standing.policy,
        policy_in_force=_policy(policies.in_force(standing.policy, today)),
        status=standing.status,
        registry=_word(word),
        may_charge=_right(custody.may_charge(standing)),
        may_be_paid=_right(custody.may_be_paid(standing)),
        may_refund=_right(custody.may_refund(standing)),
        custody_account=_account(standing),
        balances={str(kind): fen for kind, fen in standing.balances.items()},
        retained=RetainedShown(amount_fen=standing.retained_fen, lessons=standing.retained_count),
        floor=_floor(standing, custody.floor_in_force(floors, today)),
        freezes=[_freeze(row) for row in freezes],
        as_of=seen.now,
    )


def _policy(policy: Policy | None) -> PolicyShown | None:
    if policy is None:
        return None
    return PolicyShown(
        name=policy.name,
        version=policy.version,
        effective_from=policy.effective_from.isoformat(),
    )


def _right(right: custody.Flag) -> RightShown:
    return RightShown(allowed=right.allowed, reasons=list(right.reasons))


def _account(standing: Standing) -> AccountShown | None:
    if standing.account_number is None or standing.opened_on is None:
        return None
    return AccountShown(
        bank_id=standing.bank_id or "",
        account_number=standing.account_number,
        account_name=standing.account_name or "",
        opened_on=standing.opened_on.isoformat(),
        settlement_account_number=standing.settlement_account_number or "",
        settlement_account_name=standing.settlement_account_name or "",
    )


def _floor(standing: Standing, floor: Floor | None) -> FloorShown | None:
    if floor is None:
        return None
    required = custody.required_fen(standing, floor)
    present = custody.present_fen(standing)
    return FloorShown(
        floor_id=str(floor.floor_id),
        rules=[FloorRuleShown.model_validate(rule_body(rule)) for rule in floor.rules],
        effective_from=floor.effective_from.isoformat(),
        document_no=floor.document_no,
        required_fen=required,
        present_fen=present,
        deficit_fen=max(0, required - present),
    )


def _freeze(row: RowMapping) -> FreezeShown:
    return FreezeShown(
        id=str(row["freeze_id"]),
        scope=row["scope"],
        reason=row["reason"],
        authority=row["authority"],
        document_no=row["document_no"],
        placed_at=row["placed_at"],
        registry_event_id=row["registry_event_id"],
        confirmed_at=row["confirmed_at"],
        confirmed_by=row["confirmed_by"],
    )


def _word(row: RowMapping | None) -> RegistryShown | None:
    if row is None:
        return None
    return RegistryShown(
        status=row["status"],
        white_listed=row["white_listed"],
        black_listed=row["black_listed"],
        stale=row["is_stale"],
        event_id=row["event_id"],
        heard_at=row["heard_at"],
    )


def shown_movement(row: RowMapping) -> MovementShown:
    """Show one line of the journal."""
    return MovementShown.model_validate(
        {name: _plain(row[name]) for name in MovementShown.model_fields}
    )


def _plain(value: Any) -> Any:  # noqa: ANN401 - a column's value of any kind
    return str(value) if isinstance(value, UUID) else value


def shown_prepaid(one: Prepaid) -> PrepaidShown:
    """Show one contract's line of the prepaid ledger."""
    return PrepaidShown.model_validate(
        {name: getattr(one, name) for name in PrepaidShown.model_fields}
    )
