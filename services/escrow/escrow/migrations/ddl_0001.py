"""The statements of revision 0001 around the ledger, and what the service may do with each table.

Requests, statements and accounts are keyed by what names them, not by institution.
Keys compare byte by byte (`COLLATE "C"`), whatever the server's locale.
"""

from typing import Final

KEY: Final = 'text COLLATE "C" NOT NULL'
BALANCES: Final = """
    custody_cash_fen bigint NOT NULL DEFAULT 0,
    tuition_held_fen bigint NOT NULL DEFAULT 0,
    institution_payable_fen bigint NOT NULL DEFAULT 0,
    institution_receivable_fen bigint NOT NULL DEFAULT 0,
    payment_clearing_fen bigint NOT NULL DEFAULT 0,
    refund_payable_fen bigint NOT NULL DEFAULT 0,
    unmatched_receipt_fen bigint NOT NULL DEFAULT 0,
    unbacked_debit_fen bigint NOT NULL DEFAULT 0,
    reserve_fen bigint NOT NULL DEFAULT 0"""

CONTROL_PLANE: Final = (
    """CREATE TABLE escrow.bank (
    bank_id text COLLATE "C" CONSTRAINT bank_pkey PRIMARY KEY,
    name text NOT NULL,
    delivery text NOT NULL CONSTRAINT bank_delivery_check CHECK (delivery IN ('pull', 'push')),
    endpoint text,
    finality_s integer NOT NULL CONSTRAINT bank_finality_s_check CHECK (finality_s >= 0),
    changed_at timestamptz NOT NULL DEFAULT now(),
    changed_by text NOT NULL,
    CONSTRAINT bank_endpoint_check CHECK (delivery = 'pull' OR endpoint IS NOT NULL))""",
    f"""CREATE TABLE escrow.institution (
    institution_id {KEY} CONSTRAINT institution_pkey PRIMARY KEY,
    name text NOT NULL,
    district_code text NOT NULL,
    category text NOT NULL,
    delivery text NOT NULL,
    policy text NOT NULL,
    status text NOT NULL DEFAULT 'unlisted',
    account_number text COLLATE "C",
    changed_at timestamptz NOT NULL,
    CONSTRAINT institution_category_check CHECK (category IN ('subject', 'non_subject')),
    CONSTRAINT institution_delivery_check CHECK (delivery IN ('offline', 'online', 'both')))""",
    f"""CREATE TABLE escrow.custody_account (
    account_number {KEY} CONSTRAINT custody_account_pkey PRIMARY KEY,
    institution_id {KEY},
    bank_id {KEY},
    kind text NOT NULL DEFAULT 'custody'
        CONSTRAINT custody_account_kind_check CHECK (kind IN ('custody', 'reserve')),
    account_name text NOT NULL,
    opened_on date NOT NULL,
    settlement_account_number text NOT NULL,
    settlement_account_name text NOT NULL,
    filed_at timestamptz NOT NULL)""",
    "CREATE INDEX custody_account_institution_id_idx ON escrow.custody_account (institution_id)",
    f"""CREATE TABLE escrow.freeze (
    institution_id {KEY},
    freeze_id uuid NOT NULL,
    scope text NOT NULL
        CONSTRAINT freeze_scope_check CHECK (scope IN ('charging', 'payout', 'all')),
    reason text NOT NULL,
    authority text NOT NULL,
    document_no text NOT NULL,
    placed_at timestamptz NOT NULL,
    placed_by text NOT NULL,
    registry_event_id text,
    lifted_at timestamptz,
    lifted_by text,
    lift_reason text,
    lift_document_no text,
    CONSTRAINT freeze_pkey PRIMARY KEY (institution_id, freeze_id))""",
    "CREATE INDEX freeze_freeze_id_idx ON escrow.freeze (freeze_id)",
    f"""CREATE TABLE escrow.floor (
    institution_id {KEY},
    floor_id uuid NOT NULL,
    rules jsonb NOT NULL,
    effective_from date NOT NULL,
    document_no text NOT NULL,
    placed_at timestamptz NOT NULL,
    placed_by text NOT NULL,
    CONSTRAINT floor_pkey PRIMARY KEY (institution_id, floor_id))""",
    """CREATE TABLE escrow.request (
    request_digest bytea CONSTRAINT request_pkey PRIMARY KEY,
    body_digest bytea NOT NULL,
    status smallint NOT NULL,
    answer bytea NOT NULL,
    answered_at timestamptz NOT NULL)""",
    "ALTER TABLE escrow.request ALTER COLUMN answer SET STORAGE EXTERNAL",
    "CREATE INDEX request_answered_at_idx ON escrow.request USING brin (answered_at)",
    f"""CREATE TABLE escrow.bank_statement (
    account_number {KEY},
    statement_id {KEY},
    institution_id {KEY},
    bank_id {KEY},
    from_at timestamptz NOT NULL,
    to_at timestamptz NOT NULL,
    opening_balance_fen bigint NOT NULL,
    closing_balance_fen bigint NOT NULL,
    entries jsonb NOT NULL,
    content_digest bytea NOT NULL,
    received_at timestamptz NOT NULL,
    reconciliation_id uuid NOT NULL,
    findings jsonb NOT NULL,
    CONSTRAINT bank_statement_pkey PRIMARY KEY (account_number, statement_id),
    CONSTRAINT bank_statement_reconciliation_id_key UNIQUE (reconciliation_id))""",
    (
        "CREATE INDEX bank_statement_to_at_idx ON escrow.bank_statement (account_number, to_at)"
        " WHERE to_at IS NOT NULL"
    ),
    "CREATE INDEX bank_statement_bank_id_idx ON escrow.bank_statement (bank_id, received_at)",
    """CREATE TABLE escrow.verification (
    verification_id uuid CONSTRAINT verification_pkey PRIMARY KEY,
    scope text NOT NULL CONSTRAINT verification_scope_check CHECK (scope IN ('new', 'whole')),
    started_at timestamptz NOT NULL,
    finished_at timestamptz NOT NULL,
    institutions bigint NOT NULL,
    movements bigint NOT NULL,
    findings jsonb NOT NULL)""",
    "CREATE INDEX verification_finished_at_idx ON escrow.verification (finished_at)",
    f"""CREATE TABLE escrow.verified_balance (
    institution_id {KEY} CONSTRAINT verified_balance_pkey PRIMARY KEY,
    sequence bigint NOT NULL,
    movements bigint NOT NULL,{BALANCES},
    funded_running_fen bigint NOT NULL DEFAULT 0,
    verified_at timestamptz NOT NULL)""",
)

