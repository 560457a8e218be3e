"""What the routes of reports answer with, and what they are sent."""

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from shared.web.limits import Day, DistrictCode, Shape, text
from shared.web.shown import Moment


class SignBody(Shape):
    """Which report is signed: by its number and the hash of what was read."""

    date: Annotated[Day, Field(description="A day that the report covers.")]
    district_code: DistrictCode
    report_no: Annotated[int, Field(ge=1, le=100)]
    hash: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class CorrectionBody(Shape):
    """Which day's report is made anew, and why."""

    date: Annotated[Day, Field(description="A day that the report covers.")]
    district_code: DistrictCode
    reason: Annotated[str, text(500)]


class AssessmentBody(Shape):
    """What an officer makes of an institution (研判)."""

    risk: Literal["ok", "warning", "critical"]
    text: Annotated[str, text(5_000)]


class CaseLine(BaseModel):
    """One case as a report lists it; words in Chinese beside the wire's."""

    case_id: str
    institution_id: str
    name: str | None
    district_code: str
    rule: str
    rule_text: str
    severity: str
    severity_text: str
    state: str
    state_text: str
    finding: str | None
    finding_text: str
    opened_at: Moment
    due_at: Moment | None
    milestone: str | None
    milestone_text: str
    owner: str | None
    sentence: str
    amount_fen: int


class PartAnswer(BaseModel):
    """Some cases: all counted, the first 500 listed; number = items + not_shown."""

    number: int
    amount_fen: int
    severities: dict[str, int]
    items: list[CaseLine]
    not_shown: int
    not_shown_fen: int


class DailyAnswer(BaseModel):
    """A daily report (日报告) as it was made."""

    district_code: str
    first_day: date
    last_day: date
    as_of: Moment
    report_no: int | None = Field(None, description="None of a preview.")
    reason: str = Field("", description="Why it was made anew; empty of the first.")
    is_zero: bool = Field(description="Nothing new, nothing overdue, nothing red (零报告).")
    opened: PartAnswer = Field(description="Cases opened on these days.")
    overdue: PartAnswer = Field(description="Past their deadline when it was made.")
    critical: PartAnswer = Field(description="Red and open when it was made.")
    closed: PartAnswer = Field(description="Closed on these days; counted, not listed.")
    open: PartAnswer = Field(description="Open when it was made; counted, not listed.")
    standing: dict[str, Any] = Field(description="How the district's institutions were judged.")
    districts: list[dict[str, Any]]
    feeds: list[dict[str, Any]] = Field(description="How fresh what it rests on was.")
    made_by: str | None = None
    hash: str | None = Field(None, description="SHA-256 of the content; what is signed.")
    is_intact: bool | None = Field(None, description="Whether the content still has that hash.")
    signed_by: str | None = None
    signed_at: Moment | None = None


class FigureAnswer(BaseModel):
    """One figure with its source; without a value where it is not known, and then why."""

    key: str
    title: str
    unit: str = Field(description="fen, bps, number, day, moment, text")
    value: int | str | None
    source: str
    unknown: str


class MonthAnswer(BaseModel):
    """What one month came to."""

    month: str
    came_fen: int
    taught_fen: int
    refunded_fen: int
    outflow_fen: int


class BalanceAnswer(BaseModel):
    """What the account held at the end of a week."""

    day: date
    balance_fen: int


class OpenAnswer(BaseModel):
    """One open item (一清单)."""

    kind: str = Field(description="case, freeze, refund")
    title: str
    since: Moment
    due_at: Moment | None
    awaits: str
    amount_fen: int
    ref: str
    sentence: str


class AssessmentAnswer(BaseModel):
    """What an officer made of it, under a version."""

    version: int
    made_at: Moment
    made_by: str
    risk: str
    text: str | None


class FoundAnswer(BaseModel):
    """What a rule says of it."""

    rule: str
    rule_text: str
    severity: str
    sentence: str


class UnsureAnswer(BaseModel):
    """What a rule could not judge."""

    rule: str
    rule_text: str
    reason: str


class JudgedAnswer(BaseModel):
    """What is made of it (一研判): the rules' word, and an officer's beside it."""

    risk: str = Field(description="ok, warning, critical, indeterminate: by the rules.")
    found: list[FoundAnswer]
    indeterminate: list[UnsureAnswer] = Field(description="Not judged is not harmless.")
    officer: AssessmentAnswer | None


class DossierAnswer(BaseModel):
    """One institution: 一张表, 一清单, 一研判."""

    institution_id: str
    name: str | None
    as_of: Moment
    figures: list[FigureAnswer]
    months: list[MonthAnswer]
    balances: list[BalanceAnswer]
    floor_fen: int | None
    open_items: list[OpenAnswer]
    assessment: JudgedAnswer


class IndicatorAnswer(FigureAnswer):
    """One indicator (督查指标)."""

    area: str
    period: str = Field(description="期间: of the days; 时点: as of the instant.")


class IndicatorsAnswer(BaseModel):
    """Indicators of a district."""

    district_code: str | None
    as_of: Moment
    first_day: date
    last_day: date
    judged_since: Moment | None = Field(description="The age of the standing figures.")
    items: list[IndicatorAnswer]


class LedgerLine(CaseLine):
    """One case with the days of its steps."""

    acknowledged_at: Moment | None
    interviewed_at: Moment | None
    classified_at: Moment | None
    closed_at: Moment | None
    rechecked_at: Moment | None
    steps: int


class LedgerAnswer(BaseModel):
    """The work ledger (工作台账), the newest first."""

    items: list[LedgerLine]
    next: str | None


class InterviewLine(BaseModel):
    """One institution to interview, and why."""

    institution_id: str
    name: str | None
    district_code: str
    why: str
    held_fen: int
    custody_fen: int
    risk: str
    interviewed_at: Moment | None
    is_interviewed: bool = Field(description="In the running quarter.")
    sentence: str


class InterviewsAnswer(BaseModel):
    """Whom to interview in the running quarter (两必谈)."""

    district_code: str | None
    as_of: Moment
    quarter: str
    items: list[InterviewLine]
