"""The header `Idempotency-Key`, byte by byte."""

import pytest
from starlette.requests import Request

from shared.errors import BadRequest
from shared.web.idempotency import KEY_MAX, idempotency_key


def request(*values: bytes) -> Request:
    headers = [(b"idempotency-key", value) for value in values]
    return Request({"type": "http", "headers": headers})


@pytest.mark.parametrize(
    ("given", "key"),
    [
        (b"abc", "abc"),
        (b'"abc"', "abc"),
        (b" \tabc ", "abc"),
        (b'"a b"', "a b"),
        (b"a b", "a b"),
        (b'" "', " "),
        (b'"a\\"b"', 'a"b'),
        (b'"a\\\\b"', "a\\b"),
        (b"a\\b", "a\\b"),
        (b'a"b', 'a"b'),
        (b"ABC", "ABC"),
        (b"x" * KEY_MAX, "x" * KEY_MAX),
        (b'"' + b"x" * KEY_MAX + b'"', "x" * KEY_MAX),
        (b"0193b1c2-7d7e-7c4f-9f39-1f2b3c4d5e6f", "0193b1c2-7d7e-7c4f-9f39-1f2b3c4d5e6f"),
    ],
)
def test_a_key_is_read_quoted_or_bare(given: bytes, key: str) -> None:
    assert idempotency_key(request(given), required=True) == key


@pytest.mark.parametrize(
    "given",
    [
        b"",
        b'""',
        b" ",
        b'"',
        b'"abc',
        b'"abc"x',
        b'"abc";a=1',
        b'"a\\b"',
        b"\xe5\xbc\xa0",
        b"a\x7f",
        b"a\tb",
        b'"a\x01"',
        b"x" * (KEY_MAX + 1),
        b'"' + b"x" * (KEY_MAX + 1) + b'"',
    ],
)
@pytest.mark.parametrize("required", [True, False])
def test_a_bad_key_is_refused_even_where_none_is_needed(given: bytes, required: bool) -> None:
    with pytest.raises(BadRequest) as caught:
        idempotency_key(request(given), required=required)
    assert caught.value.code == "idempotency_key_invalid"


def test_two_keys_are_none() -> None:
    with pytest.raises(BadRequest) as caught:
        idempotency_key(request(b"a", b"a"), required=True)
    assert caught.value.code == "idempotency_key_invalid"


def test_a_missing_key_is_refused_where_it_is_required() -> None:
    with pytest.raises(BadRequest) as caught:
        idempotency_key(request(), required=True)
    assert (caught.value.status, caught.value.code) == (400, "idempotency_key_required")


def test_a_missing_key_is_none_where_it_is_not() -> None:
    assert idempotency_key(request(), required=False) is None


def test_case_matters() -> None:
    keys = {idempotency_key(request(given), required=True) for given in (b"a", b"A")}
    assert len(keys) == 2
