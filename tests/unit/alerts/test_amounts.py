"""The amount that a case is about, by whatever word its rule tells it."""

import pytest

from alerts.judging.writing import amount_of


@pytest.mark.parametrize(
    ("inputs", "amount_fen"),
    [
        ({"amount_fen": 500, "before_fen": 900}, 500),
        ({"opening_fen": 900, "left_fen": 700, "least_fen": 100}, 700),
        ({"spent_fen": 300, "first_seen_fen": 200}, 300),
        ({"sum_fen": 40, "count": 3}, 40),
        ({"contracted_fen": 90, "missing_fen": 60}, 60),
        ({"stuck_fen": 20}, 20),
        ({"held_fen": 80, "remainder_fen": 30}, 30),
        ({"held_fen": 80, "remainder_fen": 30, "overdue_fen": 80}, 80),
        ({"count": 3, "event": "licence.revoked", "least_fen": 10}, 0),
        ({}, 0),
    ],
)
def test_a_case_is_about_what_its_rule_counted(
    inputs: dict[str, int | str], amount_fen: int
) -> None:
    assert amount_of(inputs) == amount_fen
