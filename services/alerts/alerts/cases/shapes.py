"""Cases as the wire has them: what officers send, what readers are shown."""

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Path
from pydantic import BaseModel, ConfigDict, Field, model_validator

from alerts.domain.casewords import Finding
from shared.web.limits import Day, Instant, Shape, refusal, text
from shared.web.shown import Moment

CaseId = Annotated[UUID, Path(description="The case's id.")]
Reason = Annotated[str, text(500)]
Line = Annotated[str, text(200)]
Answered = Annotated[str, text(500)]
"""One question or one commitment of an interview."""


class Noted(Shape):
    """What every step may say besides."""

    reason: Reason | None = None
    version: Annotated[int | None, Field(ge=1, description="The case's, as you read it.")] = None
    waiting_for: Annotated[
        Literal["institution", "bank", "department"] | None,
        Field(description="Who is waited for from now on; no clock stops."),
    ] = None


class AcknowledgeBody(Noted):
    """Take a case on."""


class AttachmentBody(Shape):
    """A file that is kept elsewhere, by what it hashes to."""

    name: Line
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$", description="SHA-256 of the file.")]


class InterviewBody(Noted):
    """An interview: agreed on, or held."""

    kind: Literal["scheduled", "held"]
    at: Instant
    place: Line
    departments: Annotated[
        list[Line],
        Field(min_length=1, max_length=10, description="More than one: a joint interview."),
    ]
    representative: Annotated[Line | None, Field(description="Who spoke for the institution.")] = (
        None
    )
    questions: list[Answered] = Field(default=[], max_length=50)
    commitments: list[Answered] = Field(default=[], max_length=50)
    attachments: list[AttachmentBody] = Field(default=[], max_length=20)
    signed_on: Day | None = None

    @model_validator(mode="after")
    def _complete(self) -> "InterviewBody":
        if self.kind == "held" and (self.representative is None or self.signed_on is None):
            code = "record_incomplete"
            raise refusal(code, "The record of an interview has `representative` and `signed_on`.")
        return self


class ClassificationBody(Noted):
    """What the case turned out to be."""

    finding: Annotated[Finding, Field(alias="class")]
    reason: Reason
    skip_reason: Annotated[
        str,
        Field(max_length=500, description="Why nobody was interviewed; never of a red case."),
    ] = ""


class ReferralBody(Noted):
    """Another department has the case now."""

    department: Line
    document_no: Line
    deadline: Day


class RectificationBody(Noted):
    """Something is to be put right."""

    what: Reason
    until: Day


class SupervisionBody(Noted):
    """A higher authority looks on."""

    authority: Line
    document_no: Line
    until: Day


class CloseBody(Noted):
    """End a case."""

    reason: Reason


class ReopenBody(Noted):
    """Open a closed case again."""

    reason: Reason


class RecheckBody(Noted):
    """Look back at a closed case."""

    outcome: Annotated[
        Literal["begun", "in_order", "relapsed"],
        Field(description="begun, then in_order (archived) or relapsed (reopened)"),
    ]


class CaseAnswer(BaseModel):
    """Where one case stands."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    institution_id: str
    institution_name: str | None
    district_code: str
    rule: str
    scope: str
    severity: str = Field(description="info (提示), warning (黄) or critical (红)")
    state: str
    finding: str | None = Field(serialization_alias="class")
    version: int
    opened_at: Moment
    changed_at: Moment
    closed_at: Moment | None
    milestone: str | None = Field(description="What must be done next.")
    due_at: Moment | None
    is_overdue: bool
    owner: str | None
    sentence: str
    amount_fen: int
    waiting_for: str | None
    closing_proposed: dict[str, Any] | None = Field(
        description="By whom, why and when; a second officer closes."
    )
    proposed_class: str | None = Field(description="What a correction suggests.")
    next_steps: list[str]


class CasePage(BaseModel):
    """Cases, the newest first."""

    items: list[CaseAnswer]
    next: str | None


class EvidenceAnswer(BaseModel):
    """One fact that a case rests on."""

    fact_id: int
    kind: str | None
    at: Moment | None
    amount_fen: int | None
    ref: str | None
    tag: str | None
    text: str | None = Field(description="Of a tip, an inspection or a bank's warning.")
    evaluation_id: str | None
    added_at: Moment
    is_withdrawn: bool


class EventAnswer(BaseModel):
    """One step of a case's history."""

    step_no: int
    at: Moment
    actor: str
    role: str
    step: str
    state_before: str | None
    state_after: str
    reason: str
    payload: dict[str, Any]
    hash: str


class ChainAnswer(BaseModel):
    """Whether the history is as it was written."""

    is_intact: bool
    steps: int
    broken_at: int | None = Field(description="The first step that is not as it was written.")
    last_hash: str


class CaseDetailAnswer(CaseAnswer):
    """One case with everything that is known of it."""

    interview: dict[str, Any] | None
    measures: list[dict[str, Any]]
    evidence: list[EvidenceAnswer] = Field(description="The newest 500.")
    evidence_count: int
    history: list[EventAnswer] = Field(description="The last 500 steps.")
    chain: ChainAnswer
