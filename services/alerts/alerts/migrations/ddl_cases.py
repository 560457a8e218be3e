"""Cases, their evidence, and everything that was done about them.

| table | holds | changed |
|---|---|---|
| `case` | where each case stands | with each step, by version |
| `case_evidence` | the facts a case rests on | never |
| `case_event` | every step, each with the hash of the one before | never |
"""

from typing import Final

from alerts.migrations.ddl_facts import KEY

TABLES: Final = (
    f"""CREATE TABLE alerts."case" (
    institution_id {KEY},
    case_id uuid NOT NULL,
    rule {KEY},
    scope {KEY},
    district_code {KEY},
    severity text NOT NULL
        CONSTRAINT case_severity_check CHECK (severity IN ('info', 'warning', 'critical')),
    opened_severity text,
    state {KEY},
    class text,
    version integer NOT NULL,
    opened_at timestamptz NOT NULL,
    changed_at timestamptz NOT NULL,
    closed_at timestamptz,
    milestone text,
    due_at timestamptz,
    owner text,
    sentence text NOT NULL,
    amount_fen bigint NOT NULL,
    newest_fact bigint NOT NULL,
    last_hash text NOT NULL,
    body jsonb NOT NULL DEFAULT '{{}}',
    CONSTRAINT case_pkey PRIMARY KEY (institution_id, case_id))""",
    (
        'CREATE UNIQUE INDEX one_open_case ON alerts."case" (institution_id, rule, scope)'
        " WHERE state NOT IN ('closed', 'recheck', 'archived')"
    ),
    (
        'CREATE INDEX case_open_idx ON alerts."case" (district_code, severity, opened_at)'
        " WHERE state <> 'archived'"
    ),
    'CREATE UNIQUE INDEX case_id_idx ON alerts."case" (case_id)',
    'CREATE INDEX case_key_idx ON alerts."case" (institution_id, rule, scope)',
    f"""CREATE TABLE alerts.case_evidence (
    institution_id {KEY},
    case_id uuid NOT NULL,
    kind {KEY},
    fact_id bigint NOT NULL,
    evaluation_id uuid,
    added_at timestamptz NOT NULL,
    CONSTRAINT case_evidence_pkey PRIMARY KEY (institution_id, case_id, kind, fact_id))""",
    f"""CREATE TABLE alerts.case_event (
    institution_id {KEY},
    case_id uuid NOT NULL,
    step_no integer NOT NULL,
    at timestamptz NOT NULL,
    actor text NOT NULL,
    role text NOT NULL,
    step {KEY},
    state_before text,
    state_after text NOT NULL,
    reason text NOT NULL,
    payload jsonb NOT NULL,
    prev_hash text NOT NULL,
    hash text NOT NULL,
    CONSTRAINT case_event_pkey PRIMARY KEY (institution_id, case_id, step_no))""",
    (
        "CREATE INDEX case_event_reached_idx ON alerts.case_event"
        " (institution_id, case_id, state_after, state_before, step_no, at)"
        " WHERE state_after IN ('acknowledged', 'interviewed', 'classified', 'closed', 'reopened')"
    ),
)

APPEND_ONLY: Final = ("case_evidence", "case_event")
CHANGEABLE: Final = ('"case"',)
