-- Write what became of waiting money.
-- Locks: rows of locked institutions (institution_id). Index: bank_entry_pkey.
-- Rows: one per allocation.
UPDATE escrow.bank_entry AS e
SET effect = v.effect, contract_id = v.contract_id, unallocated_fen = v.unallocated_fen
FROM unnest(
  $1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[]
) AS v (institution_id, account_number, entry_id, effect, contract_id, unallocated_fen)
WHERE e.institution_id = v.institution_id AND e.account_number = v.account_number
  AND e.entry_id = v.entry_id
