"""A name given twice in one object: readers of JSON disagree on which one counts.

Whether there may be one is told without reading the body a second time.
Every name of a shape of ours that was read is a field that was set; every name in the text
is followed by a colon.
Where the text has as many names as there are fields set, none is there twice; where the two
numbers differ, for whatever harmless reason, the body is read again and every object counted.
"""

import json
from collections.abc import Iterator
from datetime import date, datetime
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Final, Literal, NewType, Union, get_args, get_origin
from uuid import UUID

from pydantic import BaseModel

_PLAIN: Final = (str, int, float, bool, date, datetime, UUID, Enum)
_BLANKS: Final = (b" ", b"\t", b"\n", b"\r")


class NameRepeated(Exception):
    """An object has one name twice."""


def refuse_repeated_names(raw: bytes, body: BaseModel) -> None:
    """Refuse a body, already read as a model, in which a name is given twice.

    Raises:
        NameRepeated: when one is.

    """
    if not _surely_has_none(raw, body):
        _NAMES.decode(raw.decode())


def _surely_has_none(raw: bytes, body: BaseModel) -> bool:
    if _inner_fields(type(body)) is None:
        return False
    if any(blank in raw and blank + b":" in raw for blank in _BLANKS):
        return False  # then a name's colon need not follow its quote
    return raw.count(b'":') == _fields_set(body)


def _fields_set(body: BaseModel) -> int:
    """Return how many names of the text became fields, inner shapes' included."""
    number = len(body.__pydantic_fields_set__)
    for name in _inner_fields(type(body)) or ():
        value = getattr(body, name)
        for one in value if isinstance(value, list) else (value,):
            if one is not None:
                number += _fields_set(one)
    return number


@cache
def _inner_fields(model: type[BaseModel]) -> tuple[str, ...] | None:
    """Return the fields that hold other shapes; None where fields do not tell all names."""
    validators = model.__pydantic_decorators__.model_validators.values()
    if any(validator.info.mode != "after" for validator in validators):
        return None  # it may set what the text does not name
    inner = []
    for name, field in model.model_fields.items():
        leaves = list(_leaves(field.annotation))
        if all(issubclass(leaf, BaseModel) and _inner_fields(leaf) is not None for leaf in leaves):
            inner.append(name)
        elif not all(issubclass(leaf, _PLAIN) for leaf in leaves):
            return None  # an object of any names
    return tuple(inner)


def _leaves(annotation: Any) -> Iterator[type]:  # noqa: ANN401 - whatever a field may say
    """Yield the types that a field, or the entries of a list in it, may have; None left out."""
    origin = get_origin(annotation)
    parts = get_args(annotation)
    if origin is Annotated:
        yield from _leaves(parts[0])
    elif origin in (Union, UnionType):
        for part in parts:
            yield from _leaves(part)
    elif origin is list and get_origin(parts[0]) is not list:
        yield from _leaves(parts[0])
    elif origin is Literal:
        yield str
    elif isinstance(annotation, NewType):
        yield from _leaves(annotation.__supertype__)
    elif annotation is not NoneType:
        yield annotation if isinstance(annotation, type) and origin is None else object


def _counted(pairs: list[tuple[str, object]]) -> None:
    if len(dict(pairs)) != len(pairs):
        raise NameRepeated


_NAMES: Final = json.JSONDecoder(object_pairs_hook=_counted)
