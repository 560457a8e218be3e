"""The fault switches at the bank's own door: slow, silent and lost answers to what is pushed."""

import asyncio

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox.bank.faults import Dice, Fault

WITHOUT_NETWORK = "sandbox.without_network"
"""Set in the scope by the in-process transport, which cannot see a dropped connection."""


class AnswerLostError(Exception):
    """The work was done and the connection dropped before the answer, in process."""


class Outages:
    """Middleware that spoils the answers to instructions as the switches say."""

    def __init__(self, app: ASGIApp, dice: Dice) -> None:
        """Stand before an application."""
        self._app = app
        self._dice = dice

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer well, late, never, or after the connection is gone."""
        if scope["type"] != "http" or not scope["path"].startswith("/instructions"):
            await self._app(scope, receive, send)
        elif self._dice.strikes(Fault.SILENT):
            await _never(receive)
        else:
            if self._dice.strikes(Fault.SLOW):
                await asyncio.sleep(self._dice.faults.slow_s)
            if self._dice.strikes(Fault.LOST_ANSWER):
                await self._lose(scope, receive, send)
            else:
                await self._app(scope, receive, send)

    async def _lose(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Do the work, begin an answer that promises a body, and stop there.

        The server then closes the connection, and the caller sees it break off.
        """
        await self._app(scope, receive, _nowhere)
        if scope.get(WITHOUT_NETWORK):
            raise AnswerLostError
        headers = [(b"content-length", b"64")]
        await send({"type": "http.response.start", "status": 202, "headers": headers})


async def _nowhere(_: Message) -> None:
    """Drop a message."""


async def _never(receive: Receive) -> None:
    """Hold the connection until the caller gives up."""
    while (await receive())["type"] != "http.disconnect":
        pass
