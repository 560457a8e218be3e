"""Bounded retry: contention is tried again, nothing else is."""

import pytest
from prometheus_client import REGISTRY

from shared.errors import Unavailable
from shared.pg import retry as retrying
from shared.pg.faults import Contended
from shared.pg.retry import TRIES_MAX, retry


class Tries:
    """Fails so often, then answers."""

    def __init__(self, failures: int, fault: type[Exception] = Contended) -> None:
        self.made = 0
        self._failures = failures
        self._fault = fault

    async def __call__(self) -> str:
        self.made += 1
        if self.made <= self._failures:
            raise self._fault
        return "done"


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retrying, "PAUSE_S", 0)


@pytest.mark.parametrize("failures", range(TRIES_MAX))
async def test_contention_is_tried_again(failures: int) -> None:
    tries = Tries(failures)
    assert await retry(tries) == "done"
    assert tries.made == failures + 1


async def test_lasting_contention_is_told() -> None:
    tries = Tries(99)
    with pytest.raises(Contended):
        await retry(tries)
    assert tries.made == TRIES_MAX


@pytest.mark.parametrize("fault", [Unavailable, ValueError])
async def test_nothing_else_is_tried_again(fault: type[Exception]) -> None:
    tries = Tries(1, fault)
    with pytest.raises(fault):
        await retry(tries)
    assert tries.made == 1


async def test_retries_are_counted() -> None:
    before = REGISTRY.get_sample_value("tuition_pg_retries_total") or 0
    await retry(Tries(2))
    assert REGISTRY.get_sample_value("tuition_pg_retries_total") == before + 2
