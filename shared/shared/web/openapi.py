"""The OpenAPI document: what the framework knows, and what only we know.

Added are the models of bodies that routes read themselves, problem+json in place of the
framework's own error shape, and the refusals that a route has by being what it is.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, TypedDict

from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from shared.web.bodies import JsonBody
from shared.web.principals import needs_key, roles_of
from shared.web.problems import Problem, problem_responses

_FRAMEWORKS_OWN: Final = ("HTTPValidationError", "ValidationError")


class About(TypedDict):
    """How an application presents itself."""

    title: str
    description: str
    version: str
    service: str


def document(about: About, routes: Sequence[APIRoute]) -> dict[str, Any]:
    """Return the OpenAPI 3.1 document of these routes."""
    found = get_openapi(
        title=about["title"],
        description=about["description"],
        version=about["version"],
        routes=routes,
    )
    schemas = found.setdefault("components", {}).setdefault("schemas", {})
    for name in _FRAMEWORKS_OWN:
        schemas.pop(name, None)
    _merge(schemas, _schemas_of([Problem, *_bodies(routes)]))
    for route in routes:
        for method in (route.methods or ()) if route.include_in_schema else ():
            _add_refusals(found["paths"][route.path_format][method.lower()], route)
    return found


def _bodies(routes: Sequence[APIRoute]) -> list[type[BaseModel]]:
    extras = [route.openapi_extra for route in routes if route.include_in_schema]
    return list({extra.model: None for extra in extras if isinstance(extra, JsonBody)})


def _schemas_of(models: Sequence[type[BaseModel]]) -> dict[str, Any]:
    _, generated = models_json_schema(
        [(model, "validation") for model in models],
        ref_template="#/components/schemas/{model}",
    )
    found: dict[str, Any] = generated["$defs"]
    missing = {model.__name__ for model in models} - found.keys()
    assert not missing, f"two models share a name: {sorted(missing)}"
    return found


def _merge(schemas: dict[str, Any], more: Mapping[str, Any]) -> None:
    for name, schema in more.items():
        known = schemas.setdefault(name, schema)
        assert known == schema, f"two models are called {name}"


def _add_refusals(operation: dict[str, Any], route: APIRoute) -> None:
    """Add what any such route may answer, beside what it declares itself."""
    statuses = [500, 503]
    if needs_key(route):
        statuses += [401, 403]
    elif roles_of(route) is not None:
        statuses += [401]
        operation["security"].append({})  # or none at all
    if isinstance(route.openapi_extra, JsonBody):
        statuses += [400, 413, 422]
    if operation.get("parameters"):
        statuses += [422]
    declared = operation["responses"]
    if "HTTPValidationError" in str(declared.get("422")):
        del declared["422"]
    for status, response in problem_responses(*sorted(set(statuses))).items():
        declared.setdefault(str(status), response)
