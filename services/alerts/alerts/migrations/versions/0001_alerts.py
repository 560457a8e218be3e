"""Facts, rules and what they found, cases, notices, campaigns and reports."""

from alembic import op
from sqlalchemy import text

from alerts.migrations import calendar, ddl_cases, ddl_facts, ddl_notices, ddl_reports, ddl_rules

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make every table of the first version."""
    for part in (ddl_facts, ddl_rules, ddl_cases, ddl_notices, ddl_reports):
        for statement in part.TABLES:
            op.execute(statement)
    for one in calendar.announced():
        bound = {"day": one.day, "is_workday": one.is_workday, "name": one.name}
        op.execute(text(calendar.INSERT).bindparams(**bound))
