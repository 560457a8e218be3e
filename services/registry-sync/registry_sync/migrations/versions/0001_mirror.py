"""The mirror: what was fetched, said, held back and told."""

from alembic import op

from registry_sync.migrations.ddl_0001 import REGISTRY

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make every table of the first version."""
    for statement in REGISTRY:
        op.execute(statement)
