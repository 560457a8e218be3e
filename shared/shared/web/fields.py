r"""Field types of the wire, shared by every service.

Each parses strictly (a number is a number, a time has its offset) and shows the same rule
in OpenAPI, so that what is documented is what is accepted.
`\s`, `\d` and `\w` mean more in one regex dialect than in another, so patterns spell
their characters out, except in `text`, where any blank counts.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Annotated, Any, Final, LiteralString, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
)
from pydantic.fields import FieldInfo
from pydantic_core import CoreSchema, PydanticCustomError, SchemaValidator
from pydantic_core import core_schema as schemas
from stdnum.cn import uscc

from shared.money import FEN_MAX, Fen
from shared.time import SHANGHAI

BATCH_MAX: Final = 1_000
"""Items in one request: one transaction of some tens of milliseconds."""

LESSON_NO_MAX: Final = 10_000
"""Far above any contract, and small enough that a contract's lessons fit in one page of work."""

REMEMBERED_MAX: Final = 4_096
"""Spellings remembered of one kind: the bells of some days, in a megabyte."""

SPELLING_MAX: Final = 64
"""Characters of a spelling that is remembered: more than any has."""

_DAY: Final = r"(?:(?:19|20|21)[0-9]{2}|2200)-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
_TIME: Final = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{1,9})?"
_OFFSET: Final = r"(?:[Zz]|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])"

Entry = TypeVar("Entry")


class Shape(BaseModel):
    """A body that callers send: strict types, no unknown field, never changed once read."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True)


def refusal(code: LiteralString, sentence: LiteralString) -> PydanticCustomError:
    """Return the error to raise in a validator; the sentence goes out as it stands."""
    return PydanticCustomError(code, sentence)


@dataclass(frozen=True, slots=True, eq=False)
class Spelled:
    """A string with one spelling, turned into a value: all of it inside pydantic's core.

    Where a batch spells the same value again and again it is remembered: one object for one
    spelling, which also what comes after (hashing, comparing, formatting) has to do only once.
    """

    pattern: str
    value: CoreSchema
    code: LiteralString
    sentence: LiteralString
    shown: Mapping[str, Any]
    is_remembered: bool = False

    def __get_pydantic_core_schema__(
        self,
        _: Any,  # noqa: ANN401 - pydantic's own signature
        __: GetCoreSchemaHandler,
    ) -> CoreSchema:
        """Check the spelling, then parse."""
        spelled = schemas.str_schema(strict=True, pattern=self.pattern)
        parsed: CoreSchema = schemas.chain_schema([spelled, self.value])
        return schemas.custom_error_schema(
            _remembered(parsed) if self.is_remembered else parsed,
            custom_error_type=self.code,
            custom_error_message=self.sentence,
            serialization=None,
        )

    def __get_pydantic_json_schema__(
        self, _: CoreSchema, __: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Show the spelling."""
        return dict(self.shown)


def _remembered(schema: CoreSchema) -> CoreSchema:
    """Return a schema that parses a spelling once, as long as it is not long forgotten."""
    parse = lru_cache(REMEMBERED_MAX)(SchemaValidator(schema).validate_python)
    brief = schemas.str_schema(strict=True, max_length=SPELLING_MAX)
    as_found = schemas.simple_ser_schema("any")  # the value is no longer the string it was
    return schemas.no_info_after_validator_function(parse, brief, serialization=as_found)


def _in_utc(instant: datetime) -> datetime:
    return instant.astimezone(UTC)


Instant = Annotated[
    datetime,
    Spelled(
        pattern=f"^{_DAY}[Tt]{_TIME}{_OFFSET}$",
        value=schemas.no_info_after_validator_function(
            _in_utc, schemas.datetime_schema(strict=False, tz_constraint="aware")
        ),
        is_remembered=True,
        code="not_an_instant",
        sentence="Must be a time as in RFC 3339, with its offset, of the years 1900 to 2200.",
        shown={"type": "string", "format": "date-time", "examples": ["2026-12-05T09:00:00+08:00"]},
    ),
]
"""A moment: `2026-12-05T09:00:00+08:00`; the offset is required."""

