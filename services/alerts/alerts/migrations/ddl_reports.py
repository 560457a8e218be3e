"""Clearance campaigns, reports and assessments.

| table | holds | changed |
|---|---|---|
| `campaign` | a clearance campaign (清零) of a district with its two dates | never |
| `clearance` | how far each institution is with each campaign, as of its last count | hourly |
| `report` | a daily report, as it was made | its signature, once |
| `assessment` | what officers made of an institution (一研判), by version | never |
"""

from typing import Final

from alerts.migrations.ddl_facts import KEY

TABLES: Final = (
    f"""CREATE TABLE alerts.campaign (
    campaign_id uuid CONSTRAINT campaign_pkey PRIMARY KEY,
    name text NOT NULL,
    district_code {KEY},
    category text
        CONSTRAINT campaign_category_check CHECK (category IN ('subject', 'non_subject')),
    clear_by date NOT NULL,
    refund_by date NOT NULL,
    made_by text NOT NULL,
    made_at timestamptz NOT NULL,
    CONSTRAINT campaign_dates_check CHECK (refund_by <= clear_by))""",
    "CREATE INDEX campaign_district_idx ON alerts.campaign (district_code, clear_by)",
    f"""CREATE TABLE alerts.clearance (
    campaign_id uuid NOT NULL,
    institution_id {KEY},
    as_of timestamptz NOT NULL,
    start_fen bigint NOT NULL,
    came_fen bigint NOT NULL,
    taught_fen bigint NOT NULL,
    refunded_fen bigint NOT NULL,
    held_fen bigint NOT NULL,
    days_left integer NOT NULL,
    rate_fen bigint NOT NULL,
    required_fen bigint NOT NULL,
    remainder_fen bigint NOT NULL,
    state text NOT NULL
        CONSTRAINT clearance_state_check
        CHECK (state IN ('clear', 'on_track', 'at_risk', 'overdue')),
    sentence text NOT NULL,
    CONSTRAINT clearance_pkey PRIMARY KEY (campaign_id, institution_id),
    CONSTRAINT clearance_sum_check
        CHECK (start_fen + came_fen - taught_fen - refunded_fen = held_fen))
    WITH (fillfactor = 80)""",
    f"""CREATE TABLE alerts.report (
    kind {KEY},
    district_code {KEY},
    day date NOT NULL,
    report_no integer NOT NULL,
    first_day date NOT NULL,
    made_at timestamptz NOT NULL,
    made_by text NOT NULL,
    reason text NOT NULL DEFAULT '',
    body jsonb NOT NULL,
    hash text NOT NULL,
    signed_by text,
    signed_at timestamptz,
    CONSTRAINT report_pkey PRIMARY KEY (kind, district_code, day, report_no),
    CONSTRAINT report_days_check CHECK (first_day <= day),
    CONSTRAINT report_signed_check CHECK ((signed_by IS NULL) = (signed_at IS NULL)))""",
    f"""CREATE TABLE alerts.assessment (
    institution_id {KEY},
    version integer NOT NULL,
    made_at timestamptz NOT NULL,
    made_by text NOT NULL,
    risk text NOT NULL
        CONSTRAINT assessment_risk_check CHECK (risk IN ('ok', 'warning', 'critical')),
    text text NOT NULL,
    figures jsonb NOT NULL,
    CONSTRAINT assessment_pkey PRIMARY KEY (institution_id, version))""",
)

APPEND_ONLY: Final = ("campaign", "assessment")
CHANGEABLE: Final = ("clearance", "report")
