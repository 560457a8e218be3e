"""Clearance campaigns and reports.

| table | holds | changed |
|---|---|---|
| `campaign` | a clearance campaign (清零) of a district with its two dates | never |
| `report` | a daily report, as it was made | its signature, once |
"""

from typing import Final

from alerts.migrations.ddl_facts import KEY

TABLES: Final = (
    f"""CREATE TABLE alerts.campaign (
    campaign_id uuid CONSTRAINT campaign_pkey PRIMARY KEY,
    name text NOT NULL,
    district_code {KEY},
    category text,
    clear_by date NOT NULL,
    refund_by date NOT NULL,
    made_by text NOT NULL,
    made_at timestamptz NOT NULL,
    CONSTRAINT campaign_dates_check CHECK (refund_by <= clear_by))""",
    f"""CREATE TABLE alerts.report (
    kind {KEY},
    district_code {KEY},
    day date NOT NULL,
    report_no integer NOT NULL,
    made_at timestamptz NOT NULL,
    body jsonb NOT NULL,
    hash text NOT NULL,
    signed_by text,
    signed_at timestamptz,
    CONSTRAINT report_pkey PRIMARY KEY (kind, district_code, day, report_no))""",
)

APPEND_ONLY: Final = ("campaign",)
CHANGEABLE: Final = ("report",)
