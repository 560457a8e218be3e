-- Put lessons into the queue of what is retained.
-- Locks: none beyond the institution_id's. Index: payable_pkey. Rows: what one posting retains.
INSERT INTO escrow.payable (
  institution_id, release_sequence, contract_id, lesson_no, release_id, amount_fen, tries,
  remittance)
SELECT * FROM unnest(
  $1::text[], $2::bigint[], $3::text[], $4::int[], $5::uuid[], $6::bigint[], $7::int[],
  $8::text[])
