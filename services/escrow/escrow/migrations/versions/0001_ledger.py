"""The ledger, the control plane around it, and who may call."""

from alembic import op

from escrow.migrations.ddl_0001 import ACCESS, CONTROL_PLANE
from escrow.migrations.ddl_0001_ledger import LEDGER

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make every table of the first version."""
    for statement in (*ACCESS, *CONTROL_PLANE, *LEDGER):
        op.execute(statement)