APPEND_ONLY: Final = ("movement", "event", "contract", "deposit", "verification", "bank_statement")
"""Tables whose rows the service's login can add and never change."""

REMOVABLE: Final = ("payable", "request")
"""Tables whose rows the service's login may remove: a queue, and answers past their keeping."""

CHANGEABLE: Final = (
    "bank",
    "institution",
    "custody_account",
    "freeze",
    "floor",
    "balance",
    "tuition",
    "lesson",
    "instruction",
    "instruction_line",
    "bank_entry",
    "refund",
    "verified_balance",
)
"""Tables whose rows the service's login may add and change."""

ACCESS: Final = (
    "CREATE SCHEMA IF NOT EXISTS access",
    """CREATE TABLE access.api_key (
    id uuid CONSTRAINT api_key_pkey PRIMARY KEY,
    prefix text NOT NULL CONSTRAINT api_key_prefix_key UNIQUE,
    digest bytea NOT NULL CONSTRAINT api_key_digest_check CHECK (octet_length(digest) = 32),
    role text NOT NULL CONSTRAINT api_key_role_check CHECK (role IN ('institution', 'bank',
        'supervisor', 'auditor', 'guardian', 'service', 'operator')),
    label text,
    institution_id text,
    bank_id text,
    district_code text,
    guardian_ref text,
    created_at timestamptz NOT NULL DEFAULT now(),
    created_by text NOT NULL,
    revoked_at timestamptz,
    revoked_by text,
    CONSTRAINT api_key_revoked_check CHECK ((revoked_at IS NULL) = (revoked_by IS NULL)))""",
    """CREATE TABLE access.clock (
    only_row boolean CONSTRAINT clock_pkey PRIMARY KEY DEFAULT true
        CONSTRAINT clock_only_row_check CHECK (only_row),
    offset_s bigint NOT NULL DEFAULT 0
        CONSTRAINT clock_offset_s_check CHECK (offset_s >= 0))""",
    "INSERT INTO access.clock DEFAULT VALUES",
    # One number of other logins' sessions: a transaction that somebody left open in any
    # database holds the feed back, and the service's own login does not see when it began.
    """CREATE FUNCTION access.oldest_transaction_ms() RETURNS bigint
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog AS $$
    SELECT coalesce(max(extract(epoch FROM clock_timestamp() - xact_start)) * 1000, 0)::bigint
    FROM pg_stat_activity WHERE backend_xid IS NOT NULL $$""",
    "REVOKE ALL ON FUNCTION access.oldest_transaction_ms() FROM PUBLIC",
)
