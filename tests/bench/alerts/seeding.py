"""Facts of many institutions, written by the database itself: a quarter of entries and lessons."""

from typing import Final

from tests.support.postgres import run_sql

CREDITS: Final = 15
PAYOUTS: Final = 28
UNBACKED: Final = 2
"""Entries of one institution: 45, so 100,000 institutions have 4.5 million."""

RELEASES: Final = 12
DAYS: Final = 90

_INSTITUTIONS: Final = """
INSERT INTO alerts.institution (institution_id, name, district_code, category)
SELECT '91' || (320000 + n % 200) || 'MA' || lpad(n::text, 7, '0') || 'X', '示例机构 ' || n,
  (320000 + n % 200)::text, 'non_subject'
FROM generate_series(1, {number}) AS n
"""

_EVENT: Final = "gen_random_uuid(), 0"
_AT: Final = "now() - interval '{days} days' * (1 - (k + 0.37) / {of})"

_NAMED: Final = (
    "jsonb_build_object('district_code', i.district_code, 'category', i.category, 'name', i.name)"
)
_TERMS: Final = (
    "jsonb_build_object('starts_on', current_date - 80, 'ends_on', current_date + 5,"
    " 'student_ref', 'S' || k)"
)
_FACTS: Final = (
    ("identity", 1, "0", "''", "''", 0, _NAMED),
    ("account", 1, "0", "''", "'bank-a'", 0, "NULL"),
    ("contract", CREDITS, "480000", "'C' || k", "'non_subject'", 60, _TERMS),
    ("credit", CREDITS, "480000", "'E' || k", "''", 0, "NULL"),
    ("funded", CREDITS, "480000", "'C' || k", "'E' || k", 0, "NULL"),
    ("released", RELEASES, "240000", "''", "''", 30, "NULL"),
    ("debit", PAYOUTS, "102857", "'P' || k", "'payout'", 0, "NULL"),
    ("debit", UNBACKED, "300000 + 100000 * k", "'U' || k", "'unbacked'", 0,
     "jsonb_build_object('purpose', '教材', 'counterparty_ref', 'r' || k)"),
    ("statement", 1, "100", "'S'", "'bank-a'", 0, "NULL"),
)  # fmt: skip


def seed(owner_url: str, institutions: int) -> int:
    """Write institutions and their facts; return how many facts."""
    run_sql(owner_url, _INSTITUTIONS.format(number=institutions))
    for kind, number, amount, ref, tag, count, body in _FACTS:
        at = _AT.format(days=DAYS, of=number) if kind != "statement" else "now() - interval '1 day'"
        run_sql(
            owner_url,
            "INSERT INTO alerts.fact (institution_id, event_id, part, kind, at, seen_at,"
            " amount_fen, ref, tag, number, body)"
            f" SELECT i.institution_id, {_EVENT}, '{kind}', {at}, {at}, {amount}, {ref}, {tag},"
            f" {count}, {body}"
            f" FROM alerts.institution AS i, generate_series(0, {number - 1}) AS k"
            f" ORDER BY i.institution_id, k",
        )
    run_sql(owner_url, "VACUUM (ANALYZE)")
    return sum(number for _, number, *_ in _FACTS) * institutions
