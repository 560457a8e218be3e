"""What the registry said, who confirmed a protective freeze, and where its feed was read to."""

from alembic import op

from escrow.migrations.ddl_0002 import REGISTRY

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables of the registry's word and of its feed."""
    for statement in REGISTRY:
        op.execute(statement)
