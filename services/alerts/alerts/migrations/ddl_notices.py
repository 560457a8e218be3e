"""Word to people: what is to be sent, what became of it.

| table | holds | changed |
|---|---|---|
| `notice` | one message to one channel | until it is delivered, digested or given up |
| `delivery` | every try with the answer | never |
| `channel` | whose turn it is to send there, and when messages last went out | with each turn |

`notice.kind` is the channel's kind (wecom, dingtalk, mail, webhook), which metrics are labelled
by. A notice is due from `due_at` on, later than `made_at` where it was held until office hours.
Times of `channel` are the database's own: a robot counts real seconds. All others are of the
clock that the sandbox may raise.
"""

from typing import Final

from alerts.migrations.ddl_facts import KEY

TABLES: Final = (
    f"""CREATE TABLE alerts.notice (
    notice_id uuid CONSTRAINT notice_pkey PRIMARY KEY,
    dedup_key {KEY} CONSTRAINT notice_dedup_key UNIQUE,
    channel {KEY},
    kind text NOT NULL
        CONSTRAINT notice_kind_check CHECK (kind IN ('wecom', 'dingtalk', 'mail', 'webhook')),
    severity text NOT NULL
        CONSTRAINT notice_severity_check CHECK (severity IN ('info', 'warning', 'critical')),
    body jsonb NOT NULL,
    made_at timestamptz NOT NULL,
    due_at timestamptz NOT NULL,
    next_try_at timestamptz NOT NULL,
    tries integer NOT NULL DEFAULT 0,
    failures integer NOT NULL DEFAULT 0,
    failing_since timestamptz,
    parts_sent integer NOT NULL DEFAULT 0,
    is_brief boolean NOT NULL DEFAULT false,
    is_alarm boolean NOT NULL DEFAULT false,
    maybe_repeated boolean NOT NULL DEFAULT false,
    lease uuid,
    digest_id uuid,
    state text NOT NULL
        CONSTRAINT notice_state_check
        CHECK (state IN ('waiting', 'delivered', 'digested', 'given_up')),
    ended_at timestamptz,
    CONSTRAINT notice_ended_check CHECK ((state = 'waiting') = (ended_at IS NULL)))""",
    (
        "CREATE INDEX notice_waiting_idx ON alerts.notice (channel, next_try_at)"
        " WHERE state = 'waiting'"
    ),
    f"""CREATE TABLE alerts.delivery (
    notice_id uuid NOT NULL,
    try_no integer NOT NULL,
    part_no integer NOT NULL,
    channel {KEY},
    at timestamptz NOT NULL,
    result text NOT NULL
        CONSTRAINT delivery_result_check CHECK (result IN ('delivered', 'refused', 'failed')),
    receipt text,
    CONSTRAINT delivery_pkey PRIMARY KEY (notice_id, try_no))""",
    f"""CREATE TABLE alerts.channel (
    channel {KEY} CONSTRAINT channel_pkey PRIMARY KEY,
    lease uuid,
    leased_until timestamptz NOT NULL DEFAULT '-infinity',
    rests_until timestamptz NOT NULL DEFAULT '-infinity',
    failures integer NOT NULL DEFAULT 0,
    sent timestamptz[] NOT NULL DEFAULT '{{}}')""",
)

APPEND_ONLY: Final = ("delivery",)
CHANGEABLE: Final = ("notice", "channel")
