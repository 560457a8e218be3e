"""What a look-up answers: to everybody, and in full to a key."""

from datetime import date

from pydantic import BaseModel, Field

from shared.web.shown import Moment

_TWO_TIMES = (
    "The day of which it is said, in Asia/Shanghai.",
    "The moment by which it was known.",
)


class Identity(BaseModel):
    """An institution, how it stands, and how fresh that is."""

    institution_id: str
    name: str | None
    district_code: str | None = Field(description="GB/T 2260.")
    category: str | None = Field(description="subject or non_subject")
    delivery: str | None = Field(description="offline, online or both")
    address: str | None
    status: str = Field(
        description="normal, suspended, transformed, winding_down, deregistered, expired,"
        " revoked or unknown; of several licences the best."
    )
    licence_class: str = Field(
        description="both (有证有照), licence_only (有证无照), registration_only (无证有照)"
        " or neither (无证无照)"
    )
    valid_until: str | None = Field(description="The licence's last day; 9999-12-31 is 长期.")
    white_listed: bool | None = Field(description="Null where no source keeps such a list.")
    black_listed: bool
    source: str = Field(description="Who is believed on the status.")
    stale: bool = Field(description="That source is late: what it says may be out of date.")
    as_of: Moment | None = Field(description="The source's own date of what it last published.")
    last_success_at: Moment | None = Field(description="When the source last answered.")


class Site(BaseModel):
    """One licence of an institution."""

    licence_no: str
    name: str | None
    district_code: str | None
    address: str | None
    status: str
    valid_until: str | None


class AccountShown(BaseModel):
    """What escrow says of the institution's money."""

    supervised: bool = Field(description="There is a custody account.")
    may_charge: bool
    reasons: list[str] = Field(description="Why it may not charge.")


class PublicInstitution(Identity):
    """What everybody may know of an institution."""

    as_of_valid: date = Field(description=_TWO_TIMES[0])
    as_of_recorded: Moment = Field(description=_TWO_TIMES[1])
    sites: list[Site]
    account: AccountShown | None = Field(
        description="Null where escrow did not say, and in answers about another time."
    )
    complaint_line: str = Field(description="Where to complain.")


class SiteInFull(Site):
    """One licence of an institution, with who says so."""

    category: str | None
    delivery: str | None
    licensed: bool | None
    registered: bool | None
    white_listed: bool | None
    black_listed: bool | None
    source: str = Field(description="Who is believed on its status.")
    rank: int
    since: date | None
    evidence: str = Field(description="SHA-256 of the file it stood in.")
    conflicts: list[str] = Field(description="Fields on which sources of one rank differ.")


class StatementShown(BaseModel):
    """What one source said of one licence, word for word in our spelling."""

    source: str
    licence_no: str
    statement_no: int
    said: dict[str, str | None]
    valid_from: date
    recorded_at: Moment
    fetch_id: str
    evidence: str = Field(description="SHA-256 of the file it stood in.")
    place: str = Field(description="Where it stood: `line 17`, `白名单!C17`.")


class SourceShown(BaseModel):
    """Where a source stands now."""

    source: str
    rank: int
    version: int | None
    as_of: Moment | None
    valid_until: Moment | None
    last_success_at: Moment | None
    stale: bool


class Institution(PublicInstitution):
    """All that is known of an institution, for those with a key."""

    rank: int = Field(description="Of the source believed on the status; 1 is the best.")
    changed_at: Moment | None = Field(description="When the mirror last changed it.")
    conflicts: list[str] = Field(description="Fields on which sources of one rank differ.")
    sites: list[SiteInFull]  # type: ignore[assignment]
    sources: list[SourceShown]
    statements: list[StatementShown]


class InstitutionPage(BaseModel):
    """Institutions in the order of their codes."""

    items: list[Identity]
    next: str | None
