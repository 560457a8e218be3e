"""The table of guards in `tests/README.md`, between two marks."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tests.guards.guard import Guard
from tests.guards.listed import AREAS

PAGE: Final = Path(__file__).parents[1] / "README.md"
BEGIN: Final = "<!-- guards: written by `python -m tests.guards --table` -->"
END: Final = "<!-- end of the guards -->"


def table() -> str:
    """Return the table: what is guarded, where, and which test fails without it."""
    return "\n".join(_lines())


def with_table(page: str) -> str:
    """Return a page with the table between its marks."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{table()}\n\n{END}{after}"


def _lines() -> Iterator[str]:
    for area, guards in AREAS.items():
        yield from (f"### {area}", "", "| Guarded | Where | Fails without it |", "|---|---|---|")
        yield from (_row(guard) for guard in guards)
        if area != list(AREAS)[-1]:
            yield ""


def _row(guard: Guard) -> str:
    files = dict.fromkeys(edit.file for edit in guard.edits)
    where = "<br>".join(f"`{Path(file).parent.name}/{Path(file).name}`" for file in files)
    return f"| {guard.name} | {where} | {'<br>'.join(map(_test, guard.tests))} |"


def _test(node: str) -> str:
    """Link the test's file under the test's name."""
    file, *_, name = node.split("::")
    return f"[`{name}`]({Path(file).relative_to('tests')})"
