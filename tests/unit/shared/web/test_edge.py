"""The edge: ids, limits, metrics, and what no route should see."""

import io
import json
import re
from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI
from prometheus_client import REGISTRY
from starlette.types import Message

from shared import log
from shared.web.edge import BODY_MAX, IN_WORK_MAX, Edge
from tests.support.tables import cases

UUID7 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


async def test_every_answer_carries_a_new_request_id(client: httpx.AsyncClient) -> None:
    ids = {(await client.get("/healthz")).headers["x-request-id"] for _ in range(3)}
    assert len(ids) == 3
    assert all(UUID7.fullmatch(found) for found in ids)


# given            kept
REQUEST_IDS = """
  abc-123          yes
  A.b_c-9          yes
  with space       no
  quote"quote      no
  {"json":1}       no
"""


@cases(REQUEST_IDS)
async def test_a_sane_request_id_is_kept(client: httpx.AsyncClient, row: list[str]) -> None:
    given, kept = row
    answer = await client.get("/v1/nowhere", headers={"X-Request-Id": given})
    assert (answer.headers["x-request-id"] == given) is (kept == "yes")
    assert answer.json()["request_id"] == answer.headers["x-request-id"]


async def test_an_endless_request_id_is_replaced(client: httpx.AsyncClient) -> None:
    answer = await client.get("/healthz", headers={"X-Request-Id": "x" * 65})
    assert UUID7.fullmatch(answer.headers["x-request-id"])


async def test_a_declared_body_over_the_limit_is_refused_unread(client: httpx.AsyncClient) -> None:
    async def never() -> AsyncIterator[bytes]:
        pytest.fail("the body was read")
        yield b""

    headers = {"Content-Length": str(BODY_MAX + 1)}
    answer = await client.post("/v1/lessons", content=never(), headers=headers)
    assert answer.status_code == 413
    assert answer.json()["code"] == "too_large"
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_chunked_body_over_the_limit_is_refused(client: httpx.AsyncClient) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b" " * 65_536

    headers = {"Authorization": "Bearer institution", "Idempotency-Key": "k"}
    answer = await client.post("/v1/lessons", content=endless(), headers=headers)
    assert answer.status_code == 413
    assert answer.json()["code"] == "too_large"


async def test_a_length_beyond_all_numbers_is_refused(client: httpx.AsyncClient) -> None:
    answer = await client.post("/v1/lessons", content=b"", headers={"Content-Length": "9" * 5_000})
    assert answer.status_code == 413


# path                               status  code
STRANGE = """
  /v1/lessons/%00                    404     not_found
  /v1/%00                            404     not_found
  /v1/lessons/latest?x=%00           422     invalid_request
  /v1/lessons/latest?%00=x           422     invalid_request
  /v1/lessons/latest?a=1&a=2         422     invalid_request
  /v1/lessons/latest?a=1&%61=2       422     invalid_request
  /v1/lessons/latest?a=1&b=2         200     -
  /v1/lessons/latest?a=%zz           200     -
  /v1/lessons/latest?a=%ff%fe        200     -
  /v1/lessons/%ff%fe                 422     invalid_request
  /v1/lessons/%zz                    422     invalid_request
  /v1/lessons/%ed%a0%80              422     invalid_request
  /%                                 404     not_found
  //                                 404     not_found
  /v1/lessons/                       404     not_found
  /v1/lessons/latest/                404     not_found
  /v1/lessons//                      404     not_found
"""


@cases(STRANGE)
async def test_strange_addresses_are_refused_not_failed(
    client: httpx.AsyncClient, row: list[str]
) -> None:
    path, status, code = row
    url = httpx.URL(scheme="http", host="tried", raw_path=path.encode())
    answer = await client.get(url, headers={"Authorization": "Bearer auditor"})
    assert answer.status_code == int(status)
    assert answer.is_success or answer.json()["code"] == code


def requests_total(route: str, status: str, method: str = "GET") -> float:
    labels = {"service": "tried", "method": method, "route": route, "status": status}
    return REGISTRY.get_sample_value("tuition_http_requests_total", labels) or 0.0


async def test_requests_are_counted_by_template(client: httpx.AsyncClient) -> None:
    before = requests_total("/v1/lessons/{lesson_id}", "200")
    for name in ("a", "b"):
        await client.get(f"/v1/lessons/{name}", headers={"Authorization": "Bearer auditor"})
    assert requests_total("/v1/lessons/{lesson_id}", "200") == before + 2


async def test_paths_that_nobody_has_make_one_series(client: httpx.AsyncClient) -> None:
    before = requests_total("unmatched", "404")
    await client.get("/a")
    await client.get("/b/c")
    assert requests_total("unmatched", "404") == before + 2


async def test_invented_methods_make_one_series(client: httpx.AsyncClient) -> None:
    before = requests_total("/v1/lessons", "405", "other")
    await client.request("BREW", "/v1/lessons")
    await client.request("STEEP", "/v1/lessons")
    assert requests_total("/v1/lessons", "405", "other") == before + 2


async def test_durations_are_measured(client: httpx.AsyncClient) -> None:
    await client.get("/healthz")
    labels = {"service": "tried", "method": "GET", "route": "/healthz"}
    name = "tuition_http_request_duration_seconds_count"
    assert (REGISTRY.get_sample_value(name, labels) or 0) >= 1


async def test_a_flood_is_told_to_come_back(client: httpx.AsyncClient, app: object) -> None:
    await client.get("/healthz")
    edge = find_edge(app)
    edge._in_work = IN_WORK_MAX
    answer = await client.get("/healthz")
    assert answer.status_code == 429
    assert answer.json()["retryable"] is True
    assert answer.headers["retry-after"] == "1"
    edge._in_work = 0
    assert (await client.get("/healthz")).status_code == 200
    assert edge._in_work == 0


def find_edge(app: object) -> Edge:
    layer = getattr(app, "middleware_stack", None)
    while not isinstance(layer, Edge):
        layer = getattr(layer, "app", None)
        assert layer is not None
    return layer


async def test_one_line_per_request_names_no_path_and_no_query(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = io.StringIO()
    lines = log.Lines(written)
    monkeypatch.setattr(log._Access, "lines", lines)
    monkeypatch.setattr(log._Access, "service", "tried")
    await client.get(
        "/v1/lessons/G-31?institution_id=secret", headers={"Authorization": "Bearer auditor"}
    )
    lines.flush()
    [line] = [json.loads(text) for text in written.getvalue().splitlines()]
    assert line["route"] == "/v1/lessons/{lesson_id}"
    assert line["role"] == "auditor"
    assert line["status"] == 200
    assert "G-31" not in written.getvalue()
    assert "secret" not in written.getvalue()


async def test_the_end_writes_what_was_gathered(
    app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = io.StringIO()
    lines = log.Lines(written)
    monkeypatch.setattr(log._Access, "lines", lines)
    lines.add("last")
    messages = iter([{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}])

    async def receive() -> Message:
        return next(messages)

    async def send(_: Message) -> None:
        pass

    await app({"type": "lifespan", "state": {}}, receive, send)
    assert written.getvalue() == "last\n"
    monkeypatch.setattr(log._Access, "lines", None)
    log.flush()


async def test_no_answer_may_be_cached(client: httpx.AsyncClient) -> None:
    assert (await client.get("/healthz")).headers["cache-control"] == "no-store"
