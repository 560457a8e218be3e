"""The schema's history, travelling in the package: the image that serves can migrate.

migrate(owner_url)       bring the schema up to date, make the service's login, grant
service_url(owner_url)   the URL under which the service then logs in
"""

import asyncio
from typing import Final

from escrow.migrations import ddl_0001, ddl_0002
from shared.pg import logins
from shared.pg.migrate import upgrade

ROLE: Final = "yike_escrow"
"""The login that the service works under: it owns nothing and cannot rewrite the journal."""


def migrate(owner_url: str) -> None:
    """Bring the schema up to date as the owner; make and limit the service's login."""
    upgrade(owner_url, package="escrow")
    asyncio.run(_limit(owner_url))


def service_url(owner_url: str) -> str:
    """Return the URL under which the service logs in to the owner's database."""
    return logins.login_url(owner_url, ROLE)


async def _limit(owner_url: str) -> None:
    await logins.ensure_login(owner_url, ROLE)
    await logins.grant(owner_url, _grants())


def _grants() -> list[str]:
    """Return what the service may do, and by omission what it may not."""
    named = {
        "SELECT, INSERT": (*ddl_0001.APPEND_ONLY, *ddl_0002.APPEND_ONLY),
        "SELECT, INSERT, UPDATE": (*ddl_0001.CHANGEABLE, *ddl_0002.CHANGEABLE),
        "SELECT, INSERT, DELETE": ddl_0001.REMOVABLE,
    }
    grants = [
        f"REVOKE ALL ON ALL TABLES IN SCHEMA escrow, access FROM {ROLE}",
        f"GRANT USAGE ON SCHEMA escrow, access TO {ROLE}",
        f"GRANT SELECT, INSERT, UPDATE ON access.api_key TO {ROLE}",
        f"GRANT EXECUTE ON FUNCTION access.oldest_transaction_ms() TO {ROLE}",
        f"GRANT SELECT ON access.clock, escrow.alembic_version, escrow.feed_epoch TO {ROLE}",
    ]
    for rights, tables in named.items():
        listed = ", ".join(f"escrow.{table}" for table in tables)
        grants.append(f"GRANT {rights} ON {listed} TO {ROLE}")
    return grants
