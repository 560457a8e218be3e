"""Keys for those who read pages: a browser sends no bearer key, so it may send it as a password.

HTTP Basic (RFC 7617), any user name, the key as password: the browser asks for it and sends it
again by itself, and nothing of ours is stored there. What arrives is checked as every key is.
Only for pages that change nothing: what a browser sends by itself, it also sends where another
site has asked it to.
"""

import base64
import binascii
from typing import Final

from starlette.requests import HTTPConnection, Request

from shared.errors import Unauthenticated
from shared.web.principals import Access, Principal, Role

_AUTHORIZATION: Final = b"authorization"
_SCHEME: Final = b"basic"


class PageAccess(Access):
    """The dependency that lets the roles of one page in, and nobody else."""

    def __init__(self, roles: frozenset[Role], realm: str) -> None:
        """Take the roles, and what the browser shows when it asks for a password."""
        super().__init__(roles)
        assert realm.isascii()
        assert '"' not in realm
        self._challenge = {"WWW-Authenticate": f'Basic realm="{realm}", charset="UTF-8"'}

    async def __call__(self, request: HTTPConnection) -> Principal:  # type: ignore[override]
        """Return the caller, or let the browser ask for a key; `NotAllowed` for another role."""
        try:
            return await super().__call__(request)
        except Unauthenticated:
            raise Unauthenticated(headers=self._challenge) from None

    def proof(self, request: Request) -> Request:
        """Return the request with the password as a bearer key; without one, with no key."""
        others = [one for one in request.scope["headers"] if one[0] != _AUTHORIZATION]
        password = _password(request.headers.get("authorization", ""))
        key = [(_AUTHORIZATION, b"Bearer " + password)] if password else []
        return Request({**request.scope, "headers": [*others, *key]})


def allow_readers(*roles: Role, realm: str) -> PageAccess:
    """Return a dependency of a page that only reads: it admits these roles, by HTTP Basic."""
    return PageAccess(frozenset(roles), realm)


def _password(header: str) -> bytes:
    """Return the password in a header; nothing where it is not HTTP Basic."""
    scheme, _, given = header.encode("latin-1").partition(b" ")
    if scheme.lower() != _SCHEME:
        return b""
    try:
        return base64.b64decode(given.strip(), validate=True).partition(b":")[2]
    except binascii.Error:
        return b""
