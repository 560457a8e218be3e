-- Write the instructions that a posting planned.
-- Locks: none beyond the institution_id's. Index: instruction_pkey and its three others.
-- Rows: one or a few per institution.
INSERT INTO escrow.instruction (
  institution_id, instruction_id, kind, state, bank_id, account_number, creditor_name,
  creditor_account, amount_fen, created_at, movement_id, refund_id, entry_id, changed_at)
SELECT * FROM unnest(
  $1::text[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
  $8::text[], $9::bigint[], $10::timestamptz[], $11::uuid[], $12::uuid[], $13::text[],
  $14::timestamptz[])
