"""All guards, by area, in the order of the table."""

from collections.abc import Mapping
from typing import Final

from tests.guards import access, bank, database, feed, ledger, requests, startup, web
from tests.guards.guard import Guard

AREAS: Final[Mapping[str, tuple[Guard, ...]]] = {
    "Posting": ledger.GUARDS,
    "Repeated requests": requests.GUARDS,
    "The database": database.GUARDS,
    "The feed": feed.GUARDS,
    "The bank": bank.GUARDS,
    "HTTP": web.GUARDS,
    "Who may": access.GUARDS,
    "Starting and migrating": startup.GUARDS,
}
