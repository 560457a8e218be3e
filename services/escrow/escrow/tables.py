"""The control plane's tables: who is where, what holds, what was answered.

The statements that made them are in `migrations`; a test keeps the two from drifting.
"""

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from shared.web.tables import NAMING

metadata = MetaData(schema="escrow", naming_convention=NAMING)


def key(name: str, *, nullable: bool = False) -> Column[str]:
    """Return a column that is compared byte by byte, whatever the server's locale."""
    return Column(name, Text(collation="C"), nullable=nullable)


def must(name: str, kind: type = Text) -> Column[object]:
    """Return a column that always has a value."""
    return Column(name, kind, nullable=False)


def may(name: str, kind: type = Text) -> Column[object]:
    """Return a column that may be empty."""
    return Column(name, kind)


def instant(name: str, *, nullable: bool = False) -> Column[object]:
    """Return a column that holds an instant in UTC."""
    return Column(name, DateTime(timezone=True), nullable=nullable)


BALANCES: Final = (
    "custody_cash_fen",
    "tuition_held_fen",
    "institution_payable_fen",
    "institution_receivable_fen",
    "payment_clearing_fen",
    "refund_payable_fen",
    "unmatched_receipt_fen",
    "unbacked_debit_fen",
    "reserve_fen",
)
"""The column of each account kind, in the order of the chart."""


def balances() -> list[Column[object]]:
    """Return a column for each account kind, in fen."""
    return [Column(name, BigInteger, nullable=False, server_default="0") for name in BALANCES]


bank = Table(
    "bank",
    metadata,
    Column("bank_id", Text(collation="C"), primary_key=True),
    must("name"),
    must("delivery"),
    may("endpoint"),
    must("finality_s", Integer),
    Column("changed_at", DateTime(timezone=True), nullable=False, server_default="now()"),
    must("changed_by"),
)

institution = Table(
    "institution",
    metadata,
    Column("institution_id", Text(collation="C"), primary_key=True),
    must("name"),
    must("district_code"),
    must("category"),
    must("delivery"),
    must("policy"),
    # Written by nobody: `registry_word.status` took its place; a later revision drops it.
    Column("status", Text, nullable=False, server_default="unlisted"),
    key("account_number", nullable=True),
    instant("changed_at"),
)

custody_account = Table(
    "custody_account",
    metadata,
    Column("account_number", Text(collation="C"), primary_key=True),
    key("institution_id"),
    key("bank_id"),
    Column("kind", Text, nullable=False, server_default="custody"),
    must("account_name"),
    must("opened_on", Date),
    must("settlement_account_number"),
    must("settlement_account_name"),
    instant("filed_at"),
    Index("custody_account_institution_id_idx", "institution_id"),
)

freeze = Table(
    "freeze",
    metadata,
    Column("institution_id", Text(collation="C"), primary_key=True),
    Column("freeze_id", Uuid, primary_key=True),
    must("scope"),
    must("reason"),
    must("authority"),
    must("document_no"),
    instant("placed_at"),
    must("placed_by"),
    may("registry_event_id"),
    instant("lifted_at", nullable=True),
    may("lifted_by"),
    may("lift_reason"),
    may("lift_document_no"),
    Index("freeze_freeze_id_idx", "freeze_id"),
    Index(
        "freeze_registry_event_id_key",
        "institution_id",
        "registry_event_id",
        "scope",
        unique=True,
        postgresql_where=text("registry_event_id IS NOT NULL"),
    ),
    Index(
        "freeze_protective_idx",
        "placed_at",
        postgresql_where=text("registry_event_id IS NOT NULL AND lifted_at IS NULL"),
    ),
)

freeze_confirmation = Table(
    "freeze_confirmation",
    metadata,
    Column("institution_id", Text(collation="C"), primary_key=True),
    Column("freeze_id", Uuid, primary_key=True),
    must("reason"),
    must("document_no"),
    instant("confirmed_at"),
    must("confirmed_by"),
)

registry_word = Table(
    "registry_word",
    metadata,
    Column("institution_id", Text(collation="C"), primary_key=True),
    must("sequence", BigInteger),
    must("event_id"),
    must("type"),
    must("status"),
    must("effect"),
    may("white_listed", Boolean),
    may("black_listed", Boolean),
    must("is_stale", Boolean),
    Column("objections", ARRAY(Text), nullable=False),
    instant("heard_at"),
)

feed_cursor = Table(
    "feed_cursor",
    metadata,
    Column("feed", Text(collation="C"), primary_key=True),
    may("cursor"),
    instant("read_at", nullable=True),
)

feed_set_aside = Table(
    "feed_set_aside",
    metadata,
    Column("feed", Text(collation="C"), primary_key=True),
    Column("event_id", Text(collation="C"), primary_key=True),
    may("institution_id"),
    may("type"),
    must("fault"),
    Column("set_aside_at", DateTime(timezone=True), nullable=False, server_default="now()"),
)

floor = Table(
    "floor",
    metadata,
    Column("institution_id", Text(collation="C"), primary_key=True),
    Column("floor_id", Uuid, primary_key=True),
    must("rules", JSONB),
    must("effective_from", Date),
    must("document_no"),
    instant("placed_at"),
    must("placed_by"),
)

request = Table(
    "request",
    metadata,
    Column("request_digest", LargeBinary, primary_key=True),
    must("body_digest", LargeBinary),
    must("status", SmallInteger),
    must("answer", LargeBinary),
    instant("answered_at"),
    Index("request_answered_at_idx", "answered_at", postgresql_using="brin"),
)

bank_statement = Table(
    "bank_statement",
    metadata,
    Column("account_number", Text(collation="C"), primary_key=True),
    Column("statement_id", Text(collation="C"), primary_key=True),
    key("institution_id"),
    key("bank_id"),
    instant("from_at"),
    instant("to_at"),
    must("opening_balance_fen", BigInteger),
    must("closing_balance_fen", BigInteger),
    must("entries", JSONB),
    must("content_digest", LargeBinary),
    instant("received_at"),
    Column("reconciliation_id", Uuid, nullable=False, unique=True),
    must("findings", JSONB),
    Index(
        "bank_statement_to_at_idx",
        "account_number",
        "to_at",
        postgresql_where=text("to_at IS NOT NULL"),
    ),
    Index("bank_statement_bank_id_idx", "bank_id", "received_at"),
)

verification = Table(
    "verification",
    metadata,
    Column("verification_id", Uuid, primary_key=True),
    must("scope"),
    instant("started_at"),
    instant("finished_at"),
    must("institutions", BigInteger),
    must("movements", BigInteger),
    must("findings", JSONB),
    Index("verification_finished_at_idx", "finished_at"),
)

verified_balance = Table(
    "verified_balance",
    metadata,
    Column("institution_id", Text(collation="C"), primary_key=True),
    must("sequence", BigInteger),
    must("movements", BigInteger),
    *balances(),
    Column("funded_running_fen", BigInteger, nullable=False, server_default="0"),
    instant("verified_at"),
)
