"""Bodies: what JSON leaves open is refused, and what is refused is said by its place."""

import json
import traceback

import httpx
import pytest
from starlette.requests import Request
from starlette.types import Message

from shared.errors import Malformed
from shared.web.bodies import read_body
from shared.web.fields import BATCH_MAX, LessonNo, Shape
from tests.support.tables import cases

INSTITUTION = "91320602MA1ABCDE16"
HEADERS = {"Authorization": "Bearer institution", "Idempotency-Key": "k"}


async def post(client: httpx.AsyncClient, body: bytes | str) -> httpx.Response:
    content = body if isinstance(body, bytes) else body.encode()
    return await client.post("/v1/lessons", content=content, headers=HEADERS)


def batch(**line: object) -> str:
    lesson = {"id": "a", "lesson_no": 1} | line
    return json.dumps({"institution_id": INSTITUTION, "items": [lesson]}, ensure_ascii=False)


async def test_a_good_batch_is_taken(client: httpx.AsyncClient) -> None:
    answer = await post(client, batch(taught_at="2026-12-05T09:00:00+08:00", title="少儿编程 L2"))
    assert answer.status_code == 200
    assert answer.json() == {"said": f"institution:{INSTITUTION} k 1"}


UNREADABLE: list[bytes] = [
    b"",
    b"{",
    b"nothing",
    b"{'a': 1}",
    b'{"a": "\xff"}',
    b'{"institution_id": "\\ud800", "items": []}',
    b"\xef\xbb\xbf{}",
    b"[" * 100_000,
    b'{"a":' * 100_000,
    b'{"a": 1} {"b": 2}',
    b'{"a": "\n"}',
    b'{"a": 01}',
]


async def test_what_is_not_json_is_400(client: httpx.AsyncClient) -> None:
    for body in UNREADABLE:
        answer = await post(client, body)
        assert (answer.status_code, answer.json()["code"]) == (400, "malformed_json"), body[:40]


# field            value                         code                     pointer
REFUSED = """
  id               ""                            string_pattern_mismatch  /items/0/id
  id               "a b"                         string_pattern_mismatch  /items/0/id
  id               "a\\n"                        string_pattern_mismatch  /items/0/id
  id               1                             string_type              /items/0/id
  id               null                          string_type              /items/0/id
  lesson_no        0                             greater_than_equal       /items/0/lesson_no
  lesson_no        10001                         less_than_equal          /items/0/lesson_no
  lesson_no        1.0                           int_type                 /items/0/lesson_no
  lesson_no        "1"                           int_type                 /items/0/lesson_no
  lesson_no        true                          int_type                 /items/0/lesson_no
  lesson_no        NaN                           int_type                 /items/0/lesson_no
  lesson_no        Infinity                      int_type                 /items/0/lesson_no
  lesson_no        1e3                           int_type                 /items/0/lesson_no
  lesson_no        99999999999999999999999999    less_than_equal          /items/0/lesson_no
  paid_fen         0                             greater_than_equal       /items/0/paid_fen
  paid_fen         1000000000000001              less_than_equal          /items/0/paid_fen
  paid_fen         -1                            greater_than_equal       /items/0/paid_fen
  title            " "                           string_pattern_mismatch  /items/0/title
  title            "a\\u0000b"                   string_pattern_mismatch  /items/0/title
  tags             ["a\\u0000"]                  nul_character            /items/0/tags/0
  tags             ["a", "b", "\\u0000"]         nul_character            /items/0/tags/2
  surprise         1                             extra_forbidden          /items/0/surprise
  6222020000000000011  1                         extra_forbidden          /items/0
  a\\u0000         1                             extra_forbidden          /items/0
"""


@cases(REFUSED)
async def test_a_wrong_field_is_named(client: httpx.AsyncClient, row: list[str]) -> None:
    name, value, code, pointer = row
    lesson = {"id": '"a"', "lesson_no": "1"} | {name: value or '""'}
    fields = ", ".join(f'"{name}": {value}' for name, value in lesson.items())
    answer = await post(client, f'{{"institution_id": "{INSTITUTION}", "items": [{{{fields}}}]}}')
    assert answer.status_code == 422
    errors = answer.json()["errors"]
    assert [(error["code"], error["pointer"]) for error in errors] == [(code, pointer)]


