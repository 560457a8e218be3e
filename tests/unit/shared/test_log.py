"""Logs: JSON lines without personal data, whoever writes them."""

import asyncio
import io
import json
import logging
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import structlog

from shared import log
from tests.support.tables import cases

SECRET = "6222020000000000011"


Reading = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Iterator[Reading]:
    """Send the log to memory, and return what reads it line by line."""
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    written = io.StringIO()
    with monkeypatch.context() as patched:
        patched.setattr(sys, "stderr", written)
        log.configure("tried", "info")
    yield lambda: [json.loads(line) for line in written.getvalue().splitlines()]
    root.handlers[:] = before
    root.setLevel(level)
    structlog.reset_defaults()
    log._Access.lines = None


def test_a_line_is_json_with_service_level_and_time(lines: Reading) -> None:
    structlog.get_logger().info("started", port=8001)
    [line] = lines()
    assert line["event"] == "started"
    assert (line["service"], line["level"], line["port"]) == ("tried", "info", 8001)
    assert line["timestamp"].endswith("Z")


def test_the_standard_library_writes_the_same(lines: Reading) -> None:
    logging.getLogger("uvicorn.error").warning("listening on %s for %s", "x", SECRET)
    [line] = lines()
    assert line["event"] == "listening on x for [digits]"
    assert (line["service"], line["level"]) == ("tried", "warning")
    assert line["logger"] == "uvicorn.error"


def test_quieter_lines_are_dropped(lines: Reading) -> None:
    structlog.get_logger().debug("detail")
    logging.getLogger("x").debug("detail")
    assert lines() == []


def test_what_is_bound_is_in_every_line(lines: Reading) -> None:
    with structlog.contextvars.bound_contextvars(request_id="r-1"):
        structlog.get_logger().info("a")
    structlog.get_logger().info("b")
    assert [line.get("request_id") for line in lines()] == ["r-1", None]


PRIVATE = """
  guardian_ref
  student_ref
  counterparty_name
  counterparty_account
  account_number
  account_name
  settlement_account_number
  settlement_account_name
  creditor_name
  creditor_account
  name
  phone
  key
  authorization
  password
"""


@cases(PRIVATE)
def test_private_values_are_replaced(lines: Reading, row: list[str]) -> None:
    structlog.get_logger().info("seen", **{row[0]: "张三"})
    [line] = lines()
    assert line[row[0]] == "[redacted]"


def test_private_values_are_replaced_at_any_depth(lines: Reading) -> None:
    nested = {"body": [{"lines": ({"phone": "张三"}, {"amount_fen": 5})}]}
    structlog.get_logger().info("seen", **nested)
    assert lines()[0]["body"] == [{"lines": [{"phone": "[redacted]"}, {"amount_fen": 5}]}]


def test_what_is_nested_beyond_reason_is_replaced_whole(lines: Reading) -> None:
    deep: dict[str, Any] = {"phone": "张三"}
    for _ in range(20):
        deep = {"a": deep}
    structlog.get_logger().info("seen", deep=deep)
    assert "张三" not in json.dumps(lines(), ensure_ascii=False)


def test_harmless_values_stay(lines: Reading) -> None:
    structlog.get_logger().info("posted", institution_id="91320602MA1ABCDE16", count=3)
    [line] = lines()
    assert (line["institution_id"], line["count"]) == ("91320602MA1ABCDE16", 3)


def fail() -> None:
    message = f"no account {SECRET}\nDETAIL: key (phone)=(13800138000)"
    raise ValueError(message)


def test_an_exception_shows_where_and_not_whom(lines: Reading) -> None:
    try:
        fail()
    except ValueError as error:
        structlog.get_logger().error("one", exc_info=error)
        structlog.get_logger().exception("two")
        logging.getLogger("x").exception("three")
    found = lines()
    assert [line["event"] for line in found] == ["one", "two", "three"]
    for line in found:
        assert line["exception"]["type"] == "builtins.ValueError"
        assert line["exception"]["message"] == "no account [digits]"
        assert line["exception"]["frames"][-1].endswith(" fail")
        assert "138001" not in json.dumps(line)


def test_an_exception_without_words_is_described() -> None:
    event = log.describe_exception(None, "", {"exc_info": KeyError()})
    assert event["exception"]["message"] == ""
    assert log.describe_exception(None, "", {"exc_info": False}) == {}


def test_keys_and_long_numbers_are_masked() -> None:
    assert log.masked("yk_abcdefgh_s3cr3t-x_y was 13800138000, 12345") == (
        "[redacted] was [digits], 12345"
    )


async def test_access_lines_are_gathered() -> None:
    written = io.StringIO()
    lines = log.Lines(written)
    lines.add("a")
    lines.add("b")
    assert written.getvalue() == ""
    await asyncio.sleep(log.FLUSH_S + 0.1)
    assert written.getvalue() == "a\nb\n"
    lines.flush()
    assert written.getvalue() == "a\nb\n"


async def test_access_lines_are_json(lines: Reading) -> None:
    gathered = log._Access.lines
    assert gathered is not None
    log.access(
        method="GET",
        route="/v1/x/{y}",
        status=200,
        elapsed_s=0.0123,
        role="bank",
        request_id="r",
        institution_id="91320602MA1ABCDE16",
    )
    gathered.flush()
    [line] = lines()
    assert line.pop("timestamp").endswith("+00:00")
    assert line == {
        "event": "request",
        "method": "GET",
        "route": "/v1/x/{y}",
        "status": 200,
        "ms": 12.3,
        "role": "bank",
        "request_id": "r",
        "institution_id": "91320602MA1ABCDE16",
        "level": "info",
        "service": "tried",
    }


def test_the_access_log_falls_silent_at_warning(lines: Reading) -> None:
    log.configure("tried", "warning")
    assert log._Access.lines is None
    log.access(method="GET", route="/", status=200, elapsed_s=0.1, role="bank", request_id="r")
    assert lines() == []
