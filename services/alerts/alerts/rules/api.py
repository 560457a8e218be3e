"""Rules over HTTP: what there is, which values hold where, and how values come to judge."""

import json
from collections.abc import Mapping
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel, Field
from starlette.requests import Request

from alerts.domain.judging import EVERYWHERE
from alerts.domain.promotion import Moves, Refuses, State, Wish, promote
from alerts.domain.rule import Rule, faults_of
from alerts.domain.rules.catalogue import RULES
from alerts.edge import Shared
from alerts.rules import store
from shared.errors import Conflict, FieldError, Malformed, NotAllowed, NotKnown
from shared.time import rfc3339
from shared.web.limits import DistrictCode, Shape, json_body, read_body, text
from shared.web.principals import Principal, Role, allow, area_covers
from shared.web.problems import problem_responses
from shared.web.shown import Moment

router = APIRouter(tags=["rules"])

Officer = Annotated[Principal, Depends(allow(Role.supervisor))]
Reader = Annotated[Principal, Depends(allow(Role.supervisor, Role.auditor, Role.operator))]
Key = Annotated[str, Path(pattern="^[a-z][a-z0-9_]{0,39}$")]

PARAMETERS_MAX: Final = 20
"""Parameters of one rule; the richest has half as many."""


class ParameterAnswer(BaseModel):
    """One value that a district may set, within its limits."""

    name: str
    default: int
    low: int
    high: int
    unit: str
    basis: str = Field(description="The document or place that the preset comes from.")


class ValuesAnswer(BaseModel):
    """One version of a rule's values in one district."""

    district_code: str = Field(description="Empty: the whole country.")
    version: int
    state: str = Field(description="draft, shadow, live or retired")
    params: dict[str, int]
    params_hash: str
    made_by: str
    made_at: Moment
    reason: str
    shadow_since: Moment | None
    live_since: Moment | None
    approvals: list[dict[str, Any]]


class RuleAnswer(BaseModel):
    """One rule of the catalogue."""

    number: str
    key: str
    title: str
    version: int
    parameters: list[ParameterAnswer]


class RuleDetail(RuleAnswer):
    """One rule with every version of its values."""

    values: list[ValuesAnswer]


class RulePage(BaseModel):
    """The catalogue, R01 to R22."""

    items: list[RuleAnswer]
    next: None = None


class ParametersBody(Shape):
    """Values for a rule in a district; what is left out keeps its preset."""

    district_code: DistrictCode | None = None
    params: Annotated[dict[str, int], Field(min_length=1, max_length=PARAMETERS_MAX)]
    reason: Annotated[str, text(500)]


class PromoteBody(Shape):
    """Where values should move, why, and on what proof."""

    district_code: DistrictCode | None = None
    version: Annotated[int, Field(ge=1, le=store.VERSIONS_MAX)]
    to: Annotated[State, Field(description="shadow, live or retired")]
    reason: Annotated[str, text(500)]
    backtest_id: Annotated[str, Field(pattern="^[0-9a-f-]{36}$")] | None = None
    accept_over_budget: bool = False


class VersionAnswer(BaseModel):
    """Where a version of values stands."""

    rule: str
    district_code: str
    version: int
    state: str
    params_hash: str
    approvals: int = Field(description="Persons who said so, where two are needed.")


@router.get("/v1/rules")
async def read_rules(_: Reader) -> RulePage:
    """List the rules, with the limits of their parameters."""
    return RulePage(items=[RuleAnswer(**_described(rule)) for rule in RULES.values()])


@router.get("/v1/rules/{rule}", responses=problem_responses(404))
async def read_rule(alerts: Shared, _: Reader, rule: Key) -> RuleDetail:
    """Show one rule with every version of its values; without any, its presets judge."""
    rows = await store.list_values(alerts.database, known(rule).key)
    return RuleDetail(**_described(known(rule)), values=[_shown(row) for row in rows])


