"""The tables that SQLAlchemy has to know: the feed's; the others are spoken to in SQL."""

from typing import Final

from sqlalchemy import MetaData, Table

from shared.feed.tables import epoch_table, event_table
from shared.web.tables import NAMING

metadata = MetaData(schema="registry", naming_convention=NAMING)

FEED: Final[Table] = event_table(metadata)
EPOCHS: Final[Table] = epoch_table(metadata)
