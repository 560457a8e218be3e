"""The data plane's tables: every key begins with the institution."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
    Uuid,
    text,
)

from escrow.tables import balances, instant, key, may, metadata, must
from shared.feed.tables import Xid8, epoch_table, event_table


def _first() -> Column[str]:
    return Column("institution_id", Text(collation="C"), primary_key=True)


def _next_key(name: str) -> Column[str]:
    return Column(name, Text(collation="C"), primary_key=True)


def _zero(name: str, kind: type = BigInteger) -> Column[object]:
    return Column(name, kind, nullable=False, server_default="0")


balance = Table(
    "balance",
    metadata,
    _first(),
    _zero("sequence"),
    _zero("movements"),
    Column("order_xid", Xid8, nullable=False, server_default="0"),
    instant("posted_at", nullable=True),
    *balances(),
    _zero("funded_running_fen"),
    _zero("retained_fen"),
    _zero("retained_count", Integer),
    _zero("charging_freezes", Integer),
    _zero("payout_freezes", Integer),
    _zero("full_freezes", Integer),
    _zero("floors", Integer),
)

contract = Table(
    "contract",
    metadata,
    _first(),
    _next_key("contract_id"),
    must("student_ref"),
    key("guardian_ref"),
    must("course_name"),
    must("course_category"),
    must("course_delivery"),
    may("teacher_ref"),
    must("lessons", Integer),
    must("paid_fen", BigInteger),
    must("list_fen", BigInteger),
    must("gift_lessons", Integer),
    must("gift_fen", BigInteger),
    instant("signed_at"),
    must("starts_on", Date),
    must("ends_on", Date),
    may("slots"),
    may("refund_terms"),
    instant("registered_at"),
    Index(
        "contract_guardian_ref_idx",
        "institution_id",
        "guardian_ref",
        "contract_id",
        postgresql_where=text("guardian_ref IS NOT NULL"),
    ),
)

tuition = Table(
    "tuition",
    metadata,
    _first(),
    _next_key("contract_id"),
    key("student_ref"),
    key("course_name"),
    must("category"),
    must("delivery"),
    must("lessons", Integer),
    must("paid_fen", BigInteger),
    must("policy"),
    must("policy_version", Integer),
    must("state"),
    Column("is_frozen", Boolean, nullable=False, server_default=text("false")),
    must("funded_fen", BigInteger),
    must("held_fen", BigInteger),
    must("released_fen", BigInteger),
    must("refunded_fen", BigInteger),
    must("lessons_released", Integer),
    may("refund_id", Uuid),
    instant("refund_requested_at", nullable=True),
    Index(
        "tuition_student_ref_idx",
        "institution_id",
        "student_ref",
        "course_name",
        postgresql_where=text("student_ref IS NOT NULL"),
    ),
)

lesson = Table(
    "lesson",
    metadata,
    _first(),
    _next_key("contract_id"),
    Column("lesson_no", Integer, primary_key=True),
    Column("attempt", Integer, primary_key=True),
    key("item_id"),
    must("movement_id", Uuid),
    must("release_sequence", BigInteger),
    must("amount_fen", BigInteger),
    instant("taught_at"),
    instant("ended_at", nullable=True),
    may("teacher_ref"),
    may("room_ref"),
    may("evidence_ref"),
    may("reversed_by", Uuid),
    key("reversal_item_id", nullable=True),
    may("reversal_reason"),
    Index(
        "lesson_item_id_key",
        "institution_id",
        "item_id",
        unique=True,
        postgresql_where=text("item_id IS NOT NULL"),
    ),
    Index(
        "lesson_reversal_item_id_key",
        "institution_id",
        "reversal_item_id",
        unique=True,
        postgresql_where=text("reversal_item_id IS NOT NULL"),
    ),
)

movement = Table(
    "movement",
    metadata,
    _first(),
    Column("sequence", BigInteger, primary_key=True),
    must("movement_id", Uuid),
    must("kind"),
    must("debit"),
    must("credit"),
    must("amount_fen", BigInteger),
    instant("occurred_at"),
    instant("posted_at"),
    key("contract_id", nullable=True),
    may("lesson_no", Integer),
    may("instruction_id", Uuid),
    key("entry_id", nullable=True),
    may("refund_id", Uuid),
    may("reverses", Uuid),
)

payable = Table(
    "payable",
    metadata,
    _first(),
    Column("release_sequence", BigInteger, primary_key=True),
    key("contract_id"),
    must("lesson_no", Integer),
    must("release_id", Uuid),
    must("amount_fen", BigInteger),
    must("tries", Integer),
    must("remittance"),
)

instruction = Table(
    "instruction",
    metadata,
    _first(),
    Column("instruction_id", Uuid, primary_key=True),
    must("kind"),
    must("state"),
    key("bank_id"),
    key("account_number"),
    must("creditor_name"),
    must("creditor_account"),
    must("amount_fen", BigInteger),
    instant("created_at"),
    must("movement_id", Uuid),
    may("refund_id", Uuid),
    key("entry_id", nullable=True),
    instant("served_at", nullable=True),
    instant("leased_until", nullable=True),
    instant("sent_at", nullable=True),
    may("bank_reference"),
    instant("booked_at", nullable=True),
    may("reason"),
    instant("changed_at", nullable=True),
    Index("instruction_bank_id_idx", "bank_id", "instruction_id"),
    Index(
        "instruction_unfinished_idx",
        "bank_id",
        "state",
        "instruction_id",
        postgresql_where=text("state IN ('planned', 'claimed', 'sent', 'unknown', 'accepted')"),
    ),
    Index(
        "instruction_refund_id_idx",
        "institution_id",
        "refund_id",
        postgresql_where=text("refund_id IS NOT NULL"),
    ),
)

instruction_line = Table(
    "instruction_line",
    metadata,
    _first(),
    Column("instruction_id", Uuid, primary_key=True),
    Column("line_no", SmallInteger, primary_key=True),
    must("state"),
    must("amount_fen", BigInteger),
    must("remittance"),
    key("contract_id", nullable=True),
    may("lesson_no", Integer),
    may("release_sequence", BigInteger),
    may("release_id", Uuid),
    must("tries", Integer),
    key("booked_entry_id", nullable=True),
    key("returned_entry_id", nullable=True),
    may("reason"),
    Index(
        "instruction_line_unbooked_idx",
        "institution_id",
        "instruction_id",
        postgresql_where=text("state = 'settled' AND booked_entry_id IS NULL"),
    ),
)

bank_entry = Table(
    "bank_entry",
    metadata,
    _first(),
    _next_key("account_number"),
    _next_key("entry_id"),
    must("direction"),
    must("amount_fen", BigInteger),
    instant("booked_at"),
    must("value_on", Date),
    must("effect"),
    must("movement_id", Uuid),
    may("balance_after_fen", BigInteger),
    may("counterparty_name"),
    may("counterparty_account"),
    may("purpose"),
    key("reference", nullable=True),
    may("end_to_end_id"),
    key("contract_id", nullable=True),
    must("unallocated_fen", BigInteger),
    instant("taken_at"),
    Index(
        "bank_entry_unallocated_idx",
        "institution_id",
        "reference",
        postgresql_where=text("unallocated_fen > 0"),
    ),
    Index(
        "bank_entry_booked_at_idx",
        "institution_id",
        "account_number",
        "booked_at",
        postgresql_where=text("booked_at IS NOT NULL"),
    ),
)

deposit = Table(
    "deposit",
    metadata,
    _first(),
    _next_key("contract_id"),
    Column("deposit_id", Uuid, primary_key=True),
    key("account_number"),
    key("entry_id"),
    must("amount_fen", BigInteger),
    instant("booked_at"),
    may("payer_name"),
    may("payer_account"),
)

refund = Table(
    "refund",
    metadata,
    _first(),
    Column("refund_id", Uuid, primary_key=True),
    key("contract_id"),
    must("cause"),
    must("state"),
    instant("requested_at"),
    must("requested_by"),
    may("reason"),
    must("amount_fen", BigInteger),
    must("waiting_fen", BigInteger),
    instant("agreed_at", nullable=True),
    may("agreed_by"),
    instant("contested_at", nullable=True),
    may("contest_reason"),
    may("payer_account"),
    may("payer_name"),
    Index("refund_contract_id_idx", "institution_id", "contract_id"),
    Index("refund_refund_id_idx", "refund_id"),
)

feed_epoch = epoch_table(metadata)
event = event_table(metadata)
