"""The summary: what was done, refused and retained, in words."""

import io
from collections import Counter
from pathlib import Path

from rich.console import Console

from sandbox import report
from sandbox.city.counters import Paid
from sandbox.city.revoking import Revoked
from sandbox.city.tally import Tally
from sandbox.folder import Folder
from sandbox.mirror import Mirrored
from sandbox.services import Stack


def a_day(*, verified: bool = True) -> report.Played:
    """Return a small played day."""
    tally = Tally(institutions=36, batches=2)
    tally.add_releases(
        {
            "items": [
                {"outcome": "released", "amount_fen": 8_000, "payout": {"state": "instructed"}},
                {
                    "outcome": "released",
                    "amount_fen": 8_000,
                    "payout": {"state": "retained", "reason": "floor"},
                },
                {"outcome": "refused", "code": "not_yet_taught"},
            ]
        }
    )
    return report.Played(
        day="2026-11-28",
        tally=tally,
        paid=Paid(1, 8_000),
        faults=Counter(slow=2),
        books={"institution_payable": 8_000, "unbacked_debit": 12_800},
        verified=verified,
        findings="movement 7: amount",
        verification={"whole": {"clean": True, "movements": 12}},
        seconds=31,
    )


def printed(day: report.Played) -> str:
    """Return the summary as text."""
    file = io.StringIO()
    report.summary(Console(file=file, width=200), day)
    return file.getvalue()


def test_the_summary_says_what_moved_was_refused_and_retained() -> None:
    text = printed(a_day())
    assert "160.00 out of escrow; the banks paid 80.00 in 1 transfers" in text
    assert "1 not_yet_taught (the lesson had not ended)" in text
    assert "1 lessons, 80.00 yuan by a floor" in text
    assert "128.00 yuan uninstructed" in text
    assert "yes: every balance recomputed from 12 movements agrees" in text


def test_books_that_disagree_are_named() -> None:
    assert "NO: movement 7: amount" in printed(a_day(verified=False))


def test_the_registry_says_what_it_holds_and_what_came_of_a_revocation() -> None:
    day = a_day()
    day.mirrored = Mirrored(5_036, 2, 21, stale=False, result="applied", withheld=0)
    day.revoked = Revoked("示例晴空学校", 1.84, may_refund=True)
    text = printed(day)
    assert "5,036 sites of the national platform, version 21 (applied), fresh" in text
    assert "frozen here after 1.8 s (new contracts and payouts), refunds stay open" in text
    assert "示例晴空学校" in text


def test_a_revocation_that_nothing_came_of_is_named() -> None:
    day = a_day()
    day.revoked = Revoked("示例晴空学校", None)
    assert "NOT frozen here in time" in printed(day)


def test_calls_to_copy_name_real_addresses(tmp_path: Path) -> None:
    stack = Stack(Folder(tmp_path), "postgresql://x", escrow_port=8002, registry_port=8004)
    keys = {"auditor": "a", "service": "s", "institutions": {"91320602MA1ABCDE16": "i"}}
    file = io.StringIO()
    report.by_hand(Console(file=file, width=200), stack, keys)
    wanted = "curl -sH 'Authorization: Bearer a' http://127.0.0.1:8002/v1/audit/trial-balance"
    assert wanted in file.getvalue()
    assert "http://127.0.0.1:8004/institutions/91320602MA1ABCDE16" in file.getvalue()
