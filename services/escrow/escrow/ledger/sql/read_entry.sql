-- Read the bank entries that a posting names.
-- Locks: none, the institution_id is locked. Index: bank_entry_pkey.
-- Rows: entries taken in before, at most 1,000.
SELECT
  e.institution_id, e.account_number, e.entry_id, e.direction, e.amount_fen, e.booked_at,
  e.value_on, e.effect, e.movement_id, e.balance_after_fen, e.counterparty_name,
  e.counterparty_account, e.purpose, e.reference, e.end_to_end_id, e.contract_id,
  e.unallocated_fen
FROM unnest($1::text[], $2::text[], $3::text[]) AS k (institution_id, account_number, entry_id)
CROSS JOIN LATERAL (
  SELECT * FROM escrow.bank_entry AS q
  WHERE q.institution_id = k.institution_id
    AND q.account_number = k.account_number
    AND q.entry_id = k.entry_id
  OFFSET 0
) AS e
