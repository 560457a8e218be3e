"""The schema `access`, as it stands in the metadata."""

from sqlalchemy import CheckConstraint

from shared.web.principals import Role
from shared.web.tables import api_key, clock, metadata


def test_both_tables_live_in_one_schema() -> None:
    assert set(metadata.tables) == {"access.api_key", "access.clock"}


def test_every_role_may_have_a_key() -> None:
    [rule] = [
        str(constraint.sqltext)
        for constraint in api_key.constraints
        if isinstance(constraint, CheckConstraint) and constraint.name == "api_key_role_check"
    ]
    assert all(f"'{role}'" in rule for role in Role)


def test_constraints_are_called_as_postgresql_calls_them() -> None:
    names = {str(constraint.name) for table in (api_key, clock) for constraint in table.constraints}
    assert {"api_key_pkey", "api_key_prefix_key", "clock_only_row_check"} <= names
