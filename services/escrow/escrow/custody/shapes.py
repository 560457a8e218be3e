"""What an institution's readers are answered, in the words of the wire."""

from pydantic import BaseModel, Field

from shared.web.shown import Moment


class RightShown(BaseModel):
    """Whether something is allowed, and if not, why."""

    allowed: bool
    reasons: list[str] = Field(
        description=(
            "account_missing, charging_frozen, payout_frozen, institution_frozen; for new contracts"
            " also what the registry holds against them: black_listed, licence_revoked,"
            " licence_suspended, licence_expired, institution_deregistered,"
            " institution_transformed, institution_winding_down, not_white_listed, registry_objects"
        )
    )


class FloorRuleShown(BaseModel):
    """One rule of a minimum balance."""

    kind: str
    amount_fen: int | None = None
    bps: int | None = None


class FloorShown(BaseModel):
    """The minimum balance in force, and how the books stand to it."""

    floor_id: str
    rules: list[FloorRuleShown]
    effective_from: str
    document_no: str
    required_fen: int
    present_fen: int = Field(description="Tuition held, institution payable and reserve.")
    deficit_fen: int


class FreezeShown(BaseModel):
    """A freeze in force."""

    id: str
    scope: str
    reason: str
    authority: str
    document_no: str
    placed_at: Moment
    registry_event_id: str | None = Field(
        description="Of a protective freeze: the event of the registry's feed that placed it."
    )
    confirmed_at: Moment | None = Field(
        description="When an officer confirmed a protective freeze; null until then."
    )
    confirmed_by: str | None


class RegistryShown(BaseModel):
    """What the registry said last of an institution."""

    status: str
    white_listed: bool | None
    black_listed: bool | None
    stale: bool = Field(description="Whether the registry's source was late when it said so.")
    event_id: str
    heard_at: Moment


class PolicyShown(BaseModel):
    """The version of the policy that holds today."""

    name: str
    version: int
    effective_from: str


class AccountShown(BaseModel):
    """The custody account, and where payouts go."""

    bank_id: str
    account_number: str
    account_name: str
    opened_on: str
    settlement_account_number: str
    settlement_account_name: str


class RetainedShown(BaseModel):
    """Released lessons whose payout waits."""

    amount_fen: int
    lessons: int


class InstitutionShown(BaseModel):
    """An institution as it stands."""

    institution_id: str
    name: str
    district_code: str
    category: str
    delivery: str
    policy: str
    policy_in_force: PolicyShown | None
    status: str = Field(description="Its place in the registry; unlisted where it has none.")
    registry: RegistryShown | None = Field(description="Null where the registry said nothing.")
    may_charge: RightShown
    may_be_paid: RightShown
    may_refund: RightShown
    custody_account: AccountShown | None
    balances: dict[str, int] = Field(description="By kind of account, in fen.")
    retained: RetainedShown
    floor: FloorShown | None
    freezes: list[FreezeShown]
    as_of: Moment


class BalancesShown(BaseModel):
    """Balances at a moment, each positive on its normal side."""

    institution_id: str
    as_of: Moment
    accounts: dict[str, int] = Field(description="By kind of account, in fen.")


class MovementShown(BaseModel):
    """One line of the journal."""

    sequence: int
    movement_id: str
    kind: str
    debit: str
    credit: str
    amount_fen: int
    occurred_at: Moment
    posted_at: Moment
    contract_id: str | None
    lesson_no: int | None
    instruction_id: str | None
    entry_id: str | None
    refund_id: str | None
    reverses: str | None


class MovementPage(BaseModel):
    """Part of a statement, and where to go on."""

    items: list[MovementShown]
    next: str | None


class PrepaidShown(BaseModel):
    """One contract's line; collected = consumed + refunded + remaining, in both units."""

    contract_id: str
    lessons: int
    paid_fen: int
    collected_lessons: int
    collected_fen: int
    consumed_lessons: int
    consumed_fen: int
    refunded_lessons: int
    refunded_fen: int
    remaining_lessons: int
    remaining_fen: int


class PrepaidPage(BaseModel):
    """Part of the prepaid ledger, and where to go on."""

    institution_id: str
    as_of: Moment
    items: list[PrepaidShown]
    next: str | None
