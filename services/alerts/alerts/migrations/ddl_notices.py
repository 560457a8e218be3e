"""Word to people: what is to be sent, what became of it.

| table | holds | changed |
|---|---|---|
| `notice` | one message to one channel | until it is delivered or given up |
| `delivery` | every try with the answer | never |
"""

from typing import Final

from alerts.migrations.ddl_facts import KEY

TABLES: Final = (
    f"""CREATE TABLE alerts.notice (
    notice_id uuid CONSTRAINT notice_pkey PRIMARY KEY,
    dedup_key {KEY} CONSTRAINT notice_dedup_key UNIQUE,
    channel {KEY},
    kind text NOT NULL,
    severity text NOT NULL,
    body jsonb NOT NULL,
    made_at timestamptz NOT NULL,
    next_try_at timestamptz,
    tries integer NOT NULL DEFAULT 0,
    state text NOT NULL
        CONSTRAINT notice_state_check
        CHECK (state IN ('waiting', 'delivered', 'digested', 'given_up')),
    ended_at timestamptz)""",
    (
        "CREATE INDEX notice_waiting_idx ON alerts.notice (channel, next_try_at)"
        " WHERE state = 'waiting'"
    ),
    f"""CREATE TABLE alerts.delivery (
    notice_id uuid NOT NULL,
    try_no integer NOT NULL,
    channel {KEY},
    at timestamptz NOT NULL,
    result {KEY},
    receipt text,
    CONSTRAINT delivery_pkey PRIMARY KEY (notice_id, try_no))""",
)

APPEND_ONLY: Final = ("delivery",)
CHANGEABLE: Final = ("notice",)
