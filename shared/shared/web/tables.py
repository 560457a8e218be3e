"""The schema `access`: who may call, and how far the clock was raised.

The one schema that services share: `shared.web` reads it, escrow's migrations make it and
escrow alone writes it.
"""

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    LargeBinary,
    MetaData,
    Table,
    Text,
    Uuid,
    func,
    text,
)

from shared.web.principals import Role

NAMING: Final = {
    "ix": "%(table_name)s_%(column_0_N_name)s_idx",
    "uq": "%(table_name)s_%(column_0_N_name)s_key",
    "ck": "%(table_name)s_%(constraint_name)s_check",
    "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
    "pk": "%(table_name)s_pkey",
}
"""PostgreSQL's own names, so that a constraint is called the same wherever it was made."""

metadata = MetaData(schema="access", naming_convention=NAMING)

_ROLES: Final = ", ".join(f"'{role}'" for role in Role)

api_key = Table(
    "api_key",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("prefix", Text, nullable=False, unique=True),
    Column("digest", LargeBinary, nullable=False),
    Column("role", Text, nullable=False),
    Column("label", Text),
    Column("institution_id", Text),
    Column("bank_id", Text),
    Column("district_code", Text),
    Column("guardian_ref", Text),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("created_by", Text, nullable=False),
    Column("revoked_at", DateTime(timezone=True)),
    Column("revoked_by", Text),
    CheckConstraint(f"role IN ({_ROLES})", name="role"),
    CheckConstraint("octet_length(digest) = 32", name="digest"),
    CheckConstraint("(revoked_at IS NULL) = (revoked_by IS NULL)", name="revoked"),
    comment="Keys, by the prefix that is shown; the secret itself is never stored.",
)

clock = Table(
    "clock",
    metadata,
    Column("only_row", Boolean, primary_key=True, server_default=text("true")),
    Column("offset_s", BigInteger, nullable=False, server_default=text("0")),
    CheckConstraint("only_row", name="only_row"),
    CheckConstraint("offset_s >= 0", name="offset_s"),
    comment="Seconds that every service adds to the database's time; only ever raised.",
)
