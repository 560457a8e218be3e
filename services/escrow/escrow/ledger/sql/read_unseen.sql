-- Read the planned payouts of institutions that nobody at the bank has seen yet.
-- Locks: none, the institution_id is locked. Index: instruction_unfinished_idx.
-- Rows: at most $3; a bank that pulls every minute leaves a handful.
SELECT
  i.institution_id, i.instruction_id, i.kind, i.state, i.bank_id, i.account_number,
  i.creditor_name, i.creditor_account, i.amount_fen, i.created_at, i.movement_id, i.refund_id,
  i.entry_id, i.served_at, i.leased_until, i.sent_at, i.bank_reference, i.booked_at, i.reason,
  i.changed_at
FROM unnest($1::text[], $2::text[]) AS k (institution_id, bank_id)
JOIN escrow.instruction AS i
  ON i.institution_id = k.institution_id
  AND i.bank_id = k.bank_id
  AND i.state = 'planned'
  AND i.kind = 'payout'
  AND i.served_at IS NULL
ORDER BY i.instruction_id DESC
LIMIT $3::int
