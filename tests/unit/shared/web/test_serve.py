"""How an application is served: the settings of the server, without opening a port."""

import gc
from collections.abc import Iterator

import pytest
import uvicorn
from fastapi import FastAPI

from shared.feed.outbox import WAIT_MAX_S
from shared.pg.database import STATEMENT_TIMEOUT_MS
from shared.web import serve as serving


@pytest.fixture(autouse=True)
def _collector_as_before() -> Iterator[None]:
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)
    gc.unfreeze()


def test_the_collector_rests_while_serving(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[bool, tuple[int, int, int]]] = []
    monkeypatch.setattr(
        uvicorn.Server,
        "run",
        lambda _: seen.append((gc.get_freeze_count() > 0, gc.get_threshold())),
    )
    serving.serve(FastAPI(), "127.0.0.1", 8001, 0)
    assert seen == [(True, serving.GARBAGE_THRESHOLDS)]


def test_the_server_is_told_its_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    served: list[uvicorn.Config] = []
    monkeypatch.setattr(uvicorn.Server, "run", lambda server: served.append(server.config))
    serving.serve(FastAPI(), "127.0.0.1", 8001, 0)
    [config] = served
    assert (config.host, config.port) == ("127.0.0.1", 8001)
    assert config.backlog == serving.BACKLOG_MAX
    assert config.timeout_keep_alive == serving.KEEP_ALIVE_S
    assert config.timeout_graceful_shutdown == serving.STOP_S
    assert (config.access_log, config.server_header) == (False, False)


def test_stopping_outlasts_a_statement() -> None:
    assert STATEMENT_TIMEOUT_MS / 1000 < serving.STOP_S < 10


def test_a_long_poll_outlasts_no_connection() -> None:
    assert serving.KEEP_ALIVE_S > WAIT_MAX_S
