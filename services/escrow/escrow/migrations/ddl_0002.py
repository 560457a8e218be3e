"""The statements of revision 0002: what the registry said, and what was read of its feed.

Only tables and indexes are added: the code of revision 0001 works on beside them.
`escrow.institution.status` is not written any more; a later revision drops it, when no process
reads it.
"""

from typing import Final

from escrow.migrations.ddl_0001 import KEY

REGISTRY: Final = (
    f"""CREATE TABLE escrow.registry_word (
    institution_id {KEY} CONSTRAINT registry_word_pkey PRIMARY KEY,
    sequence bigint NOT NULL CONSTRAINT registry_word_sequence_check CHECK (sequence >= 1),
    event_id text NOT NULL,
    type text NOT NULL,
    status text NOT NULL,
    effect text NOT NULL CONSTRAINT registry_word_effect_check CHECK (effect IN ('freeze',
        'no_collection', 'review', 'none', 'restore_proposed')),
    white_listed boolean,
    black_listed boolean,
    is_stale boolean NOT NULL,
    objections text[] NOT NULL,
    heard_at timestamptz NOT NULL)""",
    f"""CREATE TABLE escrow.freeze_confirmation (
    institution_id {KEY},
    freeze_id uuid NOT NULL,
    reason text NOT NULL,
    document_no text NOT NULL,
    confirmed_at timestamptz NOT NULL,
    confirmed_by text NOT NULL,
    CONSTRAINT freeze_confirmation_pkey PRIMARY KEY (institution_id, freeze_id))""",
    # One event freezes a scope once, however often it is read.
    (
        "CREATE UNIQUE INDEX freeze_registry_event_id_key"
        " ON escrow.freeze (institution_id, registry_event_id, scope)"
        " WHERE registry_event_id IS NOT NULL"
    ),
    (
        "CREATE INDEX freeze_protective_idx ON escrow.freeze (placed_at)"
        " WHERE registry_event_id IS NOT NULL AND lifted_at IS NULL"
    ),
    f"""CREATE TABLE escrow.feed_cursor (
    feed {KEY} CONSTRAINT feed_cursor_pkey PRIMARY KEY,
    cursor text,
    read_at timestamptz)""",
    f"""CREATE TABLE escrow.feed_set_aside (
    feed {KEY},
    event_id {KEY},
    institution_id text,
    type text,
    fault text NOT NULL,
    set_aside_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT feed_set_aside_pkey PRIMARY KEY (feed, event_id))""",
)

APPEND_ONLY: Final = ("freeze_confirmation", "feed_set_aside")
"""Tables whose rows the service's login can add and never change."""

CHANGEABLE: Final = ("registry_word", "feed_cursor")
"""Tables whose rows the service's login may add and change."""
