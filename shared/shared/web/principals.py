"""Who calls, and what a call may be about.

A route says who may call it: `Annotated[Principal, Depends(allow(Role.bank))]`, or
`Annotated[Principal | None, Depends(allow_anyone())]` where no key is needed.
How a caller proves who it is stands beside that: authenticators are tried in order, and
keys are the first of them (`shared.web.keys`); tokens and signatures can follow.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol
from uuid import UUID

import structlog
from fastapi.routing import APIRoute
from fastapi.security import HTTPBearer
from starlette.requests import HTTPConnection, Request

from shared.errors import Malformed, NotAllowed, Unauthenticated

ROLE: Final = "tuition.role"
"""Where the scope carries the caller's role, for the log."""

INSTITUTION: Final = "tuition.institution"
"""Where the scope carries the institution a request is about, for the log."""

_SCHEME: Final = "key"
_DESCRIPTION: Final = "A key: `yk_<prefix>_<secret>`."
_INSTITUTION_ID: Final = re.compile(r"[0-9A-Z]{18}")


class Role(StrEnum):
    """What a caller is to the money."""

    institution = "institution"
    """A training institution, or the billing system that speaks for it: itself alone."""

    bank = "bank"
    """A custodian bank: the accounts it holds."""

    supervisor = "supervisor"
    """An authority that decides for the institutions of its district."""

    auditor = "auditor"
    """One who reads the books of a district and changes nothing."""

    guardian = "guardian"
    """One family at one institution, or a city's app that speaks for families."""

    service = "service"
    """One of our own services, reading the feeds of the others."""

    operator = "operator"
    """Those who run the installation: everything but money."""


@dataclass(frozen=True, slots=True)
class Principal:
    """A caller who has proved who it is, with the scope its key was given."""

    key_id: UUID
    role: Role
    label: str | None = None
    institution_id: str | None = None
    bank_id: str | None = None
    district_code: str | None = None
    guardian_ref: str | None = None

    @property
    def name(self) -> str:
        """Name the party, for `acted_by` and the scope of an `Idempotency-Key`.

        An institution and a bank stay the same party when their key is replaced, so that a
        retry under the next key is still a retry; everyone else is named by the key.
        """
        if self.role is Role.institution:
            return f"institution:{self.institution_id}"
        if self.role is Role.bank:
            return f"bank:{self.bank_id}"
        return f"{self.role}:{self.key_id}"


def area_covers(area_code: str | None, district_code: str | None) -> bool:
    """Say whether a GB/T 2260 area contains a district; an empty area is the whole country.

    >>> area_covers("320000", "320602"), area_covers("320600", "320102")
    (True, False)
    """
    return (district_code or "").startswith(area_stem(area_code))


def area_stem(area_code: str | None) -> str:
    """Return what every district within a GB/T 2260 area begins with.

    >>> area_stem("320000"), area_stem(None)
    ('32', '')
    """
    stem = area_code or ""
    while stem.endswith("00"):
        stem = stem[:-2]
    return stem


def institution_asked(principal: Principal, institution_id: str | None) -> str:
    """Return the institution a call is about; a key of its own may leave it out.

    Raises:
        NotAllowed: when the key belongs to another institution.
        Malformed: when nobody named one.

    """
    own = principal.institution_id
    if own is not None and institution_id not in {None, own}:
        raise NotAllowed
    asked = own or institution_id
    if asked is None:
        message = "Name the institution: `?institution_id=`."
        raise Malformed(message)
    return asked


class Authenticator(Protocol):
    """One way to prove who calls."""

    async def authenticate(self, request: Request) -> Principal | None:
        """Return the caller; None where the request does not use this way at all.

        Raises:
            Unauthenticated: when it does, and the proof is not valid.

        """
        ...


class Access(HTTPBearer):
    """The dependency that lets the roles of one route in, and nobody else."""

    def __init__(self, roles: frozenset[Role]) -> None:
        """Take the roles; the rest tells OpenAPI how a caller proves who it is."""
        super().__init__(scheme_name=_SCHEME, description=_DESCRIPTION)
        self.roles = roles

    async def __call__(self, request: HTTPConnection) -> Principal:  # type: ignore[override]
        """Return the caller, or raise `Unauthenticated` or `NotAllowed`."""
        assert isinstance(request, Request)
        principal = await _authenticated(self.proof(request))
        if principal is None:
            raise Unauthenticated
        _note(request, principal)
        if principal.role not in self.roles:
            raise NotAllowed
        return principal

    def proof(self, request: Request) -> Request:
        """Return the request by which the caller proves who it is: the one that came."""
        return request


class OpenAccess(HTTPBearer):
    """The dependency of a route that shows some of it to whoever asks, and all to a key."""

    def __init__(self) -> None:
        """Tell OpenAPI how a caller with a key proves who it is."""
        super().__init__(scheme_name=_SCHEME, description=_DESCRIPTION)

    async def __call__(self, request: HTTPConnection) -> Principal | None:  # type: ignore[override]
        """Return the caller, None for one without a key; a wrong key is `Unauthenticated`."""
        assert isinstance(request, Request)
        principal = await _authenticated(request)
        if principal is not None:
            _note(request, principal)
        elif "authorization" in request.headers:
            raise Unauthenticated
        return principal


def allow(*roles: Role) -> Access:
    """Return a dependency that admits these roles: `Depends(allow(Role.bank))`."""
    return Access(frozenset(roles))


def allow_anyone() -> OpenAccess:
    """Return a dependency that admits every role, and whoever has no key at all."""
    return OpenAccess()


def roles_of(route: APIRoute) -> frozenset[Role] | None:
    """Return which keys a route takes; None where it looks at none."""
    for dependency in route.dependant.dependencies:
        if isinstance(dependency.call, Access):
            return dependency.call.roles
        if isinstance(dependency.call, OpenAccess):
            return frozenset(Role)
    return None


def needs_key(route: APIRoute) -> bool:
    """Say whether a route is closed to callers without a key."""
    return any(isinstance(one.call, Access) for one in route.dependant.dependencies)


async def _authenticated(request: Request) -> Principal | None:
    way: Authenticator
    for way in request.app.state.authenticators:
        principal = await way.authenticate(request)
        if principal is not None:
            return principal
    return None


def _note(request: Request, principal: Principal) -> None:
    """Let the log say in what role a request came, and about whom."""
    request.scope[ROLE] = principal.role.value
    about = principal.institution_id or request.path_params.get("institution_id", "")
    if _INSTITUTION_ID.fullmatch(about):
        request.scope[INSTITUTION] = about
        structlog.contextvars.bind_contextvars(institution_id=about)
    structlog.contextvars.bind_contextvars(role=principal.role.value)
