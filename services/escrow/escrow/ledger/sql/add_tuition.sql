-- Open the money side of newly registered contracts.
-- Locks: none beyond the institution_id's. Index: tuition_pkey. Rows: one per contract.
INSERT INTO escrow.tuition (
  institution_id, contract_id, student_ref, course_name, category, delivery, lessons, paid_fen,
  policy, policy_version, state, is_frozen, funded_fen, held_fen, released_fen, refunded_fen,
  lessons_released, refund_id, refund_requested_at)
SELECT * FROM unnest(
  $1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::int[],
  $8::bigint[], $9::text[], $10::int[], $11::text[], $12::boolean[], $13::bigint[],
  $14::bigint[], $15::bigint[], $16::bigint[], $17::int[], $18::uuid[], $19::timestamptz[])
