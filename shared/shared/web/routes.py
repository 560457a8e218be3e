"""Which route answers a path: one table, one lookup.

The framework walks its routes one regex after another and, where several share a path,
names the methods of the first alone in `Allow`.
Here a path finds its place first and its method then: a literal path beats one with
parameters, 405 names every method, and a path that nobody has is 404.
"""

from collections.abc import Sequence
from typing import Any, Final

from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import BaseRoute, Match, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from shared.web import direct, queries

TEMPLATE: Final = "tuition.template"
"""Where the scope carries the template of the place found, for metrics and logs."""


class _Place:
    """One path template and the route of each of its methods."""

    def __init__(self, template: str) -> None:
        self.template = template
        self.routes: dict[str, Route] = {}
        self.entrances: dict[str, ASGIApp] = {}
        self.queries: dict[str, frozenset[str] | None] = {}
        segments = template.split("/")
        named = [(at, text[1:-1]) for at, text in enumerate(segments) if text.startswith("{")]
        assert all(name.isidentifier() for _, name in named), "only plain {parameters} here"
        self.names = named
        self.literals = [(at, text) for at, text in enumerate(segments) if not text.startswith("{")]

    def parameters(self, segments: Sequence[str]) -> dict[str, str] | None:
        """Return the parameters of a path of the same length, or None where it differs."""
        for at, text in self.literals:
            if segments[at] != text:
                return None
        found = {name: segments[at] for at, name in self.names}
        return found if all(found.values()) else None

    @property
    def allow(self) -> str:
        return ", ".join(sorted({*self.routes, "OPTIONS"}))


class RouteTable(BaseRoute):
    """All routes of an application as one."""

    def __init__(self, routes: Sequence[BaseRoute]) -> None:
        """Take plain routes; the same method on the same path twice is refused."""
        self._exact: dict[str, _Place] = {}
        self._by_length: dict[int, list[_Place]] = {}
        for route in routes:
            assert isinstance(route, Route), "routers are given whole, not included in others"
            self._add(route)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Take every HTTP request: what is not here is nowhere."""
        return (Match.FULL if scope["type"] == "http" else Match.NONE), {}

    async def handle(  # tidy: allow banned-name - the framework's word
        self, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Answer with the route of the path and method, else 404 or 405."""
        place, parameters = self._find(scope["path"])
        if place is None:
            raise HTTPException(404)
        scope[TEMPLATE] = place.template
        route = place.routes.get(scope["method"])
        if route is None:
            if scope["method"] == "OPTIONS":
                await Response(status_code=204, headers={"Allow": place.allow})(
                    scope, receive, send
                )
                return
            raise HTTPException(405, headers={"Allow": place.allow})
        if scope["query_string"]:
            known = place.queries.get(scope["method"])
            scope["query_string"] = queries.checked(scope["query_string"], known)
        scope["route"] = route
        scope["endpoint"] = route.endpoint
        scope["path_params"] = parameters
        await place.entrances[scope["method"]](scope, receive, send)

    def url_path_for(
        self,
        name: str,
        /,
        **path_params: Any,  # noqa: ANN401 - the framework's signature
    ) -> Any:  # noqa: ANN401
        """Refuse: the services build no URLs."""
        raise NotImplementedError

    def _add(self, route: Route) -> None:
        places = self._by_length.setdefault(route.path.count("/") + 1, [])
        place = next((place for place in places if place.template == route.path), None)
        if place is None:
            place = _Place(route.path)
            places.append(place)
        if not place.names:
            self._exact[route.path] = place
        for method in route.methods or ():
            known = place.routes.setdefault(method, route)
            assert known is route, f"{method} {route.path} is declared twice"
            place.entrances[method] = _entrance(route)
            place.queries[method] = (
                queries.known_names(route) if isinstance(route, APIRoute) else None
            )
        if "GET" in place.routes:
            place.routes.setdefault("HEAD", place.routes["GET"])
            place.entrances.setdefault("HEAD", place.entrances["GET"])
            place.queries.setdefault("HEAD", place.queries["GET"])

    def _find(self, path: str) -> tuple[_Place | None, dict[str, str]]:
        place = self._exact.get(path)
        if place is not None:
            return place, {}
        segments = path.split("/")
        for place in self._by_length.get(len(segments), ()):
            parameters = place.parameters(segments)
            if parameters is not None:
                return place, parameters
        return None, {}


def _entrance(route: Route) -> ASGIApp:
    short = direct.entrance(route) if isinstance(route, APIRoute) else None
    return short or route.app


def api_routes(routes: Sequence[BaseRoute]) -> list[APIRoute]:
    """Return those that are documented."""
    return [route for route in routes if isinstance(route, APIRoute)]
