"""The statements of revision 0001, in the order they run.

Every table of the data plane leads its keys with `institution_id`, so that it can be
distributed by it. Requests, statements and accounts are keyed apart, by what names them.
Keys compare byte by byte (`COLLATE "C"`), whatever the server's locale.
"""

from typing import Final

_KEY: Final = 'text COLLATE "C" NOT NULL'
_STATES: Final = (
    "'planned', 'claimed', 'sent', 'unknown', 'accepted', 'settled', 'rejected', 'returned',"
    " 'withdrawn'"
)
_ACCOUNTS: Final = (
    "'custody_cash', 'tuition_held', 'institution_payable', 'institution_receivable',"
    " 'payment_clearing', 'refund_payable', 'unmatched_receipt', 'unbacked_debit', 'reserve'"
)
_BALANCES: Final = """
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
    institution_id {_KEY} CONSTRAINT institution_pkey PRIMARY KEY,
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
    account_number {_KEY} CONSTRAINT custody_account_pkey PRIMARY KEY,
    institution_id {_KEY},
    bank_id {_KEY},
    kind text NOT NULL DEFAULT 'custody'
        CONSTRAINT custody_account_kind_check CHECK (kind IN ('custody', 'reserve')),
    account_name text NOT NULL,
    opened_on date NOT NULL,
    settlement_account_number text NOT NULL,
    settlement_account_name text NOT NULL,
    filed_at timestamptz NOT NULL)""",
    "CREATE INDEX custody_account_institution_id_idx ON escrow.custody_account (institution_id)",
    f"""CREATE TABLE escrow.freeze (
    institution_id {_KEY},
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
    institution_id {_KEY},
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
    account_number {_KEY},
    statement_id {_KEY},
    institution_id {_KEY},
    bank_id {_KEY},
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
    "CREATE INDEX bank_statement_to_at_idx ON escrow.bank_statement (account_number, to_at)",
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
    institution_id {_KEY} CONSTRAINT verified_balance_pkey PRIMARY KEY,
    sequence bigint NOT NULL,
    movements bigint NOT NULL,{_BALANCES},
    funded_running_fen bigint NOT NULL DEFAULT 0,
    verified_at timestamptz NOT NULL)""",
)

