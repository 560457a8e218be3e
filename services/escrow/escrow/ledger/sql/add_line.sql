-- Write the lines of planned instructions: one transfer each.
-- Locks: none beyond the institution_id's. Index: instruction_line_pkey.
-- Rows: one per lesson paid out.
INSERT INTO escrow.instruction_line (
  institution_id, instruction_id, line_no, state, amount_fen, remittance, contract_id,
  lesson_no, release_sequence, release_id, tries)
SELECT * FROM unnest(
  $1::text[], $2::uuid[], $3::smallint[], $4::text[], $5::bigint[], $6::text[], $7::text[],
  $8::int[], $9::bigint[], $10::uuid[], $11::int[])
