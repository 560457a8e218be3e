"""The schema's history, travelling in the package: the image that serves can migrate.

migrate(owner_url)       bring the schema up to date, make the service's login, grant
service_url(owner_url)   the URL under which the service then logs in

Keys and the clock stand in the schema `access`, which escrow's migrations make: they run first.
"""

import asyncio
from typing import Final

from alerts.migrations import ddl_cases, ddl_facts, ddl_notices, ddl_reports, ddl_rules
from shared.pg import logins
from shared.pg.migrate import upgrade

ROLE: Final = "yike_alerts"
"""The login that the service works under: it owns nothing and cannot rewrite what was said."""

_PARTS: Final = (ddl_facts, ddl_rules, ddl_cases, ddl_notices, ddl_reports)

APPEND_ONLY: Final = tuple(table for part in _PARTS for table in part.APPEND_ONLY)
CHANGEABLE: Final = tuple(table for part in _PARTS for table in part.CHANGEABLE)


def migrate(owner_url: str) -> None:
    """Bring the schema up to date as the owner; make and limit the service's login."""
    upgrade(owner_url, package="alerts")
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
        f"REVOKE ALL ON ALL TABLES IN SCHEMA alerts FROM {ROLE}",
        f"GRANT USAGE ON SCHEMA alerts, access TO {ROLE}",
        f"GRANT SELECT ON access.api_key, access.clock TO {ROLE}",
        f"GRANT SELECT ON alerts.alembic_version TO {ROLE}",
        f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA alerts TO {ROLE}",
    ]
    for rights, tables in named.items():
        listed = ", ".join(f"alerts.{table}" for table in tables)
        grants.append(f"GRANT {rights} ON {listed} TO {ROLE}")
    return grants
