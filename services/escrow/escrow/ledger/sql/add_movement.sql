-- Write the journal: one row per movement, never changed afterwards.
-- Locks: none beyond the institution_id's. Index: movement_pkey.
-- Rows: at most a few per command.
INSERT INTO escrow.movement (
  institution_id, sequence, movement_id, kind, debit, credit, amount_fen, occurred_at,
  contract_id, lesson_no, instruction_id, entry_id, refund_id, reverses, posted_at)
SELECT v.*, $15::timestamptz FROM unnest(
  $1::text[], $2::bigint[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::bigint[],
  $8::timestamptz[], $9::text[], $10::int[], $11::uuid[], $12::text[], $13::uuid[], $14::uuid[]
) AS v
