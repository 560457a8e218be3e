"""Alembic's entry: the revisions of the schema `registry`."""

from registry_sync.tables import metadata
from shared.pg import migrate

migrate.run(metadata, schema="registry")
