"""How rules judge and what they found.

| table | holds | changed |
|---|---|---|
| `parameters` | the values of one rule in one district ('' is everywhere), by version | its state |
| `evaluation` | every outcome that is no `no_hit`, once for what it newly rests on | never |
| `suppression` | what a person silenced for a while, with reason and end | its end |
| `backtest` | what a candidate would have found, with its hash | until it is done |
| `evaluated` | how often each rule was asked, by outcome | counts |
"""

from typing import Final

from alerts.migrations.ddl_facts import KEY

TABLES: Final = (
    f"""CREATE TABLE alerts.parameters (
    rule {KEY},
    district_code {KEY},
    version integer NOT NULL,
    state text NOT NULL
        CONSTRAINT parameters_state_check
        CHECK (state IN ('draft', 'shadow', 'live', 'retired')),
    params jsonb NOT NULL,
    params_hash text NOT NULL,
    made_by text NOT NULL,
    made_at timestamptz NOT NULL,
    reason text NOT NULL,
    shadow_since timestamptz,
    live_since timestamptz,
    approvals jsonb NOT NULL DEFAULT '[]',
    CONSTRAINT parameters_pkey PRIMARY KEY (rule, district_code, version))""",
    (
        "CREATE UNIQUE INDEX parameters_live_idx ON alerts.parameters (rule, district_code)"
        " WHERE state = 'live'"
    ),
    f"""CREATE TABLE alerts.evaluation (
    institution_id {KEY},
    evaluation_id uuid NOT NULL,
    rule {KEY},
    rule_version integer NOT NULL,
    district_code {KEY},
    version integer NOT NULL,
    params_hash text NOT NULL,
    mode text NOT NULL CONSTRAINT evaluation_mode_check CHECK (mode IN ('live', 'shadow')),
    as_of timestamptz NOT NULL,
    outcome text NOT NULL
        CONSTRAINT evaluation_outcome_check
        CHECK (outcome IN ('hit', 'suppressed', 'indeterminate', 'error')),
    severity text,
    scope {KEY},
    reason text NOT NULL,
    inputs jsonb NOT NULL,
    fact_ids bigint[] NOT NULL,
    newest_fact bigint NOT NULL,
    sentence text NOT NULL,
    CONSTRAINT evaluation_pkey PRIMARY KEY (institution_id, evaluation_id))""",
    (
        "CREATE UNIQUE INDEX evaluation_once_idx ON alerts.evaluation"
        " (institution_id, rule, mode, version, scope, newest_fact, outcome,"
        " coalesce(severity, ''), reason)"
    ),
    f"""CREATE TABLE alerts.suppression (
    institution_id {KEY},
    suppression_id uuid NOT NULL,
    rule {KEY},
    reason text NOT NULL,
    made_by text NOT NULL,
    made_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    ended_at timestamptz,
    ended_by text,
    CONSTRAINT suppression_pkey PRIMARY KEY (institution_id, suppression_id),
    CONSTRAINT suppression_ends_check CHECK (ends_at > made_at))""",
    f"""CREATE TABLE alerts.backtest (
    backtest_id uuid CONSTRAINT backtest_pkey PRIMARY KEY,
    rule {KEY},
    district_code {KEY},
    version integer NOT NULL,
    params_hash text NOT NULL,
    from_at timestamptz NOT NULL,
    to_at timestamptz NOT NULL,
    made_by text NOT NULL,
    made_at timestamptz NOT NULL,
    state text NOT NULL DEFAULT 'waiting'
        CONSTRAINT backtest_state_check
        CHECK (state IN ('waiting', 'running', 'done', 'failed')),
    done integer NOT NULL DEFAULT 0,
    total integer,
    seen_at timestamptz,
    ended_at timestamptz,
    result jsonb,
    result_hash text,
    CONSTRAINT backtest_span_check CHECK (to_at > from_at))""",
    (
        "CREATE INDEX backtest_waiting_idx ON alerts.backtest (made_at)"
        " WHERE state IN ('waiting', 'running')"
    ),
    f"""CREATE TABLE alerts.evaluated (
    rule {KEY},
    mode {KEY},
    outcome {KEY},
    severity {KEY},
    reason {KEY},
    number bigint NOT NULL,
    last_at timestamptz NOT NULL,
    CONSTRAINT evaluated_pkey PRIMARY KEY (rule, mode, outcome, severity, reason))""",
)

APPEND_ONLY: Final = ("evaluation",)
CHANGEABLE: Final = ("parameters", "suppression", "evaluated", "backtest")
