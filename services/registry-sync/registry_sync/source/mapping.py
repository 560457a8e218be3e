"""How one source's columns and words are read as ours: closed maps, written in YAML.

What a mapping does not name is never guessed: an unknown column is reported and holds the
batch, an unknown word sets its row aside, an unknown status is `unknown`.
A mapping that contradicts itself does not load.
"""

import re
from enum import StrEnum
from importlib.resources import files
from typing import Final, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, model_validator

from registry_sync.domain.record import FIELDS
from registry_sync.domain.words import Status

CLOSED: Final[dict[str, frozenset[str]]] = {
    "category": frozenset({"subject", "non_subject"}),
    "delivery": frozenset({"offline", "online", "both"}),
    "status": frozenset(Status) - {Status.unknown},
    **dict.fromkeys(
        ("licensed", "registered", "white_listed", "black_listed"), frozenset({"yes", "no"})
    ),
}
"""The fields that have a closed set of values, and the set."""

TARGETS: Final = ("institution_id", "licence_no", *FIELDS, "since")
"""What a column may be read as."""

REQUIRABLE: Final = frozenset(TARGETS) - {"since"}
"""What a row may have to say."""

DEFAULTED: Final = frozenset({"white_listed", "black_listed", "licensed", "registered", "status"})
"""Fields that a list may say of all its rows by being that list."""

_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,63}")


class Kind(StrEnum):
    """What form a source has."""

    platform = "platform"
    """A platform that is pulled, one JSON record a line."""

    sheet = "sheet"
    """A bureau's sheet, brought by hand."""


class Mapping(BaseModel):
    """How one source is read."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    title: str
    kind: Kind
    columns: dict[str, list[str]]
    """Our field, or the name of a split: the headers that mean it."""

    ignored: list[str] = []
    """Headers that are known and not read."""

    required: list[str]
    """What every row must say; a sheet is found by having these columns."""

    values: dict[str, dict[str, str]] = {}
    """Our field: their word to ours."""

    splits: dict[str, dict[str, dict[str, str]]] = {}
    """A column that says two things: its word to our fields and words."""

    defaults: dict[str, str] = {}
    """What the list says of every row, where the row says nothing."""

    nothing: list[str] = []
    """Words that stand in a cell for nothing."""

    footers: list[str] = Field(default_factory=list)
    """How the first cell of a row begins that belongs to no institution."""

    @classmethod
    def load(cls, name: str) -> Self:
        """Read a mapping by its name.

        Raises:
            KeyError: when there is none of that name.
            ValueError: when the file contradicts itself.

        """
        if name not in names():
            raise KeyError(name)
        text = (
            files("registry_sync.source")
            .joinpath("mappings", f"{name}.yaml")
            .read_text(encoding="utf-8")
        )
        return cls.model_validate(yaml.safe_load(text))

    @property
    def headers(self) -> dict[str, str]:
        """Return every header that is read, and what it is read as."""
        return {header: target for target, found in self.columns.items() for header in found}

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Self:
        if complaints := self._complaints():
            raise ValueError("; ".join(complaints))
        return self

    def _complaints(self) -> list[str]:
        headers = [header for found in self.columns.values() for header in found] + self.ignored
        targets = set(TARGETS) | set(self.splits)
        said = [(field, word) for field, table in self.values.items() for word in table.values()]
        said += [
            pair
            for table in self.splits.values()
            for fields in table.values()
            for pair in fields.items()
        ]
        said += self.defaults.items()
        found = [f"the header {one} stands twice" for one in _twice(headers)]
        found += [f"no field is called {one}" for one in self.columns if one not in targets]
        found += [f"no column gives {one}" for one in self.required if one not in self.columns]
        found += [
            f"{field} is never {word}"
            for field, word in said
            if word not in CLOSED.get(field, {word} if field == "district_code" else ())
        ]
        found += [
            f"the words of {field} are not given"
            for field in self.columns
            if field in CLOSED and field not in self.values
        ]
        found += [f"no column gives {one}" for one in self.splits if one not in self.columns]
        found += [f"{one} cannot be required" for one in self.required if one not in REQUIRABLE]
        found += [f"{one} is no list's to say" for one in self.defaults if one not in DEFAULTED]
        found += [f"{self.name} is no name"] if not _NAME.fullmatch(self.name) else []
        return found


def names() -> list[str]:
    """Return the names of all mappings there are."""
    folder = files("registry_sync.source").joinpath("mappings")
    return sorted(
        one.name.removesuffix(".yaml") for one in folder.iterdir() if one.name.endswith(".yaml")
    )


def _twice(headers: list[str]) -> list[str]:
    return sorted({header for header in headers if headers.count(header) > 1})
