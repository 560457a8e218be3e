-- Write the bank entries that a posting took in.
-- Locks: none beyond the institution_id's. Index: bank_entry_pkey and its two others.
-- Rows: one per entry.
INSERT INTO escrow.bank_entry (
  institution_id, account_number, entry_id, direction, amount_fen, booked_at, value_on, effect,
  movement_id, balance_after_fen, counterparty_name, counterparty_account, purpose, reference,
  end_to_end_id, contract_id, unallocated_fen, taken_at)
SELECT v.*, $18::timestamptz FROM unnest(
  $1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::timestamptz[], $7::date[],
  $8::text[], $9::uuid[], $10::bigint[], $11::text[], $12::text[], $13::text[], $14::text[],
  $15::text[], $16::text[], $17::bigint[]) AS v
