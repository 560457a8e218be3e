"""The tables that SQLAlchemy has to know: none; they are spoken to in SQL."""

from typing import Final

from sqlalchemy import MetaData

from shared.web.tables import NAMING

SCHEMA: Final = "alerts"

metadata = MetaData(schema=SCHEMA, naming_convention=NAMING)
