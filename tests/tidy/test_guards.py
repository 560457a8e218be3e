"""The list of guards does not rot: each stands where it says, and so does its test."""

import pytest

from tests.guards.guard import Edit, Guard
from tests.guards.listed import AREAS
from tests.guards.page import PAGE, with_table
from tests.guards.trial import ROOT, gone

GUARDS = [guard for guards in AREAS.values() for guard in guards]


def test_the_page_shows_the_list() -> None:
    page = PAGE.read_text()
    assert page == with_table(page), "python -m tests.guards --table"


def test_every_guard_has_a_name_of_its_own() -> None:
    assert len({guard.name for guard in GUARDS}) == len(GUARDS)


@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: guard.name)
def test_a_guard_is_where_the_list_says(guard: Guard) -> None:
    assert gone(guard.edits, ROOT) == [], "once in its file, and only once"
    assert all(edit.old != edit.new for edit in guard.edits)


@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: guard.name)
def test_a_guards_test_is_there(guard: Guard) -> None:
    assert guard.tests
    for node in guard.tests:
        file, *_, name = node.split("::")
        assert f"def {name}(" in (ROOT / file).read_text(), node


def test_a_guard_that_is_gone_is_noticed() -> None:
    file = "tests/guards/guard.py"
    edits = (Edit(file, "no such text", ""), Edit("no/such/file", "x", ""), Edit(file, "s", ""))
    assert gone(edits, ROOT) == list(edits)


def test_every_test_and_guard_that_the_page_names_is_there() -> None:
    page = PAGE.read_text().partition("### Traps")[2].partition("\n## ")[0]
    traps = [line.split(" | ") for line in page.splitlines() if " | `test_" in line]
    assert traps
    written = "\n".join(path.read_text() for path in (ROOT / "tests").rglob("test_*.py"))
    assert [test for _, test, _ in traps if f"def {test.strip('`')}(" not in written] == []
    names = {guard.name for guard in GUARDS} | {"the domain"}
    watched = {name for *_, last in traps for name in last.removesuffix(" |").split("; ")}
    assert watched - names == set()
