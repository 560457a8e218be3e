"""Pages: limits, and cursors that nobody can invent a fault with."""

import base64
import json
import sys
from contextlib import suppress
from uuid import uuid4

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import Malformed
from shared.web.paging import CURSOR_MAX, decode_cursor, decode_id, encode_cursor
from tests.support.tables import cases

HEADERS = {"Authorization": "Bearer auditor"}


@given(st.integers(-(2**63) + 1, 2**63 - 1), st.from_regex(r"\A[A-Za-z0-9._:-]{1,64}\Z"))
def test_a_cursor_comes_back_as_it_was(number: int, name: str) -> None:
    cursor = encode_cursor(name, number)
    assert decode_cursor(cursor, str, int) == (name, number)
    assert cursor.replace("-", "").replace("_", "").isalnum()


def forged(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "x",
        "====",
        "张三",
        "!!!!",
        "a" * (CURSOR_MAX + 1),
        forged([]),
        forged({}),
        forged(None),
        forged(["a"]),
        forged(["a", 1, 2]),
        forged([1, "a"]),
        forged(["a", 1.5]),
        forged(["a", True]),
        forged(["a", None]),
        forged(["a", 2**63]),
        forged(["a\0", 1]),
        forged(["a\ud800", 1]),
        base64.urlsafe_b64encode(b"\xff\xff").decode(),
        base64.urlsafe_b64encode(b"[" * 700).decode(),
    ],
)
def test_garbage_is_refused(cursor: str) -> None:
    with pytest.raises(Malformed) as caught:
        decode_cursor(cursor, str, int)
    assert caught.value.code == "cursor_invalid"


def test_a_cursor_nested_without_end_is_refused() -> None:
    """Whatever the depth from which it is read: a parser's recursion counts from there."""
    cursor = base64.urlsafe_b64encode(b"[" * 700).decode()

    def read(depth: int) -> None:
        if depth:
            read(depth - 1)
        else:
            decode_cursor(cursor, str)

    with pytest.raises(Malformed):
        read(sys.getrecursionlimit() - 400)


@given(st.text(max_size=60))
def test_no_text_makes_anything_but_a_refusal(cursor: str) -> None:
    with suppress(Malformed):
        decode_cursor(cursor, str, int)


def test_a_list_sorted_by_id_has_one_id_in_its_cursor() -> None:
    row = uuid4()
    assert decode_id(encode_cursor(str(row))) == row
    for cursor in ("x", encode_cursor("x"), encode_cursor(1), encode_cursor(str(row), 1)):
        with pytest.raises(Malformed) as caught:
            decode_id(cursor)
        assert caught.value.code == "cursor_invalid"


# limit   status
LIMITS = """
  1       200
  500     200
  0       422
  501     422
  -1      422
  1.0     422
  1e2     422
  1_0     422
  +1      422
  x       422
"""


@cases(LIMITS)
async def test_a_limit_is_a_number_up_to_500(client: httpx.AsyncClient, row: list[str]) -> None:
    answer = await client.get("/v1/lessons", params={"limit": row[0]}, headers=HEADERS)
    assert answer.status_code == int(row[1])


async def test_what_is_empty_is_not_given(client: httpx.AsyncClient) -> None:
    answer = await client.get("/v1/lessons?limit=&after=", headers=HEADERS)
    assert answer.json() == {"said": "100 None"}


async def test_a_page_has_100_entries_unless_asked(client: httpx.AsyncClient) -> None:
    assert (await client.get("/v1/lessons", headers=HEADERS)).json() == {"said": "100 None"}


async def test_a_cursor_is_letters_and_digits(client: httpx.AsyncClient) -> None:
    for cursor, status in (("abc-_", 200), ("a b", 422), ("a" * 1_001, 422)):
        answer = await client.get("/v1/lessons", params={"after": cursor}, headers=HEADERS)
        assert answer.status_code == status
