"""Alembic's entry: the revisions of the schema `alerts`."""

from alerts.tables import SCHEMA, metadata
from shared.pg import migrate

migrate.run(metadata, schema=SCHEMA)