@router.put(
    "/v1/rules/{rule}/parameters",
    openapi_extra=json_body(ParametersBody, None),
    responses=problem_responses(404),
)
async def put_parameters(
    request: Request, alerts: Shared, officer: Officer, rule: Key
) -> VersionAnswer:
    """Keep a new version of values as a draft: it judges nobody before it is promoted."""
    body = await read_body(request, ParametersBody)
    chosen = known(rule)
    district = own_district(officer, body.district_code)
    params = {**chosen.presets, **body.params}
    faults = faults_of(chosen, params)
    if faults:
        raise Malformed(errors=tuple(FieldError("/params", "out_of_range", one) for one in faults))
    async with alerts.database.ledger() as tx:
        await store.hold(tx, rule, district)
        now = await store.clock(tx)
        word = (officer.name, body.reason, now)
        version = await store.add(tx, chosen, district, params, word)
        row = await store.read(tx, rule, district, version)
    assert row is not None
    return _version(row, 0)


@router.post(
    "/v1/rules/{rule}/promote",
    openapi_extra=json_body(PromoteBody, None),
    responses=problem_responses(404, 409),
)
async def promote_values(
    request: Request, alerts: Shared, officer: Officer, rule: Key
) -> VersionAnswer:
    """Move values from draft to shadow, from shadow to live, or out.

    To live, and out of it, two persons must say so; to live also seven days in shadow, and a
    backtest of these values over ninety days.
    """
    body = await read_body(request, PromoteBody)
    district = own_district(officer, body.district_code)
    async with alerts.database.ledger() as tx:
        await store.hold(tx, known(rule).key, district)
        row = await store.read(tx, rule, district, body.version)
        if row is None:
            raise NotKnown
        values, now = store.values_of(row), await store.clock(tx)
        tested = await store.backtest(tx, UUID(body.backtest_id)) if body.backtest_id else None
        wish = Wish(officer.name, body.to, body.reason, now, body.accept_over_budget)
        came = promote(values, wish, store.proof_of(tested) if tested else None)
        if isinstance(came, Refuses):
            raise Conflict(came.detail, code=came.code)
        said = [*values.approvals, _approval(wish)]
        state = came.state if isinstance(came, Moves) else values.state
        await store.move(tx, values, state, said, now)
        moved = await store.read(tx, rule, district, body.version)
    assert moved is not None
    return _version(moved, len({one["by"] for one in said if one["to"] == body.to}))


def known(rule: str) -> Rule:
    """Return a rule by its key.

    Raises:
        NotKnown: where there is none of that name.

    """
    found = RULES.get(rule)
    if found is None:
        raise NotKnown
    return found


def own_district(officer: Principal, district_code: str | None) -> str:
    """Return the district that values are for: within the officer's own.

    Raises:
        NotAllowed: where it is not.

    """
    asked = district_code or officer.district_code or EVERYWHERE
    if not area_covers(officer.district_code, asked or None):
        raise NotAllowed
    return asked


def _approval(wish: Wish) -> dict[str, str]:
    return {"by": wish.by, "to": wish.to, "reason": wish.reason, "at": rfc3339(wish.now)}


def _described(rule: Rule) -> dict[str, Any]:
    named = [
        ParameterAnswer(**{name: getattr(one, name) for name in ParameterAnswer.model_fields})
        for one in rule.parameters
    ]
    words = {name: getattr(rule, name) for name in ("number", "key", "title", "version")}
    return {**words, "parameters": named}


def _shown(row: Mapping[str, Any]) -> ValuesAnswer:
    said = {name: row[name] for name in ValuesAnswer.model_fields}
    said["params"], said["approvals"] = json.loads(row["params"]), json.loads(row["approvals"])
    return ValuesAnswer(**said)


def _version(row: Mapping[str, Any], approvals: int) -> VersionAnswer:
    named = {name: row[name] for name in VersionAnswer.model_fields if name != "approvals"}
    return VersionAnswer(**named, approvals=approvals)
