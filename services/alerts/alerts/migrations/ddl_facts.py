"""What is known: facts, where the feeds were read to, and what of them was set aside.

| table | holds | changed |
|---|---|---|
| `institution` | one row per institution: its lock, and how it last stood | with each judging |
| `fact` | what was said, one row per fact (`alerts.domain.facts`) | never |
| `feed` | where each feed was read to | with each page |
| `set_aside` | events that are no facts: kept, counted, looked at by people | never |
| `workday` | the calendar with make-up workdays | by its import |
"""

from typing import Final

KEY: Final = 'text COLLATE "C" NOT NULL'

TABLES: Final = (
    f"""CREATE TABLE alerts.institution (
    institution_id {KEY} CONSTRAINT institution_pkey PRIMARY KEY,
    name text,
    district_code text COLLATE "C",
    category text,
    touched_at timestamptz,
    judged_at timestamptz,
    custody_fen bigint NOT NULL DEFAULT 0,
    held_fen bigint NOT NULL DEFAULT 0,
    required_fen bigint NOT NULL DEFAULT 0,
    outflow_fen bigint NOT NULL DEFAULT 0,
    refunded_fen bigint NOT NULL DEFAULT 0,
    risk text NOT NULL DEFAULT 'ok'
        CONSTRAINT institution_risk_check
        CHECK (risk IN ('ok', 'warning', 'critical', 'indeterminate')))
    WITH (fillfactor = 80)""",
    "CREATE INDEX institution_district_idx ON alerts.institution (district_code, institution_id)",
    (
        "CREATE INDEX institution_touched_idx ON alerts.institution (touched_at, institution_id)"
        " WHERE touched_at IS NOT NULL"
    ),
    f"""CREATE TABLE alerts.fact (
    institution_id {KEY},
    fact_id bigint GENERATED ALWAYS AS IDENTITY,
    event_id uuid NOT NULL,
    part integer NOT NULL,
    kind text NOT NULL,
    at timestamptz NOT NULL,
    seen_at timestamptz NOT NULL,
    told_at timestamptz,
    amount_fen bigint NOT NULL DEFAULT 0,
    ref text NOT NULL DEFAULT '',
    tag text NOT NULL DEFAULT '',
    number integer NOT NULL DEFAULT 0,
    body jsonb,
    CONSTRAINT fact_pkey PRIMARY KEY (institution_id, fact_id),
    CONSTRAINT fact_event_key UNIQUE (institution_id, event_id, part))""",
    f"""CREATE TABLE alerts.feed (
    feed {KEY} CONSTRAINT feed_pkey PRIMARY KEY,
    cursor text,
    read_at timestamptz,
    heard_at timestamptz)""",
    f"""CREATE TABLE alerts.set_aside (
    feed {KEY},
    event_id {KEY},
    institution_id text COLLATE "C",
    type text,
    fault text NOT NULL,
    body jsonb,
    set_aside_at timestamptz NOT NULL,
    CONSTRAINT set_aside_pkey PRIMARY KEY (feed, event_id))""",
    """CREATE TABLE alerts.workday (
    day date CONSTRAINT workday_pkey PRIMARY KEY,
    is_workday boolean NOT NULL,
    is_provisional boolean NOT NULL DEFAULT false,
    name text)""",
)

APPEND_ONLY: Final = ("fact", "set_aside")
CHANGEABLE: Final = ("institution", "feed", "workday")
