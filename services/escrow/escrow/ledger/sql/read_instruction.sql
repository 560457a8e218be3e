-- Read the instructions that a posting names, and those of the same refunds.
-- Locks: none, the institution_id is locked.
-- Index: instruction_pkey, instruction_refund_id_idx.
-- Rows: at most one per entry or result, and a refund's few; those of a refund come twice.
WITH named AS MATERIALIZED (
  SELECT
    i.institution_id, i.instruction_id, i.kind, i.state, i.bank_id, i.account_number,
    i.creditor_name, i.creditor_account, i.amount_fen, i.created_at, i.movement_id,
    i.refund_id, i.entry_id, i.served_at, i.leased_until, i.sent_at, i.bank_reference,
    i.booked_at, i.reason, i.changed_at
  FROM unnest($1::text[], $2::uuid[]) AS k (institution_id, instruction_id)
  JOIN escrow.instruction AS i
    ON i.institution_id = k.institution_id AND i.instruction_id = k.instruction_id
)
SELECT * FROM named
UNION ALL
SELECT
  i.institution_id, i.instruction_id, i.kind, i.state, i.bank_id, i.account_number,
  i.creditor_name, i.creditor_account, i.amount_fen, i.created_at, i.movement_id, i.refund_id,
  i.entry_id, i.served_at, i.leased_until, i.sent_at, i.bank_reference, i.booked_at, i.reason,
  i.changed_at
FROM named AS n
JOIN escrow.instruction AS i
  ON i.institution_id = n.institution_id AND i.refund_id = n.refund_id