Day = Annotated[
    date,
    Spelled(
        pattern=f"^{_DAY}$",
        value=schemas.date_schema(strict=False),
        code="not_a_day",
        sentence="Must be a day as YYYY-MM-DD, of the years 1900 to 2200.",
        shown={"type": "string", "format": "date", "examples": ["2026-12-05"]},
    ),
]
"""A day in Asia/Shanghai: `2026-12-05`."""


def _first_moment(given: str) -> datetime:
    if len(given) == len("YYYY-MM-DD"):
        return datetime.combine(date.fromisoformat(given), time.min, SHANGHAI).astimezone(UTC)
    return datetime.fromisoformat(given.upper())


def _last_moment(given: str) -> datetime:
    first = _first_moment(given)
    return first + _DAY_LESS_A_TICK if len(given) == len("YYYY-MM-DD") else first


_DAY_LESS_A_TICK: Final = timedelta(days=1, microseconds=-1)
_MOMENT: Final = Spelled(
    pattern=f"^{_DAY}(?:[Tt]{_TIME}{_OFFSET})?$",
    value=schemas.no_info_plain_validator_function(_first_moment),
    code="not_a_moment",
    sentence="Must be a day as YYYY-MM-DD, or a time as in RFC 3339 with its offset.",
    shown={
        "type": "string",
        "anyOf": [{"format": "date"}, {"format": "date-time"}],
        "examples": ["2026-12-05", "2026-12-05T09:00:00+08:00"],
    },
)

Since = Annotated[datetime, _MOMENT]
"""Where a time begins: an instant, or a day in Asia/Shanghai, which begins at midnight."""

Until = Annotated[
    datetime, replace(_MOMENT, value=schemas.no_info_plain_validator_function(_last_moment))
]
"""Where a time ends, itself included: an instant, or a day, to its last microsecond."""


@lru_cache(maxsize=65_536)
def _checked_institution(institution_id: str) -> str:
    if uscc.calc_check_digit(institution_id[:17]) != institution_id[17]:
        code, sentence = "check_digit_wrong", "The last of the 18 characters does not fit."
        raise PydanticCustomError(code, sentence)
    return institution_id


InstitutionIdField = Annotated[
    str,
    Field(
        pattern=r"^[0-9A-HJ-NPQRTUWXY]{18}$",
        description="统一社会信用代码; of its structure only the 18th character is verified.",
        json_schema_extra={"format": "uscc", "examples": ["91320602MA1ABCDE16"]},
    ),
    AfterValidator(_checked_institution),
]
"""The 18-character 统一社会信用代码, its check digit (GB 32100) verified and nothing else."""

CallerId = Annotated[
    str,
    Field(
        pattern=r"^[A-Za-z0-9._:-]{1,64}$",
        description="An id that the caller makes.",
        json_schema_extra={"examples": ["C-2026-0001"]},
    ),
]
"""An id that a caller makes, unique per institution."""

AccountNumber = Annotated[
    str,
    Field(
        pattern=r"^[0-9A-Za-z]{6,34}$",
        description="A bank account's number; no check digit is assumed.",
        json_schema_extra={"examples": ["6222020000000000011"]},
    ),
]
"""A bank account's number: 6 to 34 letters and digits."""

DistrictCode = Annotated[
    str,
    Field(
        pattern=r"^[0-9]{6}(?:[0-9]{3}){0,2}$",
        description="A GB/T 2260 division code.",
        json_schema_extra={"examples": ["320602"]},
    ),
]
"""A GB/T 2260 code of 6 digits, or 9 or 12 for streets and villages."""

FenField = Annotated[Fen, Field(ge=1, le=FEN_MAX, strict=True, description="Whole fen.")]
"""A positive amount."""

FenOrZero = Annotated[Fen, Field(ge=0, le=FEN_MAX, strict=True, description="Whole fen.")]
"""An amount that may be nothing."""

LessonNo = Annotated[int, Field(ge=1, le=LESSON_NO_MAX, strict=True)]
"""A lesson's number within its contract."""

Batch = Annotated[list[Entry], Field(min_length=1, max_length=BATCH_MAX)]
"""The items of a batch: `items: Batch[ReleaseItem]`; more than the limit is 413."""


def text(max_length: int) -> FieldInfo:
    """Make the rule of a line for people: never blank, no NUL, at most so long."""
    rule: FieldInfo = Field(
        min_length=1, max_length=max_length, pattern=r"^[^\x00]*[^\s\x00][^\x00]*$"
    )
    return rule
