"""What escrow says of an account: asked seldom, never guessed."""

import asyncio
from collections.abc import AsyncIterator, Callable

import httpx
import pytest
import structlog

from registry_sync.lookup import accounts
from registry_sync.lookup.accounts import ASKS_PER_S, Account, Accounts
from registry_sync.lookup.throttle import BURST

ME = "91320602MA1ABCDE16"
SOUND = {"custody_account": {"bank_id": "a"}, "may_charge": {"allowed": True, "reasons": []}}


class Escrow:
    """Answers as it is told to."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.answer: Callable[[], httpx.Response] = lambda: httpx.Response(200, json=SOUND)
        self.slow_s = 0.0

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request.url.path)
        await asyncio.sleep(self.slow_s)
        return self.answer()


@pytest.fixture(autouse=True)
def _quiet() -> object:
    with structlog.testing.capture_logs():
        yield


@pytest.fixture
def escrow() -> Escrow:
    return Escrow()


@pytest.fixture
async def found(escrow: Escrow) -> AsyncIterator[Accounts]:
    client = httpx.AsyncClient(transport=httpx.MockTransport(escrow), base_url="http://escrow")
    found = Accounts(client)
    yield found
    await found.close()


async def test_an_account_is_asked_for_and_kept_for_a_while(
    escrow: Escrow, found: Accounts
) -> None:
    assert await found.find(ME) == Account(is_supervised=True, may_charge=True)
    assert await found.find(ME) == Account(is_supervised=True, may_charge=True)
    assert escrow.asked == [f"/v1/institutions/{ME}"]


async def test_why_one_may_not_charge_is_told(escrow: Escrow, found: Accounts) -> None:
    right = {"allowed": False, "reasons": ["charging_frozen"]}
    escrow.answer = lambda: httpx.Response(200, json={**SOUND, "may_charge": right})
    assert await found.find(ME) == Account(True, False, ("charging_frozen",))  # noqa: FBT003


async def test_an_institution_escrow_does_not_have_has_no_account(
    escrow: Escrow, found: Accounts
) -> None:
    escrow.answer = lambda: httpx.Response(404, json={})
    assert await found.find(ME) == Account(False, False, ("account_missing",))  # noqa: FBT003


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(401, json={}),
        httpx.Response(500),
        httpx.Response(302, headers={"Location": "http://elsewhere"}),
        httpx.Response(200, text="<html>"),
        httpx.Response(200, json=[]),
        httpx.Response(200, json={"may_charge": None, "custody_account": None}),
        httpx.Response(200, json={"may_charge": {"allowed": True, "reasons": []}}),
    ],
    ids=lambda answer: f"{answer.status_code}",
)
async def test_any_other_answer_is_no_answer_and_rests(
    escrow: Escrow, found: Accounts, answer: httpx.Response
) -> None:
    escrow.answer = lambda: answer
    assert await found.find(ME) is None
    assert await found.find(ME) is None
    assert len(escrow.asked) == 1


async def test_what_the_key_may_not_know_is_not_known_and_the_rest_is(
    escrow: Escrow, found: Accounts
) -> None:
    escrow.answer = lambda: httpx.Response(403, json={})
    assert await found.find("a") is None
    escrow.answer = lambda: httpx.Response(200, json=SOUND)
    assert await found.find("b") is not None


async def test_an_allowance_that_is_not_true_is_none(escrow: Escrow, found: Accounts) -> None:
    right = {"allowed": "yes", "reasons": []}
    escrow.answer = lambda: httpx.Response(200, json={**SOUND, "may_charge": right})
    account = await found.find(ME)
    assert account is not None
    assert account.may_charge is False


async def test_a_slow_answer_is_not_waited_for(
    escrow: Escrow, found: Accounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(accounts, "TIMEOUT_S", 0.01)
    escrow.slow_s = 5
    assert await found.find(ME) is None


async def test_after_a_rest_it_is_asked_again(
    escrow: Escrow, found: Accounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(accounts, "REST_S", 0.0)
    escrow.answer = lambda: httpx.Response(503)
    assert await found.find(ME) is None
    escrow.answer = lambda: httpx.Response(200, json=SOUND)
    assert await found.find(ME) is not None


async def test_curiosity_costs_escrow_no_more_than_so_much(escrow: Escrow, found: Accounts) -> None:
    answers = [await found.find(str(number)) for number in range(ASKS_PER_S * BURST * 2)]
    assert ASKS_PER_S * BURST <= len(escrow.asked) < len(answers)
    assert answers[-1] is None


async def test_only_so_many_answers_are_kept(
    escrow: Escrow, found: Accounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(accounts, "KEPT_MAX", 2)
    for name in ("a", "b", "c", "a"):
        await found.find(name)
    assert [one[-1] for one in escrow.asked] == ["a", "b", "c", "a"]


async def test_without_escrow_nothing_is_known() -> None:
    assert await Accounts(None).find(ME) is None
    await Accounts(None).close()