DATA_PLANE: Final = (
    f"""CREATE TABLE escrow.balance (
    institution_id {_KEY} CONSTRAINT balance_pkey PRIMARY KEY,
    sequence bigint NOT NULL DEFAULT 0,
    movements bigint NOT NULL DEFAULT 0,
    order_xid xid8 NOT NULL DEFAULT '0',
    posted_at timestamptz,{_BALANCES},
    funded_running_fen bigint NOT NULL DEFAULT 0,
    retained_fen bigint NOT NULL DEFAULT 0,
    retained_count integer NOT NULL DEFAULT 0,
    charging_freezes integer NOT NULL DEFAULT 0,
    payout_freezes integer NOT NULL DEFAULT 0,
    full_freezes integer NOT NULL DEFAULT 0,
    floors integer NOT NULL DEFAULT 0,
    CONSTRAINT balance_tuition_held_fen_check CHECK (tuition_held_fen >= 0),
    CONSTRAINT balance_institution_payable_fen_check CHECK (institution_payable_fen >= 0),
    CONSTRAINT balance_institution_receivable_fen_check CHECK (institution_receivable_fen >= 0),
    CONSTRAINT balance_refund_payable_fen_check CHECK (refund_payable_fen >= 0),
    CONSTRAINT balance_unmatched_receipt_fen_check CHECK (unmatched_receipt_fen >= 0),
    CONSTRAINT balance_unbacked_debit_fen_check CHECK (unbacked_debit_fen >= 0),
    CONSTRAINT balance_reserve_fen_check CHECK (reserve_fen >= 0),
    CONSTRAINT balance_retained_check CHECK (retained_fen >= 0 AND retained_count >= 0),
    CONSTRAINT balance_freezes_check
        CHECK (charging_freezes >= 0 AND payout_freezes >= 0 AND full_freezes >= 0))
    WITH (fillfactor = 50)""",
    f"""CREATE TABLE escrow.contract (
    institution_id {_KEY},
    contract_id {_KEY},
    student_ref text NOT NULL,
    guardian_ref text COLLATE "C" NOT NULL,
    course_name text NOT NULL,
    course_category text NOT NULL,
    course_delivery text NOT NULL,
    teacher_ref text,
    lessons integer NOT NULL,
    paid_fen bigint NOT NULL,
    list_fen bigint NOT NULL,
    gift_lessons integer NOT NULL,
    gift_fen bigint NOT NULL,
    signed_at timestamptz NOT NULL,
    starts_on date NOT NULL,
    ends_on date NOT NULL,
    slots text,
    refund_terms text,
    registered_at timestamptz NOT NULL,
    CONSTRAINT contract_pkey PRIMARY KEY (institution_id, contract_id))""",
    (
        "CREATE INDEX contract_guardian_ref_idx ON escrow.contract"
        " (institution_id, guardian_ref, contract_id)"
    ),
    f"""CREATE TABLE escrow.tuition (
    institution_id {_KEY},
    contract_id {_KEY},
    student_ref text COLLATE "C" NOT NULL,
    course_name text COLLATE "C" NOT NULL,
    category text NOT NULL,
    delivery text NOT NULL,
    lessons integer NOT NULL,
    paid_fen bigint NOT NULL,
    policy text NOT NULL,
    policy_version integer NOT NULL,
    state text NOT NULL CONSTRAINT tuition_state_check
        CHECK (state IN ('accepted', 'open', 'refunding', 'completed', 'closed')),
    is_frozen boolean NOT NULL DEFAULT false,
    funded_fen bigint NOT NULL,
    held_fen bigint NOT NULL,
    released_fen bigint NOT NULL,
    refunded_fen bigint NOT NULL,
    lessons_released integer NOT NULL,
    refund_id uuid,
    refund_requested_at timestamptz,
    CONSTRAINT tuition_pkey PRIMARY KEY (institution_id, contract_id),
    CONSTRAINT tuition_held_fen_check CHECK (held_fen >= 0),
    CONSTRAINT tuition_funded_fen_check CHECK (funded_fen <= paid_fen),
    CONSTRAINT tuition_whole_check CHECK (released_fen + refunded_fen + held_fen = funded_fen),
    CONSTRAINT tuition_lessons_released_check CHECK (lessons_released BETWEEN 0 AND lessons))
    WITH (fillfactor = 70)""",
    (
        "CREATE INDEX tuition_student_ref_idx ON escrow.tuition"
        " (institution_id, student_ref, course_name)"
    ),
    f"""CREATE TABLE escrow.lesson (
    institution_id {_KEY},
    contract_id {_KEY},
    lesson_no integer NOT NULL,
    attempt integer NOT NULL,
    item_id {_KEY},
    movement_id uuid NOT NULL,
    release_sequence bigint NOT NULL,
    amount_fen bigint NOT NULL CONSTRAINT lesson_amount_fen_check CHECK (amount_fen > 0),
    taught_at timestamptz NOT NULL,
    ended_at timestamptz,
    teacher_ref text,
    room_ref text,
    evidence_ref text,
    reversed_by uuid,
    reversal_item_id text COLLATE "C",
    reversal_reason text,
    CONSTRAINT lesson_pkey PRIMARY KEY (institution_id, contract_id, lesson_no, attempt),
    CONSTRAINT lesson_item_id_key UNIQUE (institution_id, item_id))""",
    (
        "CREATE UNIQUE INDEX lesson_reversal_item_id_key ON escrow.lesson"
        " (institution_id, reversal_item_id) WHERE reversal_item_id IS NOT NULL"
    ),
    f"""CREATE TABLE escrow.movement (
    institution_id {_KEY},
    sequence bigint NOT NULL,
    movement_id uuid NOT NULL,
    kind text NOT NULL,
    debit text NOT NULL,
    credit text NOT NULL,
    amount_fen bigint NOT NULL CONSTRAINT movement_amount_fen_check CHECK (amount_fen > 0),
    occurred_at timestamptz NOT NULL,
    posted_at timestamptz NOT NULL,
    contract_id text COLLATE "C",
    lesson_no integer,
    instruction_id uuid,
    entry_id text COLLATE "C",
    refund_id uuid,
    reverses uuid,
    CONSTRAINT movement_pkey PRIMARY KEY (institution_id, sequence),
    CONSTRAINT movement_accounts_check CHECK (debit <> credit
        AND debit IN ({_ACCOUNTS}) AND credit IN ({_ACCOUNTS})))""",
    f"""CREATE TABLE escrow.payable (
    institution_id {_KEY},
    release_sequence bigint NOT NULL,
    contract_id {_KEY},
    lesson_no integer NOT NULL,
    release_id uuid NOT NULL,
    amount_fen bigint NOT NULL CONSTRAINT payable_amount_fen_check CHECK (amount_fen > 0),
    tries integer NOT NULL,
    CONSTRAINT payable_pkey PRIMARY KEY (institution_id, release_sequence))""",
    f"""CREATE TABLE escrow.instruction (
    institution_id {_KEY},
    instruction_id uuid NOT NULL,
    kind text NOT NULL
        CONSTRAINT instruction_kind_check CHECK (kind IN ('payout', 'refund', 'return')),
    state text NOT NULL CONSTRAINT instruction_state_check CHECK (state IN ({_STATES})),
    bank_id {_KEY},
    account_number {_KEY},
    creditor_name text NOT NULL,
    creditor_account text NOT NULL,
    amount_fen bigint NOT NULL CONSTRAINT instruction_amount_fen_check CHECK (amount_fen > 0),
    created_at timestamptz NOT NULL,
    movement_id uuid NOT NULL,
    refund_id uuid,
    entry_id text COLLATE "C",
    served_at timestamptz,
    leased_until timestamptz,
    sent_at timestamptz,
    bank_reference text,
    booked_at timestamptz,
    reason text,
    changed_at timestamptz,
    CONSTRAINT instruction_pkey PRIMARY KEY (institution_id, instruction_id))
    WITH (fillfactor = 80)""",
    "CREATE INDEX instruction_bank_id_idx ON escrow.instruction (bank_id, instruction_id)",
    (
        "CREATE INDEX instruction_unfinished_idx ON escrow.instruction"
        " (bank_id, state, instruction_id)"
        " WHERE state IN ('planned', 'claimed', 'sent', 'unknown', 'accepted')"
    ),
    f"""CREATE TABLE escrow.instruction_line (
    institution_id {_KEY},
    instruction_id uuid NOT NULL,
    line_no smallint NOT NULL,
    state text NOT NULL CONSTRAINT instruction_line_state_check CHECK (state IN ({_STATES})),
    amount_fen bigint NOT NULL CONSTRAINT instruction_line_amount_fen_check CHECK (amount_fen > 0),
    remittance text NOT NULL,
    contract_id text COLLATE "C",
    lesson_no integer,
    release_sequence bigint,
    release_id uuid,
    tries integer NOT NULL,
    booked_entry_id text COLLATE "C",
    returned_entry_id text COLLATE "C",
    reason text,
    CONSTRAINT instruction_line_pkey PRIMARY KEY (institution_id, instruction_id, line_no))""",
    (
        "CREATE INDEX instruction_line_unbooked_idx ON escrow.instruction_line"
        " (institution_id, instruction_id) WHERE state = 'settled' AND booked_entry_id IS NULL"
    ),
    f"""CREATE TABLE escrow.bank_entry (
    institution_id {_KEY},
    account_number {_KEY},
    entry_id {_KEY},
    direction text NOT NULL
        CONSTRAINT bank_entry_direction_check CHECK (direction IN ('credit', 'debit')),
    amount_fen bigint NOT NULL CONSTRAINT bank_entry_amount_fen_check CHECK (amount_fen > 0),
    booked_at timestamptz NOT NULL,
    value_on date NOT NULL,
    effect text NOT NULL,
    movement_id uuid NOT NULL,
    balance_after_fen bigint,
    counterparty_name text,
    counterparty_account text,
    purpose text,
    reference text COLLATE "C",
    end_to_end_id text,
    contract_id text COLLATE "C",
    unallocated_fen bigint NOT NULL
        CONSTRAINT bank_entry_unallocated_fen_check CHECK (unallocated_fen >= 0),
    taken_at timestamptz NOT NULL,
    CONSTRAINT bank_entry_pkey PRIMARY KEY (institution_id, account_number, entry_id))""",
    (
        "CREATE INDEX bank_entry_unallocated_idx ON escrow.bank_entry (institution_id, reference)"
        " WHERE unallocated_fen > 0"
    ),
    (
        "CREATE INDEX bank_entry_booked_at_idx ON escrow.bank_entry"
        " (institution_id, account_number, booked_at)"
    ),
    f"""CREATE TABLE escrow.deposit (
    institution_id {_KEY},
    deposit_id uuid NOT NULL,
    contract_id {_KEY},
    account_number {_KEY},
    entry_id {_KEY},
    amount_fen bigint NOT NULL CONSTRAINT deposit_amount_fen_check CHECK (amount_fen > 0),
    booked_at timestamptz NOT NULL,
    payer_name text,
    payer_account text,
    CONSTRAINT deposit_pkey PRIMARY KEY (institution_id, contract_id, deposit_id))""",
    f"""CREATE TABLE escrow.refund (
    institution_id {_KEY},
    refund_id uuid NOT NULL,
    contract_id {_KEY},
    cause text NOT NULL,
    state text NOT NULL CONSTRAINT refund_state_check
        CHECK (state IN ('requested', 'contested', 'payer_unknown', 'instructed', 'paid')),
    requested_at timestamptz NOT NULL,
    requested_by text NOT NULL,
    reason text,
    amount_fen bigint NOT NULL,
    waiting_fen bigint NOT NULL CONSTRAINT refund_waiting_fen_check CHECK (waiting_fen >= 0),
    agreed_at timestamptz,
    agreed_by text,
    contested_at timestamptz,
    contest_reason text,
    payer_account text,
    payer_name text,
    CONSTRAINT refund_pkey PRIMARY KEY (institution_id, refund_id))""",
    "CREATE INDEX refund_contract_id_idx ON escrow.refund (institution_id, contract_id)",
    "CREATE INDEX refund_refund_id_idx ON escrow.refund (refund_id)",
    (
        "CREATE INDEX instruction_refund_id_idx ON escrow.instruction (institution_id, refund_id)"
        " WHERE refund_id IS NOT NULL"
    ),
    """CREATE TABLE escrow.feed_epoch (
    epoch integer CONSTRAINT feed_epoch_pkey PRIMARY KEY
        CONSTRAINT feed_epoch_epoch_check CHECK (epoch >= 1),
    opened_at timestamptz NOT NULL DEFAULT now())""",
    "INSERT INTO escrow.feed_epoch (epoch) VALUES (1)",
    f"""CREATE TABLE escrow.event (
    institution_id {_KEY},
    sequence bigint NOT NULL CONSTRAINT event_sequence_check CHECK (sequence >= 1),
    event_id uuid NOT NULL,
    type text NOT NULL,
    time timestamptz NOT NULL,
    epoch integer NOT NULL,
    order_xid xid8 NOT NULL,
    body text NOT NULL,
    CONSTRAINT event_pkey PRIMARY KEY (institution_id, sequence))""",
    "CREATE INDEX event_order_idx ON escrow.event (epoch, order_xid, institution_id, sequence)",
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
)
