"""Query strings, before any route reads them.

A misspelt filter that is silently ignored answers with everything; so a parameter that a
route does not have is refused, as is one given twice.
An empty one counts as not given: that is what HTTP clients make of nothing.
"""

from collections.abc import Iterator
from typing import Final
from urllib.parse import unquote_plus

from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from shared.errors import FieldError, Malformed
from shared.web.principals import roles_of
from shared.web.problems import pointer

EVERYWHERE: Final = frozenset({"institution_id"})
"""Paths take it whether their id needs it or not."""


def known_names(route: APIRoute) -> frozenset[str] | None:
    """Return the parameters that a route has; None where it asks for no key: anything goes."""
    if roles_of(route) is None:
        return None
    return EVERYWHERE | frozenset(_declared(route.dependant))


def checked(query: bytes, known: frozenset[str] | None) -> bytes:
    """Return a query string without its empty parameters.

    Raises:
        Malformed: for NUL, for a parameter given twice, and for one that is not known.

    """
    if b"%00" in query or b"\0" in query:
        message = "A query must not contain NUL."
        raise Malformed(message)
    parts = [part for part in query.split(b"&") if part]
    names = [unquote_plus(part.partition(b"=")[0].decode("latin-1")) for part in parts]
    if len(set(names)) != len(names):
        message = "A query parameter is given twice."
        raise Malformed(message)
    if known is not None and not known.issuperset(names):
        raise Malformed(errors=tuple(_unknown(name) for name in names if name not in known))
    return b"&".join(part for part in parts if part.partition(b"=")[2])


def _unknown(name: str) -> FieldError:
    detail = "This parameter is not known here."
    return FieldError(pointer(("query", name)), "extra_forbidden", detail)


def _declared(needs: Dependant) -> Iterator[str]:
    for parameter in needs.query_params:
        yield parameter.alias
    for dependency in needs.dependencies:
        yield from _declared(dependency)
