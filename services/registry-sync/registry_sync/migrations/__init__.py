"""The schema's history, travelling in the package: the image that serves can migrate.

migrate(owner_url)       bring the schema up to date, make the service's login, grant
service_url(owner_url)   the URL under which the service then logs in

Keys and the clock stand in the schema `access`, which escrow's migrations make: they run first.
"""

import asyncio
from typing import Final

from registry_sync.migrations.ddl_0001 import APPEND_ONLY, CHANGEABLE
from shared.pg import logins
from shared.pg.migrate import upgrade

ROLE: Final = "yike_registry"
"""The login that the service works under: it owns nothing and cannot rewrite what was said."""


def migrate(owner_url: str) -> None:
    """Bring the schema up to date as the owner; make and limit the service's login."""
    upgrade(owner_url, package="registry_sync")
    asyncio.run(_limit(owner_url))


def service_url(owner_url: str) -> str:
    """Return the URL under which the service logs in to the owner's database."""
    return logins.login_url(owner_url, ROLE)


async def _limit(owner_url: str) -> None:
    await logins.ensure_login(owner_url, ROLE)
    await logins.grant(owner_url, _grants())


def _grants() -> list[str]:
    """Return what the service may do, and by omission what it may not."""
    named = {"SELECT, INSERT": APPEND_ONLY, "SELECT, INSERT, UPDATE": CHANGEABLE}
    grants = [
        f"REVOKE ALL ON ALL TABLES IN SCHEMA registry FROM {ROLE}",
        f"GRANT USAGE ON SCHEMA registry, access TO {ROLE}",
        f"GRANT SELECT ON access.api_key, access.clock TO {ROLE}",
        f"GRANT EXECUTE ON FUNCTION access.oldest_transaction_ms() TO {ROLE}",
        f"GRANT SELECT ON registry.alembic_version, registry.feed_epoch TO {ROLE}",
    ]
    for rights, tables in named.items():
        listed = ", ".join(f"registry.{table}" for table in tables)
        grants.append(f"GRANT {rights} ON {listed} TO {ROLE}")
    return grants
