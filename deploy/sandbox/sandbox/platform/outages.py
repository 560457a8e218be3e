"""The fault switches at the door: answers that are errors, or never come."""

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from sandbox.platform.faults import Dice, Fault

SPOILED = ("/manifest", "/full/", "/delta/")
"""What the switches strike; the desk always answers."""


class Outages:
    """Middleware that spoils the answers to readers as the switches say."""

    def __init__(self, app: ASGIApp, dice: Dice) -> None:
        """Stand before an application."""
        self._app = app
        self._dice = dice

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer well, with an error, or never."""
        if scope["type"] != "http" or not scope["path"].startswith(SPOILED):
            await self._app(scope, receive, send)
        elif self._dice.strikes(Fault.SILENT):
            while (await receive())["type"] != "http.disconnect":
                pass
        elif self._dice.strikes(Fault.SERVER_ERROR):
            answer = JSONResponse({"detail": "out of order"}, status_code=500)
            await answer(scope, receive, send)
        else:
            await self._app(scope, receive, send)
