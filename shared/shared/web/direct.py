"""A short way into routes that read their own body.

For a route that takes nothing but the request and what simple dependencies make of it, the
framework's general machinery (parameter models, exit stacks, a second net for exceptions)
does nothing but cost: a third of a request.
Such routes are called directly; the rest goes the framework's way, with the same result.
"""

import inspect
from collections.abc import Callable
from typing import Any

from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

Made = Callable[[Request], Any]


def entrance(route: APIRoute) -> ASGIApp | None:
    """Return the short way into a route, or None where it needs the long one."""
    needs = route.dependant
    endpoint = route.endpoint
    made = [_maker(dependency) for dependency in needs.dependencies]
    if not _is_plain(needs) or None in made or not _answers_itself(endpoint):
        return None
    named = [(needs.dependencies[at].name, maker) for at, maker in enumerate(made)]

    async def enter(scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive, send)
        values: dict[str, Any] = {}
        if needs.request_param_name is not None:
            values[needs.request_param_name] = request
        for name, maker in named:
            assert maker is not None
            value = maker(request)
            if inspect.isawaitable(value):
                value = await value
            if name is not None:
                values[name] = value
        response: Response = await endpoint(**values)
        await response(scope, receive, send)

    return enter


def _answers_itself(endpoint: Callable[..., Any]) -> bool:
    """Say whether an endpoint is a coroutine function that returns a finished response."""
    answer = inspect.signature(endpoint, eval_str=True).return_annotation
    finished = isinstance(answer, type) and issubclass(answer, Response)
    return finished and inspect.iscoroutinefunction(endpoint)


def _maker(dependency: Dependant) -> Made | None:
    """Return what makes a dependency's value of the request alone, or None."""
    call = dependency.call
    if call is None or not _is_plain(dependency) or dependency.dependencies:
        return None
    if inspect.isgeneratorfunction(call) or inspect.isasyncgenfunction(call):
        return None
    if dependency.request_param_name or dependency.http_connection_param_name:
        return call
    return None


def _is_plain(needs: Dependant) -> bool:
    """Say whether nothing of the path, query, headers, cookies or a parsed body is asked for."""
    asked = (
        needs.path_params,
        needs.query_params,
        needs.header_params,
        needs.cookie_params,
        needs.body_params,
        needs.response_param_name,
        needs.background_tasks_param_name,
        needs.security_scopes_param_name,
        needs.websocket_param_name,
    )
    return not any(asked)
