"""Every decision has its parts, and whatever it says enforces it is there."""

import ast
import re
import tomllib
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("shared/decisions/*.md"), *ROOT.glob("services/*/decisions/*.md")])
PARTS = ["Context", "Decision", "Consequences", "Alternatives", "Enforced by"]

FIXED = {"alembic", "asyncpg", "fastapi", "httpx", "prometheus-client", "pydantic", "sqlalchemy"}
"""The libraries that the project was given; every other one is in a decision."""

_NAMED = re.compile(r"`([^`]+)`")


def _text_that_enforces() -> str:
    """Return where the names of rules, contracts, constraints and functions are found."""
    found = [ROOT / "pyproject.toml", ROOT / "Makefile", *ROOT.glob("tests/tidy/*.py")]
    for folder in ("shared", "services", "deploy"):
        found += [*(ROOT / folder).glob("**/*.py"), *(ROOT / folder).glob("**/*.sql")]
    return "\n".join([*(path.name for path in found), *(path.read_text() for path in found)])


ENFORCING = _text_that_enforces()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_has_its_parts_in_order(page: Path) -> None:
    text = page.read_text()
    assert re.match(rf"# {page.stem[:4]} \S", text)
    assert re.search(r"^Status: (accepted|replaced by \d{4})\b", text, re.MULTILINE)
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == PARTS
    decision = text.partition("## Decision\n")[2].partition("\n## ")[0]
    assert decision.lstrip().startswith("> "), "the line that people quote comes first"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_what_enforces_a_decision_is_there(page: Path) -> None:
    enforced = page.read_text().partition("## Enforced by\n")[2]
    named = _NAMED.findall(enforced)
    assert named, "name a contract, a test or a constraint"
    missing = [one for one in named if not _is_there(one)]
    assert not missing


def _is_there(name: str) -> bool:
    path, _, test = name.partition("::")
    found = ROOT / path
    if test:
        return found.exists() and f"def {test}(" in found.read_text()
    return name in ENFORCING or ("/" in path and found.exists())


def test_every_number_is_used_once() -> None:
    numbers = Counter(page.stem[:4] for page in PAGES)
    assert [number for number, times in numbers.items() if times > 1] == []


def test_numbers_say_where_a_decision_lies() -> None:
    places = {"0": ROOT / "shared", "1": ROOT / "services" / "escrow"}
    places["2"] = ROOT / "services" / "alerts"
    places["3"] = ROOT / "services" / "registry-sync"
    assert [p for p in PAGES if p.parents[1] != places[p.stem[1]]] == []


def test_every_dependency_has_its_line() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    asked = [*project["dependencies"], *project["optional-dependencies"]["sandbox"]]
    names = {re.split(r"[\[>=<]", one, maxsplit=1)[0] for one in asked}
    told = "\n".join(page.read_text() for page in PAGES)
    assert [name for name in sorted(names - FIXED) if name not in told] == []


def test_nobody_imports_the_orm() -> None:
    modules = [*(ROOT / "shared").rglob("*.py"), *(ROOT / "services").rglob("*.py")]
    assert modules
    assert [str(path) for path in modules if "sqlalchemy.orm" in _imports(path)] == []


def _imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {one.name for one in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{one.name}" for one in node.names)}
    return found


def test_no_revision_goes_back() -> None:
    revisions = list(ROOT.glob("services/*/*/migrations/versions/[0-9]*.py"))
    assert revisions
    assert [str(path) for path in revisions if "def downgrade" in path.read_text()] == []
