"""The fault switches at the door: errors, silence, and answers that get lost."""

from typing import Final

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox.robots.desk import Desk
from sandbox.robots.faults import Fault, Place

DOORS: Final[dict[str, Place]] = {
    "/cgi-bin/webhook/send": "wecom",
    "/robot/send": "dingtalk",
    "/bureau/notices": "bureau",
}


class Outages:
    """Middleware that spoils the answers to messages as the switches say."""

    def __init__(self, app: ASGIApp, desk: Desk) -> None:
        """Stand before an application."""
        self._app = app
        self._dice = desk.dice

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer well, with an error, never, or after the connection is gone."""
        place = DOORS.get(scope["path"]) if scope["type"] == "http" else None
        if place is None:
            await self._app(scope, receive, send)
        elif self._dice.strikes(Fault.SILENT, place):
            while (await receive())["type"] != "http.disconnect":
                pass
        elif self._dice.strikes(Fault.SERVER_ERROR, place):
            await Response(status_code=500)(scope, receive, send)
        elif self._dice.strikes(Fault.LOST_ANSWER, place):
            await self._lose(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _lose(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Take the message, begin an answer that promises a body, and stop there."""
        await self._app(scope, receive, _nowhere)
        headers = [(b"content-length", b"64")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})


async def _nowhere(_: Message) -> None:
    """Drop a message."""
