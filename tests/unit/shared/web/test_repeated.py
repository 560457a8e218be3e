"""A name given twice is found, whichever way it is told."""

import json
from collections.abc import Callable
from typing import Annotated, Any, Literal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field, model_validator

from shared.money import Fen
from shared.web import repeated
from shared.web.repeated import NameRepeated, refuse_repeated_names


class Inner(BaseModel):
    id: str
    note: str | None = None
    amount_fen: Fen | None = None


class Other(BaseModel):
    kind: Literal["other"]
    ids: list[str] = []


class Outer(BaseModel):
    name: str
    items: Annotated[list[Inner], Field(min_length=0)] = []
    other: Other | None = None
    made: UUID | None = None


class Loose(BaseModel):
    anything: dict[str, int]


class Nested(BaseModel):
    rows: list[list[Inner]] = []
    loose: Loose | None = None


class Filled(BaseModel):
    a: int
    b: int = 0

    @model_validator(mode="before")
    @classmethod
    def fill(cls, given: dict[str, int]) -> dict[str, int]:
        return {"b": 1} | given


def judge(model: type[BaseModel], text: str) -> None:
    raw = text.encode()
    refuse_repeated_names(raw, model.model_validate_json(raw))


def sure(model: type[BaseModel], text: str) -> bool:
    raw = text.encode()
    return repeated._surely_has_none(raw, model.model_validate_json(raw))


GOOD = '{"name":"a","items":[{"id":"1","note":"x"},{"id":"2"}],"other":{"kind":"other"}}'

TWICE = [
    '{"name":"a","name":"b"}',
    '{"name":"a","items":[{"id":"1","id":"2"}]}',
    '{"name":"a","items":[{"id":"1","\\u0069d":"2"}]}',
    '{"name":"a","other":{"kind":"other","kind":"other"}}',
    '{"name" :"a","name":"b"}',
    '{"name"\n:"a","name"\t:"b"}',
    '{"name":"a" ,"items" : [ ], "items":[]}',
    '{"name":":","name":"b"}',
    '{"name":"\\":","name":"b"}',
]


@pytest.mark.parametrize("text", TWICE)
def test_a_name_given_twice_is_found(text: str) -> None:
    with pytest.raises(NameRepeated):
        judge(Outer, text)


def test_a_plain_body_is_not_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repeated, "_NAMES", None)
    judge(Outer, GOOD)
    judge(Outer, json.dumps(json.loads(GOOD), indent=2))


UNSURE: list[tuple[type[BaseModel], str]] = [
    (Outer, '{"name":":a"}'),  # the text looks as if it held one name more
    (Outer, '{"name" :"a"}'),
    (Loose, '{"anything":{"a":1}}'),
    (Filled, '{"a":1}'),
    (Nested, '{"rows":[[{"id":"1"}]]}'),
    (Nested, '{"loose":{"anything":{}}}'),
]


@pytest.mark.parametrize(("model", "text"), UNSURE)
def test_what_cannot_be_told_is_read_again(model: type[BaseModel], text: str) -> None:
    assert not sure(model, text)
    judge(model, text)


def test_a_shape_that_fills_itself_hides_nothing() -> None:
    with pytest.raises(NameRepeated):
        judge(Filled, '{"a":1,"a":2}')


def test_names_of_any_kind_are_counted_where_they_may_be() -> None:
    with pytest.raises(NameRepeated):
        judge(Loose, '{"anything":{"a":1,"a":2}}')


words = st.text(st.sampled_from('a:"\\ {},[]'), max_size=6)
inner = st.fixed_dictionaries({"id": words}, optional={"note": words, "amount_fen": st.integers(1)})
outer = st.fixed_dictionaries(
    {"name": words},
    optional={
        "items": st.lists(inner, max_size=3),
        "other": st.fixed_dictionaries(
            {"kind": st.just("other")}, optional={"ids": st.lists(words)}
        ),
    },
)
separators = st.sampled_from([(",", ":"), (", ", ": "), (" , ", " : ")])


def written(value: object, separators: tuple[str, str], twice: Callable[[], bool]) -> str:
    """Write JSON in which any name may stand twice."""
    comma, colon = separators
    if isinstance(value, list):
        return "[" + comma.join(written(one, separators, twice) for one in value) + "]"
    if not isinstance(value, dict):
        return json.dumps(value)
    pairs = []
    for name, inner in value.items():
        pair = json.dumps(name) + colon + written(inner, separators, twice)
        pairs += [pair, pair] if twice() else [pair]
    return "{" + comma.join(pairs) + "}"


@given(outer, separators, st.data())
def test_it_is_found_if_and_only_if_it_is_there(
    value: dict[str, Any], separators: tuple[str, str], data: st.DataObject
) -> None:
    drawn: list[bool] = []

    def twice() -> bool:
        drawn.append(data.draw(st.integers(0, 5)) == 5)
        return drawn[-1]

    text = written(value, separators, twice)
    if any(drawn):
        with pytest.raises(NameRepeated):
            judge(Outer, text)
    else:
        judge(Outer, text)
