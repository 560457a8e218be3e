"""Keys: made, listed and revoked, over HTTP by the operator or on the command line.

Only the digest of a key is stored; whoever loses one has another made.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, LiteralString, TypedDict, Unpack, cast
from uuid import UUID

from sqlalchemy import ColumnElement, func, insert, literal_column, select, update

from shared.errors import Malformed
from shared.ids import new_id
from shared.pg.database import Database
from shared.web.keys import mint
from shared.web.principals import Role
from shared.web.tables import api_key

PAGE_MAX: Final = 500
"""Keys of one page, as of every list."""

SCOPE_SENTENCE: Final[LiteralString] = (
    "A key takes what its role needs and nothing else: institution an institution_id; bank a"
    " bank_id; guardian an institution_id and a guardian_ref, or a district_code; supervisor and"
    " auditor a district_code or nothing for the whole country; service and operator nothing."
)

_DISTRICT: Final = (frozenset[str](), frozenset({"district_code"}))
_SCOPES: Final[Mapping[Role, tuple[frozenset[str], ...]]] = {
    Role.institution: (frozenset({"institution_id"}),),
    Role.bank: (frozenset({"bank_id"}),),
    Role.guardian: (frozenset({"institution_id", "guardian_ref"}), frozenset({"district_code"})),
    Role.supervisor: _DISTRICT,
    Role.auditor: _DISTRICT,
    Role.service: (frozenset(),),
    Role.operator: (frozenset(),),
}


class Scope(TypedDict, total=False):
    """What a key may be about; which parts it takes depends on its role."""

    institution_id: str | None
    bank_id: str | None
    district_code: str | None
    guardian_ref: str | None


class KeyRecord(TypedDict):
    """A key as it may be shown at any time: everything but the secret."""

    id: UUID
    prefix: str
    role: str
    label: str | None
    institution_id: str | None
    bank_id: str | None
    district_code: str | None
    guardian_ref: str | None
    created_at: datetime
    created_by: str
    revoked_at: datetime | None
    revoked_by: str | None


_SHOWN: Final = tuple(api_key.c[name] for name in KeyRecord.__annotations__)
_NOW: Final[ColumnElement[Any]] = literal_column(
    "(SELECT statement_timestamp() + make_interval(secs => offset_s) FROM access.clock)"
)
"""The books' time: the database's, plus what the sandbox raised it by."""


def scope_fits(role: Role, scope: Mapping[str, Any]) -> bool:
    """Tell whether a key of this role takes exactly what is given; empty is not given."""
    return frozenset(name for name, value in scope.items() if value) in _SCOPES[role]


async def create_key(
    database: Database,
    *,
    role: str,
    created_by: str,
    label: str | None = None,
    **scope: Unpack[Scope],
) -> tuple[KeyRecord, str]:
    """Make a key and return its record and the key itself, which is shown this once.

    Raises:
        Malformed: `invalid_request`, when the scope does not fit the role.

    """
    if not scope_fits(Role(role), scope):
        raise Malformed(SCOPE_SENTENCE)
    key, prefix, digest = mint()
    statement = (
        insert(api_key)
        .values(
            id=new_id(),
            prefix=prefix,
            digest=digest,
            role=str(role),
            label=label,
            created_at=_NOW,
            created_by=created_by,
            **{name: value or None for name, value in scope.items()},
        )
        .returning(*_SHOWN)
    )
    async with database.begin() as connection:
        row = (await connection.execute(statement)).mappings().one()
    return cast("KeyRecord", dict(row)), key


async def list_keys(
    database: Database, *, after: UUID | None = None, limit: int = PAGE_MAX
) -> list[KeyRecord]:
    """Return keys in the order they were made, revoked ones included."""
    query = select(*_SHOWN).order_by(api_key.c.id).limit(limit)
    if after is not None:
        query = query.where(api_key.c.id > after)
    async with database.connect() as connection:
        found = (await connection.execute(query)).mappings().all()
    return [cast("KeyRecord", dict(row)) for row in found]


async def revoke_key(database: Database, key_id: UUID, *, revoked_by: str) -> KeyRecord | None:
    """Revoke a key and return its record; a second time changes nothing. None where unknown."""
    statement = (
        update(api_key)
        .where(api_key.c.id == key_id)
        .values(
            revoked_at=func.coalesce(api_key.c.revoked_at, _NOW),
            revoked_by=func.coalesce(api_key.c.revoked_by, revoked_by),
        )
        .returning(*_SHOWN)
    )
    async with database.begin() as connection:
        row = (await connection.execute(statement)).mappings().one_or_none()
    return cast("KeyRecord", dict(row)) if row is not None else None
