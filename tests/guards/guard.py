"""What a guard is: a few lines that refuse, bound, order or hide, and the test that misses them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Edit:
    """A text of a file, and what stands there once the guard is gone."""

    file: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Guard:
    """What is guarded, in plain words; how to take it away; the tests that must fail then."""

    name: str
    edits: tuple[Edit, ...]
    tests: tuple[str, ...]
    """As pytest names them: a file from the root, `::`, perhaps a class and `::`, a function."""
