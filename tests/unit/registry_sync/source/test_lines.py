"""JSON lines: each line on its own feet, wherever the pieces are cut."""

import json

import pytest

from registry_sync.domain.record import SetAside
from registry_sync.source.lines import LINE_MAX, Lines

LINES = '{"a": 1}\n{"b": "星"}\n{"c": null}\n'.encode()


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8, 9, 1_000])
def test_lines_do_not_depend_on_where_pieces_are_cut(size: int) -> None:
    lines = Lines(LINES[at : at + size] for at in range(0, len(LINES), size))
    assert list(lines) == [("line 1", {"a": 1}), ("line 2", {"b": "星"}), ("line 3", {"c": None})]
    assert lines.count == 3


def test_a_last_line_without_an_end_is_a_line() -> None:
    lines = Lines([LINES[:-1]], "part 2")
    assert [where for where, _ in lines] == ["part 2 line 1", "part 2 line 2", "part 2 line 3"]
    assert lines.count == 3


def test_nothing_has_no_lines() -> None:
    assert list(Lines([])) == list(Lines([b""])) == []


BROKEN = [
    b"",
    b"{",
    b"[1]",
    b"1",
    b'"text"',
    b"null",
    b'{"a": NaN}',
    b'{"a": Infinity}',
    b'{"a": 1, "a": 2}',
    b'{"a": 1} {"b": 2}',
    b'{"a": "\xff"}',
    b'{"a": ' + b"9" * 5_000 + b"}",
    b"[" * 60_000,
    b'{"a":' * 9_000,
    b'{"a": "' + b"x" * LINE_MAX + b'"}',
]


@pytest.mark.parametrize("line", BROKEN, ids=range(len(BROKEN)))
@pytest.mark.parametrize("size", [1_000, 100_000])
def test_a_broken_line_is_set_aside_alone(line: bytes, size: int) -> None:
    text = b'{"a": 1}\n' + line + b'\n{"a": 2}\n'
    lines = Lines(text[at : at + size] for at in range(0, len(text), size))
    first, second, third = lines
    assert first == ("line 1", {"a": 1})
    assert third == ("line 3", {"a": 2})
    assert isinstance(second, SetAside)
    assert (second.where, second.reason) == ("line 2", "shape_wrong")
    assert lines.count == 3


def test_a_line_as_long_as_may_be_is_read() -> None:
    line = json.dumps({"a": "x" * (LINE_MAX - 9)}).encode()
    assert len(line) == LINE_MAX
    assert len(list(Lines([line, b"\n"]))) == 1
    assert isinstance(next(iter(Lines([line + b" "]))), SetAside)


def test_a_line_without_an_end_is_not_kept() -> None:
    lines = Lines(b"x" * 1_000_000 for _ in range(100))
    (only,) = lines
    assert isinstance(only, SetAside)
