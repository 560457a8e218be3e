"""Alembic's entry: the revisions of the schema `escrow`."""

from escrow.ledger import tables as _data_plane  # noqa: F401 - registers its tables
from escrow.tables import metadata
from shared.pg import migrate

migrate.run(metadata, schema="escrow")
