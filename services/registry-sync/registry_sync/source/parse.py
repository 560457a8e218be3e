"""Rows of any source to records: strictly, row by row, so that one fault stops one row.

A row is read into a record or set aside with its first fault: ids first, then the columns in
their order, then what is required and missing.
"""

from collections.abc import Callable, Iterable
from collections.abc import Mapping as Cells
from functools import partial
from typing import Final, TypeAlias

from registry_sync.domain.record import FIELDS, Key, Parsed, Record, SetAside
from registry_sync.domain.words import RowFault, Status
from registry_sync.source.cells import (
    ADDRESS_MAX,
    NAME_MAX,
    Cell,
    CellFault,
    credit_code_of,
    district_of,
    licence_of,
    text_of,
    word_of,
)
from registry_sync.source.days import day_of, since_of
from registry_sync.source.gathered import Gathered
from registry_sync.source.mapping import Mapping

Row: TypeAlias = tuple[str, Cells[str, Cell]] | SetAside
"""Where a row stands and its cells by header, or that it could not be read at all."""

Read: TypeAlias = Callable[[Cell], str | None]
Step: TypeAlias = tuple[str, str, int, Read, dict[str, str]]
"""One column: header, target, the field's place (-1: a split), how a cell is read, and words
whose reading is known before it is called."""

UNKNOWN_COLUMNS_MAX: Final = 100
"""Columns that are named; more than these say no more about what changed."""

COLUMN_NAME_MAX: Final = 80
_PLANS_MAX: Final = 256
_PLACES: Final = {name: place for place, name in enumerate(FIELDS)}
_STATUS: Final = _PLACES["status"]
_NOTHING_LENGTH: Final = 10
_SPLIT: Final = -1
_LICENCE: Final = -2


def parse_rows(mapping: Mapping, rows: Iterable[Row]) -> Parsed:
    """Return what the rows hold."""
    parser = Parser(mapping)
    parser.read(rows)
    return parser.parsed()


class Parser:
    """Reads the rows of one batch, from one or several sheets or files."""

    def __init__(self, mapping: Mapping) -> None:
        """Take how the source's columns and words are read."""
        self._headers = mapping.headers
        self._known = frozenset([*self._headers, *mapping.ignored])
        self._required = [name for name in mapping.required if name != "institution_id"]
        self._licence = _reader(mapping, "licence_no")
        self._reads = {
            target: (_reader(mapping, target), mapping.values.get(target, {}))
            for target in mapping.columns
        }
        self._defaults = [(_PLACES[name], word) for name, word in mapping.defaults.items()]
        self._splits = {
            target: {
                said: [(_PLACES[name], word) for name, word in fields.items()]
                for said, fields in table.items()
            }
            for target, table in mapping.splits.items()
        }
        self._plans: dict[tuple[str, ...], _Plan] = {}
        self._unknown_columns: dict[str, None] = {}
        self._gathered = Gathered()
        self._statuses_unknown: list[str] = []

    def read(self, rows: Iterable[Row], at: Callable[[str, str], str] | None = None) -> None:
        """Read rows; `at` tells from a row's place and a header where that cell stands."""
        believe, put_aside = self._gathered.believe, self._gathered.put_aside
        for row in rows:
            if isinstance(row, SetAside):
                put_aside(row)
                continue
            where, cells = row
            read = self._record(where, cells)
            if isinstance(read, Record):
                believe(read)
            else:
                key, header, reason = read
                place = at(where, header) if at and header else where
                put_aside(SetAside(place, reason, self._headers.get(header), key))

    def parsed(self) -> Parsed:
        """Return what all the rows held."""
        remarks = []
        if self._statuses_unknown:
            first, count = self._statuses_unknown[0], len(self._statuses_unknown)
            remarks.append(f"The status of {count} rows is no word known, first at {first}.")
        if self._gathered.repeated:
            remarks.append(f"{self._gathered.repeated} rows repeat another one word for word.")
        return Parsed(
            list(self._gathered.records.values()),
            self._gathered.set_aside,
            list(self._unknown_columns),
            remarks,
        )

    def _record(
        self, where: str, cells: Cells[str, Cell]
    ) -> Record | tuple[Key | None, str, RowFault]:
        """Return a record, or the site where it could be read, the header, and the fault."""
        headers = tuple(cells)
        plan = self._plans.get(headers) or self._planned(headers)
        key: Key | None = None
        values: list[str | None] = [None] * len(FIELDS)
        header = plan.institution_id
        try:
            institution_id = credit_code_of(cells[header]) if header else None
            if institution_id is None:
                return None, header, RowFault.field_missing
            header = plan.licence_no
            key = (institution_id, self._licence(cells[header]) or "" if header else "")
            for header, target, place, read, known in plan.steps:
                cell = cells[header]
                said = known.get(cell) if type(cell) is str else None
                said = said or read(cell)
                if place >= 0 and values[place] is None:
                    values[place] = said
                elif said is not None:
                    self._combine(values, target, place, said)
            header = plan.since
            since = since_of(cells[header]) if header else None
        except CellFault as fault:
            return key, header, fault.reason
        for place, header in plan.required:
            if not (key[1] if place == _LICENCE else values[place]):
                return key, header, RowFault.field_missing
        for place, word in self._defaults:
            values[place] = values[place] or word
        if values[_STATUS] == Status.unknown:
            self._statuses_unknown.append(where)
        return Record(*key, tuple(values), since, where)

    def _combine(self, values: list[str | None], target: str, place: int, said: str) -> None:
        """Set what a column says of several fields, or once more: it may contradict no other."""
        pairs = self._splits[target][said] if place == _SPLIT else ((place, said),)
        for at, word in pairs:
            if values[at] not in {None, word}:
                raise CellFault(RowFault.word_unknown)
            values[at] = word

    def _planned(self, headers: tuple[str, ...]) -> "_Plan":
        for header in headers:
            if header not in self._known and len(self._unknown_columns) < UNKNOWN_COLUMNS_MAX:
                self._unknown_columns[_shown(header)] = None
        plan = _Plan(self._headers, self._reads, headers, self._required)
        if len(self._plans) < _PLANS_MAX:
            self._plans[headers] = plan
        return plan


