"""The statements of revision 0001: what was fetched, what is held of it, what was decided.

| table | holds | changed |
|---|---|---|
| `fetch`, `fetch_part` | every fetch with its raw bytes and their hash | the result, once |
| `statement` | what a source said of a site, one row for every change of it | never |
| `site` | the last of those statements, to compare with | with each |
| `institution` | how it is believed to stand, and its place on the feed | with each |
| `set_aside` | rows not believed, by where they stood | never |
| `hold`, `held_site`, `hold_vote` | what waits for two persons | the state, once |
| `import` | a sheet that waits for its officer | the state, once |
| `source` | where each source stands | with each fetch |
| `event`, `feed_epoch` | the feed | never |

Everything the services join by begins with `institution_id`; what was fetched is keyed by
what fetched it. Keys compare byte by byte, whatever the server's locale.
"""

from typing import Final

KEY: Final = 'text COLLATE "C" NOT NULL'

REGISTRY: Final = (
    f"""CREATE TABLE registry.source (
    source {KEY} CONSTRAINT source_pkey PRIMARY KEY,
    rank smallint NOT NULL CONSTRAINT source_rank_check CHECK (rank BETWEEN 1 AND 99),
    version bigint,
    schema_version integer,
    etag text,
    as_of timestamptz,
    valid_until timestamptz,
    cadence_s integer,
    last_tried_at timestamptz,
    last_result text,
    last_success_at timestamptz,
    last_change_at timestamptz,
    last_full_at timestamptz)""",
    f"""CREATE TABLE registry.fetch (
    fetch_id uuid CONSTRAINT fetch_pkey PRIMARY KEY,
    source {KEY},
    kind text NOT NULL CONSTRAINT fetch_kind_check CHECK (kind IN ('full', 'delta', 'import')),
    version bigint,
    started_at timestamptz NOT NULL,
    finished_at timestamptz,
    result text NOT NULL,
    detail text,
    records integer,
    sha256 text,
    fill_bps jsonb)""",
    "CREATE INDEX fetch_source_idx ON registry.fetch (source, started_at)",
    """CREATE TABLE registry.fetch_part (
    fetch_id uuid NOT NULL,
    part_no integer NOT NULL,
    name text NOT NULL,
    sha256 text NOT NULL,
    content bytea NOT NULL,
    CONSTRAINT fetch_part_pkey PRIMARY KEY (fetch_id, part_no))""",
    "ALTER TABLE registry.fetch_part ALTER COLUMN content SET STORAGE EXTERNAL",
    f"""CREATE TABLE registry.statement (
    institution_id {KEY},
    source {KEY},
    licence_no {KEY},
    statement_no bigint NOT NULL,
    said text[] NOT NULL,
    valid_from date NOT NULL,
    recorded_at timestamptz NOT NULL,
    fetch_id uuid NOT NULL,
    place text NOT NULL,
    CONSTRAINT statement_pkey
        PRIMARY KEY (institution_id, source, licence_no, statement_no))""",
    (
        "CREATE INDEX statement_recorded_at_idx ON registry.statement (source, recorded_at)"
        " WHERE statement_no > 1"
    ),
    f"""CREATE TABLE registry.site (
    institution_id {KEY},
    source {KEY},
    licence_no {KEY},
    digest bytea NOT NULL,
    said text[] NOT NULL,
    valid_from date NOT NULL,
    statement_no bigint NOT NULL,
    evidence text NOT NULL,
    first_seen_at timestamptz NOT NULL,
    missing_since timestamptz,
    missing_fulls integer NOT NULL DEFAULT 0
        CONSTRAINT site_missing_fulls_check CHECK (missing_fulls >= 0),
    CONSTRAINT site_pkey PRIMARY KEY (institution_id, source, licence_no))
    WITH (fillfactor = 85)""",
    "CREATE INDEX site_source_idx ON registry.site (source)",
    "CREATE INDEX site_missing_idx ON registry.site (source) WHERE missing_fulls > 0",
    f"""CREATE TABLE registry.institution (
    institution_id {KEY} CONSTRAINT institution_pkey PRIMARY KEY,
    name text,
    district_code text,
    status text NOT NULL,
    valid_until text COLLATE "C",
    terms text[] NOT NULL,
    body text NOT NULL,
    missing_told boolean NOT NULL DEFAULT false,
    changed_at timestamptz NOT NULL,
    sequence bigint NOT NULL,
    order_xid xid8 NOT NULL)
    WITH (fillfactor = 85)""",
    "CREATE INDEX institution_terms_idx ON registry.institution USING gin (terms)",
    "CREATE INDEX institution_district_idx ON registry.institution (district_code, institution_id)",
    (
        "CREATE INDEX institution_valid_until_idx ON registry.institution"
        " (valid_until, institution_id) WHERE status = 'normal'"
    ),
    "CREATE INDEX institution_status_idx ON registry.institution (status, institution_id)",
    f"""CREATE TABLE registry.set_aside (
    fetch_id uuid NOT NULL,
    row_no integer NOT NULL,
    source {KEY},
    place text NOT NULL,
    reason text NOT NULL,
    field text,
    institution_id text,
    set_aside_at timestamptz NOT NULL,
    CONSTRAINT set_aside_pkey PRIMARY KEY (fetch_id, row_no))""",
    "CREATE INDEX set_aside_source_idx ON registry.set_aside (source, set_aside_at)",
    f"""CREATE TABLE registry.hold (
    hold_id uuid CONSTRAINT hold_pkey PRIMARY KEY,
    source {KEY},
    reason text NOT NULL,
    fetch_id uuid NOT NULL,
    version bigint,
    changes integer NOT NULL CONSTRAINT hold_changes_check CHECK (changes >= 0),
    detail text NOT NULL,
    state text NOT NULL CONSTRAINT hold_state_check
        CHECK (state IN ('open', 'approved', 'applied', 'rejected', 'expired', 'replaced')),
    made_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    ended_at timestamptz)""",
    (
        "CREATE UNIQUE INDEX hold_one_open_key ON registry.hold (source, reason)"
        " WHERE state IN ('open', 'approved')"
    ),
    f"""CREATE TABLE registry.held_site (
    hold_id uuid NOT NULL,
    institution_id {KEY},
    licence_no {KEY},
    district_code text,
    CONSTRAINT held_site_pkey PRIMARY KEY (hold_id, institution_id, licence_no))""",
    """CREATE TABLE registry.hold_vote (
    hold_id uuid NOT NULL,
    voter text NOT NULL,
    verdict text NOT NULL CONSTRAINT hold_vote_verdict_check
        CHECK (verdict IN ('approve', 'reject')),
    reason text NOT NULL,
    voted_at timestamptz NOT NULL,
    CONSTRAINT hold_vote_pkey PRIMARY KEY (hold_id, voter))""",
    f"""CREATE TABLE registry.import (
    import_id uuid CONSTRAINT import_pkey PRIMARY KEY,
    source {KEY},
    fetch_id uuid NOT NULL,
    file_name text NOT NULL,
    uploaded_by text NOT NULL,
    uploaded_at timestamptz NOT NULL,
    preview jsonb NOT NULL,
    state text NOT NULL CONSTRAINT import_state_check
        CHECK (state IN ('preview', 'accepted', 'replaced')),
    accepted_by text,
    accepted_at timestamptz)""",
    """CREATE TABLE registry.feed_epoch (
    epoch integer CONSTRAINT feed_epoch_pkey PRIMARY KEY
        CONSTRAINT feed_epoch_epoch_check CHECK (epoch >= 1),
    opened_at timestamptz NOT NULL DEFAULT now())""",
    "INSERT INTO registry.feed_epoch (epoch) VALUES (1)",
    f"""CREATE TABLE registry.event (
    institution_id {KEY},
    sequence bigint NOT NULL CONSTRAINT event_sequence_check CHECK (sequence >= 1),
    event_id uuid NOT NULL,
    type text NOT NULL,
    time timestamptz NOT NULL,
    epoch integer NOT NULL,
    order_xid xid8 NOT NULL,
    body text NOT NULL,
    CONSTRAINT event_pkey PRIMARY KEY (institution_id, sequence))""",
    "CREATE INDEX event_order_idx ON registry.event (epoch, order_xid, institution_id, sequence)",
)

APPEND_ONLY: Final = ("statement", "set_aside", "event", "fetch_part", "held_site", "hold_vote")
"""Tables whose rows the service's login can add and never change."""

CHANGEABLE: Final = ("source", "fetch", "site", "institution", "hold", "import")
"""Tables whose rows the service's login may add and change."""
