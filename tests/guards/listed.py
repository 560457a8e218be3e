"""All guards, by area, in the order of the table."""

from collections.abc import Mapping
from typing import Final

from tests.guards import (
    access,
    bank,
    database,
    feed,
    freezing,
    hearing,
    judging,
    ledger,
    lookup,
    mirror,
    registry,
    requests,
    sheets,
    startup,
    voting,
    web,
)
from tests.guards.guard import Guard

AREAS: Final[Mapping[str, tuple[Guard, ...]]] = {
    "Posting": ledger.GUARDS,
    "Repeated requests": requests.GUARDS,
    "The database": database.GUARDS,
    "The feed": feed.GUARDS,
    "The bank": bank.GUARDS,
    "HTTP": web.GUARDS,
    "Who may": access.GUARDS,
    "The registry's sources": registry.GUARDS,
    "Sheets of bureaus": sheets.GUARDS,
    "The mirror": mirror.GUARDS,
    "Protective freezes": freezing.GUARDS,
    "Approval by two persons": voting.GUARDS,
    "The registry's word": hearing.GUARDS,
    "Facts and judgings": judging.GUARDS,
    "Public look-ups": lookup.GUARDS,
    "Starting and migrating": startup.GUARDS,
}
