"""Statements in files."""

import pytest

from shared.pg.sql import statement


def test_a_statement_is_read_with_its_header() -> None:
    assert statement("escrow.ledger.sql", "lock").startswith("--")


def test_a_statement_that_is_not_there_is_a_fault() -> None:
    with pytest.raises(FileNotFoundError):
        statement("escrow.ledger.sql", "nowhere")
