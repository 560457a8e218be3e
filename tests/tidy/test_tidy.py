"""The house's own rules, in one pass over every tracked file.

Each rule is in `tests/tidy/rules.py`; a line escapes one with
`# tidy: allow <rule> - <reason>` (`-- tidy: allow ...` in SQL).
Every rule is shown to fire on a planted violation below.
"""

from pathlib import Path

import pytest

from tests.tidy import rules
from tests.tidy.rules import Finding, Source

ROOT = Path(__file__).parents[2]


def test_the_house_is_tidy() -> None:
    findings = rules.check(rules.tracked(ROOT))
    assert not findings, "\n" + "\n".join(str(finding) for finding in findings)


ANYWHERE = "services/x/a.py"
SQL = "services/x/ledger/sql/a.sql"
DECISION = "shared/decisions/0001-a.md"
DOC = '"""A."""\n'
BEGIN = "async def f():\n    async with database.begin() as tx:\n"

# rule: (path, a file at that path that breaks it)
PLANTED = {
    "syntax": (ANYWHERE, DOC + "x = = 1\n"),
    "line-length": (ANYWHERE, DOC + "x = 1  # " + "y" * 100),
    "module-length": (ANYWHERE, DOC + "x = 1\n" * 401),
    "function-length": (ANYWHERE, DOC + "def f() -> None:\n" + "    g()\n" * 61),
    "module-docstring": (ANYWHERE, "x = 1\n"),
    "banned-name": (ANYWHERE, DOC + "def process_entry() -> None: ...\n"),
    "banned-module": ("shared/shared/utils.py", DOC),
    "clock": (ANYWHERE, DOC + "from datetime import datetime\nx = datetime.now()\n"),
    "inexact": (ANYWHERE, DOC + 'x = float("1")\n'),
    "print": (ANYWHERE, DOC + 'print("x")\n'),
    "bare-except": (ANYWHERE, DOC + "try:\n    f()\nexcept:\n    pass\n"),
    "commit": (ANYWHERE, DOC + "async def f(tx):\n    await tx.commit()\n"),
    "remote-call": (ANYWHERE, DOC + BEGIN + "        await client.submit(tx)\n"),
    "fen": (ANYWHERE, DOC + "class Fee:\n    amount: int\n"),
    "sql-institution": (SQL, "-- Why.\nSELECT 1\n"),
    "sql-header": (SQL, "SELECT institution_id\n"),
    "sql-one-statement": (SQL, "-- Why.\nSELECT institution_id;\nSELECT 2;\n"),
    "sql-length": (SQL, "-- institution_id\n" * 61 + "SELECT 1\n"),
    "todo": (ANYWHERE, DOC + "# TO" + "DO: later\n"),
    "decision": (DECISION, "# A\n\nStatus: accepted\n"),
    "decision-length": (DECISION, "Enforced by nothing\n" * 61),
    "package-index": ("README.md", "https://py" + "pi.org/simple\n"),
    "machine-path": ("README.md", "see /ho" + "me/someone/yike\n"),
}


@pytest.mark.parametrize("rule", sorted(PLANTED))
def test_a_planted_violation_is_found(rule: str) -> None:
    path, text = PLANTED[rule]
    assert rule in {finding.rule for finding in rules.check([Source(Path(path), text)])}


def test_every_rule_has_a_planted_violation() -> None:
    assert set(PLANTED) | {"refusal"} == set(rules.ADVICE)


def test_a_refusal_without_a_unit_test_is_found() -> None:
    listing = DOC + 'class Refusal(StrEnum):\n    lost = "lost"\n    found = "found"\n'
    sources = [
        Source(Path("services/escrow/escrow/domain/outcomes.py"), listing),
        Source(Path("tests/unit/escrow/test_a.py"), '"""T."""\nX = "found"\n'),
    ]
    findings = [finding for finding in rules.check(sources) if finding.rule == "refusal"]
    assert [finding.subject for finding in findings] == ["lost"]


def test_an_allowed_line_is_left_alone() -> None:
    text = '"""A."""\nx = float("1")  # tidy: allow inexact - a ratio for people\n'
    assert rules.check([Source(Path("services/x/a.py"), text)]) == []


def test_an_allowance_without_a_reason_allows_nothing() -> None:
    text = '"""A."""\nx = float("1")  # tidy: allow inexact\n'
    found = rules.check([Source(Path("services/x/a.py"), text)])
    assert [finding.rule for finding in found] == ["inexact"]


def test_a_finding_says_where_and_what_to_do() -> None:
    finding = Finding(Path("a.py"), 3, "print", "print(")
    assert str(finding) == f"a.py:3: print(: {rules.ADVICE['print']} [print]"
