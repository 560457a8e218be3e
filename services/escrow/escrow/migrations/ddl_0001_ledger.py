"""The ledger's tables of revision 0001, in the order they are made.

Every key leads with `institution_id`, so that a table can be distributed by it.
So two indexes of one table look alike to a plan made before there are figures about it: each
seems to find the one row, and one that finds an institution's whole history may be taken.
`WHERE c IS NOT NULL` on a column that never is null keeps an index for questions about `c`.
"""

from typing import Final

from escrow.migrations.ddl_0001 import BALANCES, KEY

STATES: Final = (
    "'planned', 'claimed', 'sent', 'unknown', 'accepted', 'settled', 'rejected', 'returned',"
    " 'withdrawn'"
)
ACCOUNTS: Final = (
    "'custody_cash', 'tuition_held', 'institution_payable', 'institution_receivable',"
    " 'payment_clearing', 'refund_payable', 'unmatched_receipt', 'unbacked_debit', 'reserve'"
)

LEDGER: Final = (
    f"""CREATE TABLE escrow.balance (
    institution_id {KEY} CONSTRAINT balance_pkey PRIMARY KEY,
    sequence bigint NOT NULL DEFAULT 0,
    movements bigint NOT NULL DEFAULT 0,
    order_xid xid8 NOT NULL DEFAULT '0',
    posted_at timestamptz,{BALANCES},
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
    institution_id {KEY},
    contract_id {KEY},
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
        " (institution_id, guardian_ref, contract_id) WHERE guardian_ref IS NOT NULL"
    ),
    f"""CREATE TABLE escrow.tuition (
    institution_id {KEY},
    contract_id {KEY},
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
        " (institution_id, student_ref, course_name) WHERE student_ref IS NOT NULL"
    ),
    f"""CREATE TABLE escrow.lesson (
    institution_id {KEY},
    contract_id {KEY},
    lesson_no integer NOT NULL,
    attempt integer NOT NULL,
    item_id {KEY},
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
    CONSTRAINT lesson_pkey PRIMARY KEY (institution_id, contract_id, lesson_no, attempt))""",
    (
        "CREATE UNIQUE INDEX lesson_item_id_key ON escrow.lesson"
        " (institution_id, item_id) WHERE item_id IS NOT NULL"
    ),
    (
        "CREATE UNIQUE INDEX lesson_reversal_item_id_key ON escrow.lesson"
        " (institution_id, reversal_item_id) WHERE reversal_item_id IS NOT NULL"
    ),
    f"""CREATE TABLE escrow.movement (
    institution_id {KEY},
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
        AND debit IN ({ACCOUNTS}) AND credit IN ({ACCOUNTS})))""",
    f"""CREATE TABLE escrow.payable (
    institution_id {KEY},
    release_sequence bigint NOT NULL,
    contract_id {KEY},
    lesson_no integer NOT NULL,
    release_id uuid NOT NULL,
    amount_fen bigint NOT NULL CONSTRAINT payable_amount_fen_check CHECK (amount_fen > 0),
    tries integer NOT NULL,
    remittance text NOT NULL,
    CONSTRAINT payable_pkey PRIMARY KEY (institution_id, release_sequence))""",
    f"""CREATE TABLE escrow.instruction (
    institution_id {KEY},
    instruction_id uuid NOT NULL,
    kind text NOT NULL
        CONSTRAINT instruction_kind_check CHECK (kind IN ('payout', 'refund', 'return')),
    state text NOT NULL CONSTRAINT instruction_state_check CHECK (state IN ({STATES})),
    bank_id {KEY},
    account_number {KEY},
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
    institution_id {KEY},
    instruction_id uuid NOT NULL,
    line_no smallint NOT NULL,
    state text NOT NULL CONSTRAINT instruction_line_state_check CHECK (state IN ({STATES})),
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
    institution_id {KEY},
    account_number {KEY},
    entry_id {KEY},
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
        " (institution_id, account_number, booked_at) WHERE booked_at IS NOT NULL"
    ),
    f"""CREATE TABLE escrow.deposit (
    institution_id {KEY},
    deposit_id uuid NOT NULL,
    contract_id {KEY},
    account_number {KEY},
    entry_id {KEY},
    amount_fen bigint NOT NULL CONSTRAINT deposit_amount_fen_check CHECK (amount_fen > 0),
    booked_at timestamptz NOT NULL,
    payer_name text,
    payer_account text,
    CONSTRAINT deposit_pkey PRIMARY KEY (institution_id, contract_id, deposit_id))""",
    f"""CREATE TABLE escrow.refund (
    institution_id {KEY},
    refund_id uuid NOT NULL,
    contract_id {KEY},
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
    institution_id {KEY},
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
