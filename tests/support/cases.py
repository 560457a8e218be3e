"""Cases, institutions and counts put straight into the tables, for what only reads them."""

from tests.support.postgres import run_sql

BEGAN = "timestamptz '2026-11-20 09:00+08'"

OPENED = """
INSERT INTO alerts."case" (institution_id, case_id, rule, scope, district_code, severity,
    opened_severity, state, version, opened_at, changed_at, milestone, due_at, sentence,
    amount_fen, newest_fact, last_hash)
SELECT 'I' || n, lpad(to_hex(n), 32, '0')::uuid, 'large_outflow_24h', 'open', {district},
    {severity}, {severity}, '{state}', 1, {began} + n * interval '1 second', {began},
    'acknowledge', {began} + interval '2 hours', '示例', 0, 0, ''
FROM generate_series({first}, {last}) AS n
"""

INSTITUTIONS = """
INSERT INTO alerts.institution
    (institution_id, name, district_code, custody_fen, held_fen, required_fen, outflow_fen, risk)
SELECT 'I' || n, '示例机构' || n, {district}, 1000, 900, 1200, 500,
    (ARRAY['ok', 'warning', 'critical', 'indeterminate'])[n % 4 + 1]
FROM generate_series({first}, {last}) AS n
"""


def open_cases(
    owner_url: str,
    first: int,
    last: int,
    *,
    severity: str = "'warning'",
    district: str = "'320602'",
    state: str = "new",
) -> None:
    """Put cases with numbers in a row, each a second younger than the one before.

    `severity` and `district` are SQL, and may name the number `n`.
    """
    words = {"severity": severity, "district": district, "state": state, "began": BEGAN}
    run_sql(owner_url, OPENED.format(first=first, last=last, **words))


def found_institutions(
    owner_url: str, first: int, last: int, *, district: str = "'320602'"
) -> None:
    """Put institutions with numbers in a row, risks in turn."""
    run_sql(owner_url, INSTITUTIONS.format(first=first, last=last, district=district))
