"""What an officer may do with a case, and what each deed must say."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any, TypeAlias

from alerts.domain.casewords import Finding
from shared.time import rfc3339


@dataclass(frozen=True, slots=True)
class Acknowledge:
    """Take a case on (受理)."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """Agree on an interview (约谈); one with several departments is a joint one (联合约谈)."""

    at: datetime
    place: str
    departments: tuple[str, ...]
    representative: str | None = None


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that is kept elsewhere, by what it hashes to."""

    name: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Hold:
    """Record an interview that was held."""

    at: datetime
    place: str
    departments: tuple[str, ...]
    representative: str
    questions: tuple[str, ...]
    commitments: tuple[str, ...]
    attachments: tuple[Attachment, ...]
    signed_on: date


@dataclass(frozen=True, slots=True)
class Classify:
    """Say what the case turned out to be (研判)."""

    finding: Finding
    skip_reason: str = ""
    """Why nobody was interviewed: of a case that is not red."""


@dataclass(frozen=True, slots=True)
class Rectify:
    """Order that something be put right by a day (限期整改)."""

    what: str
    until: date


@dataclass(frozen=True, slots=True)
class Refer:
    """Hand the case to another department (转办、移送); several may have it at once (双转办)."""

    department: str
    document_no: str
    deadline: date


@dataclass(frozen=True, slots=True)
class Supervise:
    """Put the case under a higher authority's eye (挂牌督办)."""

    authority: str
    document_no: str
    until: date


@dataclass(frozen=True, slots=True)
class Close:
    """End the case (办结); of a red case that was nothing, two officers have to."""


@dataclass(frozen=True, slots=True)
class BeginRecheck:
    """Look back at a closed case, once its time has come (回头看)."""


@dataclass(frozen=True, slots=True)
class Archive:
    """End a recheck that found things in order (归档)."""


@dataclass(frozen=True, slots=True)
class Relapse:
    """End a recheck that found them as before: the case is open again."""


@dataclass(frozen=True, slots=True)
class Reopen:
    """Open a closed case again, for what became known since."""


Measure: TypeAlias = Rectify | Refer | Supervise
Action: TypeAlias = (
    Acknowledge
    | Schedule
    | Hold
    | Classify
    | Measure
    | Close
    | BeginRecheck
    | Archive
    | Relapse
    | Reopen
)


@dataclass(frozen=True, slots=True)
class Command:
    """A deed, by whom, and why."""

    action: Action
    actor: str
    role: str
    reason: str = ""
    version: int | None = None
    """The case's as the officer saw it; None where they do not mind what happened since."""
    waiting_for: str | None = None
    """Who is waited for from now on: institution, bank or department. Stops no clock."""


def told(action: Action) -> dict[str, Any]:
    """Return what history and the case keep of a deed, as JSON holds it."""
    return {one.name: _plain(getattr(action, one.name)) for one in fields(action)}


def _plain(value: object) -> object:
    if isinstance(value, Attachment):
        return {"name": value.name, "sha256": value.sha256}
    if isinstance(value, datetime):
        return rfc3339(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    return value.value if isinstance(value, Finding) else value


def without(body: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """Return a case's body without some of what it says."""
    return {name: said for name, said in body.items() if name not in names}
