"""Sums over the books of many institutions: the trial balance."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, func, literal_column, select

from escrow.domain.accounts import DEBIT_NORMAL, AccountKind
from escrow.ledger.tables import balance
from escrow.tables import BALANCES, institution
from shared.money import Fen
from shared.pg.database import Database

NOW: Final[ColumnElement[datetime]] = literal_column(
    "(SELECT statement_timestamp() + make_interval(secs => offset_s) FROM access.clock)"
)
"""The books' time: the database's, plus what the sandbox raised it by."""


@dataclass(frozen=True, slots=True)
class TrialBalance:
    """The sum of every kind of account, each positive on its normal side."""

    as_of: datetime
    institutions: int
    accounts: dict[AccountKind, Fen]

    @property
    def assets_fen(self) -> int:
        """Return what the debit accounts come to."""
        return sum(fen for kind, fen in self.accounts.items() if kind in DEBIT_NORMAL)

    @property
    def liabilities_fen(self) -> int:
        """Return what the credit accounts come to; equal to the assets, always."""
        return sum(fen for kind, fen in self.accounts.items() if kind not in DEBIT_NORMAL)


async def trial_balance(database: Database, area: str) -> TrialBalance:
    """Sum the balances of the institutions whose district begins with `area`; one snapshot."""
    sums = [func.coalesce(func.sum(balance.c[name]), 0) for name in BALANCES]
    query = select(NOW, func.count(), *sums).select_from(balance)
    if area:
        query = query.join(
            institution, institution.c.institution_id == balance.c.institution_id
        ).where(institution.c.district_code.startswith(area, autoescape=True))
    async with database.connect() as connection:
        now, count, *found = (await connection.execute(query)).one()
    kinds = zip(AccountKind, found, strict=True)
    return TrialBalance(now, count, {kind: Fen(int(fen)) for kind, fen in kinds})