async def test_a_text_about_nul_is_no_nul(client: httpx.AsyncClient) -> None:
    assert (await post(client, batch(tags=["\\u0000"]))).status_code == 200


TWICE = [
    '{"institution_id": "I", "items": [{"id": "a", "lesson_no": 1, "id": "b"}]}',
    '{"institution_id": "I", "items": [{"id": "a", "lesson_no": 1}], "institution_id": "I"}',
    '{"institution_id": "I", "items": [{"id": "a", "lesson_no": 1, "\\u0069d": "b"}]}',
]


@pytest.mark.parametrize("body", TWICE)
async def test_a_name_given_twice_is_refused(client: httpx.AsyncClient, body: str) -> None:
    answer = await post(client, body.replace('"I"', f'"{INSTITUTION}"'))
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")


async def test_a_body_of_the_wrong_kind_is_refused(client: httpx.AsyncClient) -> None:
    for body in ("null", "[]", "1", '"text"', "{}"):
        answer = await post(client, body)
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")


async def test_the_limit_fits_and_one_more_does_not(client: httpx.AsyncClient) -> None:
    def lessons(count: int) -> str:
        items = [{"id": str(number), "lesson_no": 1} for number in range(count)]
        return json.dumps({"institution_id": INSTITUTION, "items": items})

    assert (await post(client, lessons(BATCH_MAX))).status_code == 200
    answer = await post(client, lessons(BATCH_MAX + 1))
    assert (answer.status_code, answer.json()["code"]) == (413, "too_many_items")
    assert (await post(client, lessons(0))).json()["errors"][0]["code"] == "too_short"


async def test_too_many_items_are_refused_before_any_is_judged(client: httpx.AsyncClient) -> None:
    body = json.dumps({"institution_id": "wrong", "items": [{}] * (BATCH_MAX + 1)})
    answer = await post(client, body)
    assert (answer.status_code, answer.json()["code"]) == (413, "too_many_items")
    assert answer.json()["errors"] == []


async def test_a_thousand_faults_are_told_as_twenty(client: httpx.AsyncClient) -> None:
    body = json.dumps({"institution_id": INSTITUTION, "items": [{}] * BATCH_MAX})
    answer = await post(client, body)
    assert len(answer.json()["errors"]) == 20


async def test_nothing_that_was_sent_comes_back(client: httpx.AsyncClient) -> None:
    secret = "zhangsan-13800138000"
    for name in ("id", "lesson_no", "paid_fen", "taught_at", "starts_on", "title", "tags", "张三"):
        answer = await post(client, batch(**{name: {"x": secret}}))
        assert answer.status_code == 422
        assert "13800138000" not in answer.text
        assert "zhangsan" not in answer.text
        assert "张三" not in answer.text


class Lesson(Shape):
    """A body of one number."""

    lesson_no: LessonNo


async def test_a_refusal_carries_nothing_of_the_body() -> None:
    """Else a log that shows what came before it would show a person."""
    secret = "zhangsan-13800138000"

    async def receive() -> Message:
        return {"type": "http.request", "body": json.dumps({"lesson_no": secret}).encode()}

    request = Request({"type": "http", "method": "POST", "headers": []}, receive)
    with pytest.raises(Malformed) as refused:
        await read_body(request, Lesson)
    assert "13800138000" not in "".join(traceback.format_exception(refused.value))


async def test_the_same_rules_hold_beside_a_path_parameter(client: httpx.AsyncClient) -> None:
    headers = {"Authorization": "Bearer supervisor"}
    good = {"id": "a", "lesson_no": 7}
    answer = await client.put("/v1/lessons/x", json=good, headers=headers)
    assert answer.json() == {"said": "x 7"}
    answer = await client.put("/v1/lessons/x", json=good | {"b": 1}, headers=headers)
    assert answer.status_code == 422