class _Plan:
    """How the rows of one set of headers are read: made once, followed by every row."""

    __slots__ = ("institution_id", "licence_no", "required", "since", "steps")

    def __init__(
        self,
        known: dict[str, str],
        reads: dict[str, tuple[Read, dict[str, str]]],
        headers: tuple[str, ...],
        required: list[str],
    ) -> None:
        by_target = {known[header]: header for header in headers if header in known}
        self.institution_id = by_target.get("institution_id", "")
        self.licence_no = by_target.get("licence_no", "")
        self.since = by_target.get("since", "")
        self.required = [
            (_PLACES.get(name, _LICENCE), by_target.get(name, "")) for name in required
        ]
        self.steps: list[Step] = [
            (
                header,
                known[header],
                _PLACES.get(known[header], _SPLIT),
                *reads[known[header]],
            )
            for header in headers
            if known.get(header) not in {None, "institution_id", "licence_no", "since"}
        ]


def _shown(header: str) -> str:
    """Return a column's name as it may be stored and shown."""
    cut = header[:COLUMN_NAME_MAX]
    return "".join(character if character.isprintable() else "?" for character in cut)


def _reader(mapping: Mapping, target: str) -> Read:
    """Return how a cell of one column is read."""
    nothing = frozenset(mapping.nothing)
    if target == "status":
        return partial(_status, mapping.values["status"])
    if target in mapping.values:
        return partial(_word, mapping.values[target], nothing)
    if target in mapping.splits:
        return partial(_word, {word: word for word in mapping.splits[target]}, nothing)
    plain: dict[str, Read] = {
        "institution_id": credit_code_of,
        "licence_no": licence_of,
        "district_code": district_of,
        "valid_until": day_of,
    }
    if read := plain.get(target):
        return partial(_nothing_or, read, nothing) if nothing else read
    return partial(_text, ADDRESS_MAX if target == "address" else NAME_MAX, nothing)


def _status(words: dict[str, str], cell: Cell) -> str:
    """Return a status: what is not known, and a cell that says nothing, are `unknown`."""
    if type(cell) is str and cell in words:
        return words[cell]
    word = word_of(cell)
    return words.get(word, Status.unknown.value) if word else Status.unknown.value


def _word(words: dict[str, str], nothing: frozenset[str], cell: Cell) -> str | None:
    if type(cell) is str and cell in words:
        return words[cell]
    word = word_of(cell)
    if word is None or (word not in words and word in nothing):
        return None
    if word not in words:
        raise CellFault(RowFault.word_unknown)
    return words[word]


def _text(longest: int, nothing: frozenset[str], cell: Cell) -> str | None:
    text = text_of(cell, longest)
    return None if text in nothing else text


def _nothing_or(read: Read, nothing: frozenset[str], cell: Cell) -> str | None:
    if type(cell) is str and len(cell) < _NOTHING_LENGTH and cell.strip() in nothing:
        return None
    return read(cell)
