-- Write which receipt's money went to which contract.
-- Locks: none beyond the institution_id's. Index: deposit_pkey. Rows: one per allocation.
INSERT INTO escrow.deposit (
  institution_id, deposit_id, contract_id, account_number, entry_id, amount_fen, booked_at,
  payer_name, payer_account)
SELECT * FROM unnest(
  $1::text[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::bigint[],
  $7::timestamptz[], $8::text[], $9::text[])
