-- Read unallocated credits whose reference names a contract about to be registered.
-- Locks: none, the institution_id is locked. Index: bank_entry_unallocated_idx.
-- Rows: few, and at most 1,000 a posting.
SELECT
  e.institution_id, e.account_number, e.entry_id, e.direction, e.amount_fen, e.booked_at,
  e.value_on, e.effect, e.movement_id, e.balance_after_fen, e.counterparty_name,
  e.counterparty_account, e.purpose, e.reference, e.end_to_end_id, e.contract_id,
  e.unallocated_fen
FROM unnest($1::text[], $2::text[]) AS k (institution_id, reference)
JOIN escrow.bank_entry AS e
  ON e.institution_id = k.institution_id
  AND e.reference = k.reference
  AND e.unallocated_fen > 0
ORDER BY e.booked_at, e.entry_id
LIMIT 1000
