"""Reach a bank in the same process as if over a network: with timeouts and dropped connections."""

import asyncio

import httpx
from starlette.types import ASGIApp, Receive, Scope, Send

from sandbox.bank.outages import WITHOUT_NETWORK, AnswerLostError


class WithoutNetwork(httpx.AsyncBaseTransport):
    """An ASGI transport whose read timeout counts and whose answers can get lost."""

    def __init__(self, app: ASGIApp) -> None:
        """Stand in for the network before an application."""

        async def marked(scope: Scope, receive: Receive, send: Send) -> None:
            await app({**scope, WITHOUT_NETWORK: True}, receive, send)

        self._transport = httpx.ASGITransport(app=marked)

    async def handle_async_request(  # tidy: allow banned-name - httpx's own word
        self, request: httpx.Request
    ) -> httpx.Response:
        """Pass a request on; a late answer is a timeout, a lost one a broken connection."""
        patience_s = request.extensions.get("timeout", {}).get("read")
        try:
            async with asyncio.timeout(patience_s):
                return await self._transport.handle_async_request(request)
        except TimeoutError as error:
            message = "the bank did not answer in time"
            raise httpx.ReadTimeout(message, request=request) from error
        except AnswerLostError as error:
            message = "the bank closed the connection without an answer"
            raise httpx.RemoteProtocolError(message, request=request) from error
