"""An event of the registry's feed, in our words.

Fields that nobody here knows are left alone. What only describes (a name, a district, a
source) is left out where it does not fit; what decides (status, effect, the lists) must fit,
or the event is not understood at all.
"""

from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError, ValidatorFunctionWrapHandler
from pydantic.functional_validators import WrapValidator

from escrow.domain.commands import HearRegistry
from escrow.domain.registry import TYPES, Effect
from shared.feed.reader import FeedEvent
from shared.web.fields import DistrictCode, InstitutionIdField, text

SEQUENCE_MAX: Final = 2**63 - 1
"""What the database's column holds."""


def _where_it_fits(value: object, check: ValidatorFunctionWrapHandler) -> object:
    try:
        return check(value)
    except ValidationError:
        return None


_WHERE_IT_FITS: Final = WrapValidator(_where_it_fits)
_Name = Annotated[Annotated[str, text(200)] | None, _WHERE_IT_FITS]
_Line = Annotated[Annotated[str, text(100)] | None, _WHERE_IT_FITS]
_District = Annotated[DistrictCode | None, _WHERE_IT_FITS]
_Digest = Annotated[
    Annotated[str, Field(pattern="^[0-9A-Fa-f]{64}$")] | None,
    _WHERE_IT_FITS,
]


class Facts(BaseModel):
    """What an event's `data` says, as far as it matters here; all of it may be left out."""

    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)

    effect: Effect = Effect.none
    status: Annotated[str, Field(pattern="^[a-z_]{1,40}$")] | None = None
    white_listed: bool | None = None
    black_listed: bool | None = None
    stale: bool | None = None
    source: _Line = None
    document_no: _Line = None
    evidence_sha256: _Digest = None
    name: _Name = None
    district_code: _District = None


class _Heading(BaseModel):
    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    subject: InstitutionIdField
    sequence: Annotated[int, Field(ge=1, le=SEQUENCE_MAX)]


def is_known(event: FeedEvent) -> bool:
    """Tell whether an event is of a type that means something here."""
    return event.type in TYPES


def command_of(event: FeedEvent) -> HearRegistry:
    """Return the command that an event stands for.

    Raises:
        ValidationError: something that decides cannot be understood.

    """
    heading = _Heading(subject=event.subject, sequence=event.sequence)
    facts = Facts.model_validate(_plain(event))
    return HearRegistry(
        heading.subject,
        str(event.id),
        heading.sequence,
        event.type,
        facts.effect.value,
        facts.source,
        facts.document_no,
        facts.evidence_sha256,
        facts.status,
        facts.name,
        facts.district_code,
        facts.white_listed,
        facts.black_listed,
        bool(facts.stale),
    )


def _plain(event: FeedEvent) -> dict[str, Any]:
    """Return what is said; null says as little as nothing."""
    return {name: value for name, value in event.data.items() if value is not None}
