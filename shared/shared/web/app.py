"""One way to build a service's application.

    app = create_app(
        title="Escrow", description="...", version="0.1.0", service="escrow",
        routers=[contracts.router], lifespan=lifespan, access=KeyDirectory(database),
        ready=ready,
    )

Requests pass the edge (`edge.py`), the rendering of faults (`problems.py`) and the route
table (`routes.py`); there is no other middleware.
There is no page to try calls on: it would need scripts from elsewhere.
"""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Unpack

from fastapi import APIRouter, FastAPI
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.exceptions import ExceptionMiddleware

from shared.errors import ServiceError
from shared.metrics import build_info
from shared.web import problems
from shared.web.edge import BODY_MAX, Edge
from shared.web.openapi import About, document
from shared.web.principals import Authenticator
from shared.web.routes import RouteTable, api_routes

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


class Health(BaseModel):
    """The process answers."""

    status: str = "ok"


def create_app(
    *,
    routers: Sequence[APIRouter],
    lifespan: Lifespan | None,
    access: Authenticator,
    ready: Callable[[], Awaitable[None]],
    body_max: int = BODY_MAX,
    **about: Unpack[About],
) -> FastAPI:
    """Return an application: these routers, health, OpenAPI, problems, ids, limits, metrics.

    `ready` raises `Unavailable` while the service cannot answer.
    More ways to authenticate are appended to `app.state.authenticators`.
    """
    app = FastAPI(
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        telemetry={"tracing": False, "metrics": False, "logs": False, "operation_spans": False},
        exception_handlers={
            ServiceError: problems.on_service_error,
            RequestValidationError: problems.on_validation_error,
            HTTPException: problems.on_http_exception,
        },
        middleware=[
            Middleware(Edge, service=about["service"], body_max=body_max),
            Middleware(ExceptionMiddleware, handlers={Exception: problems.on_unforeseen}),
        ],
    )
    app.state.authenticators = [access]
    routers = [_health(ready), *routers]
    routes = [*app.router.routes, *(route for router in routers for route in router.routes)]
    app.router.routes = [RouteTable(routes)]
    app.state.routes = api_routes(routes)
    _document_lazily(app, about)
    build_info(about["service"], about["version"])
    return app


def _document_lazily(app: FastAPI, about: About) -> None:
    """Build the OpenAPI document at the first call, then keep it."""
    kept: list[dict[str, Any]] = []

    def openapi() -> dict[str, Any]:
        if not kept:
            kept.append(document(about, app.state.routes))
        return kept[0]

    # The documented way to do it:
    app.openapi = openapi  # type: ignore[method-assign]


def _health(ready: Callable[[], Awaitable[None]]) -> APIRouter:
    router = APIRouter(tags=["health"])

    @router.get("/healthz")
    async def read_health() -> Health:
        """Say that the process answers."""
        return Health()

    @router.get("/readyz")
    async def read_readiness() -> Health:
        """Say that the service can do its work; 503 while it cannot."""
        await ready()
        return Health()

    return router
