"""Keys over HTTP, for the operator: a key is shown once, when it is made."""

from typing import Annotated, Self
from uuid import UUID

from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel, Field, model_validator
from starlette.requests import Request

from escrow.access import service
from escrow.edge import Shared, escrow_of
from shared.errors import NotKnown
from shared.web.limits import (
    LIMIT_DEFAULT,
    After,
    CallerId,
    InstitutionIdField,
    Limit,
    Shape,
    encode_cursor,
    json_body,
    read_body,
    refusal,
    text,
)
from shared.web.paging import decode_id
from shared.web.principals import Principal, Role, allow
from shared.web.problems import problem_responses
from shared.web.shown import Moment

router = APIRouter(tags=["access"])

Operator = Annotated[Principal, Depends(allow(Role.operator))]


class KeyBody(Shape):
    """A key to make."""

    role: Role
    label: Annotated[str, text(100)] | None = None
    institution_id: InstitutionIdField | None = None
    bank_id: CallerId | None = None
    district_code: (
        Annotated[
            str,
            Field(
                pattern=r"^(?:[0-9]{6}(?:[0-9]{3}){0,2})?$",
                description="A GB/T 2260 division code; empty for the whole country.",
                json_schema_extra={"examples": ["320602"]},
            ),
        ]
        | None
    ) = None
    guardian_ref: Annotated[str, text(128)] | None = None

    @model_validator(mode="after")
    def has_its_scope(self) -> Self:
        """Refuse a scope that the role does not take, and a role without its scope."""
        if not service.scope_fits(self.role, self.scope()):
            code = "wrong_scope"
            raise refusal(code, service.SCOPE_SENTENCE)
        return self

    def scope(self) -> service.Scope:
        """Return what the key is to be about."""
        return {
            "institution_id": self.institution_id,
            "bank_id": self.bank_id,
            "district_code": self.district_code,
            "guardian_ref": self.guardian_ref,
        }


class KeyShown(BaseModel):
    """A key, without its secret."""

    id: UUID
    prefix: str
    role: Role
    label: str | None
    institution_id: str | None
    bank_id: str | None
    district_code: str | None = Field(description="Null for the whole country.")
    guardian_ref: str | None
    created_at: Moment
    created_by: str
    revoked_at: Moment | None
    revoked_by: str | None


class KeyMade(KeyShown):
    """A new key; this answer is the only place where `key` is ever shown."""

    key: str


class KeyPage(BaseModel):
    """Some keys, and where to go on."""

    items: list[KeyShown]
    next: str | None


@router.post("/v1/keys", status_code=201, openapi_extra=json_body(KeyBody, None))
async def create_key(request: Request, principal: Operator) -> KeyMade:
    """Make a key; asking twice makes two, so an `Idempotency-Key` is not honoured."""
    body = await read_body(request, KeyBody)
    escrow = escrow_of(request)
    record, key = await service.create_key(
        escrow.database,
        role=body.role,
        created_by=principal.name,
        label=body.label,
        **body.scope(),
    )
    escrow.keys.forget(record["prefix"])
    return KeyMade.model_validate({**record, "key": key})


@router.get("/v1/keys")
async def list_keys(
    escrow: Shared,
    _: Operator,
    limit: Limit = LIMIT_DEFAULT,
    after: After = None,
) -> KeyPage:
    """List keys in the order they were made, revoked ones included."""
    place = decode_id(after) if after is not None else None
    found = await service.list_keys(escrow.database, after=place, limit=limit)
    more = encode_cursor(str(found[-1]["id"])) if len(found) == limit else None
    return KeyPage.model_validate({"items": found, "next": more})


@router.delete("/v1/keys/{id}", responses=problem_responses(404))
async def revoke_key(
    escrow: Shared,
    id: Annotated[UUID, Path()],  # noqa: A002 - the wire's word
    principal: Operator,
) -> KeyShown:
    """Revoke a key; here at once, in other processes within a second."""
    record = await service.revoke_key(escrow.database, id, revoked_by=principal.name)
    if record is None:
        raise NotKnown
    escrow.keys.forget(record["prefix"])
    return KeyShown.model_validate(record)
