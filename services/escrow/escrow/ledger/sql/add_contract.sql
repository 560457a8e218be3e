-- Keep the terms of newly registered contracts, for ever as they were signed.
-- Locks: none beyond the institution_id's. Index: contract_pkey. Rows: one per contract.
INSERT INTO escrow.contract (
  institution_id, contract_id, student_ref, guardian_ref, course_name, course_category,
  course_delivery, teacher_ref, lessons, paid_fen, list_fen, gift_lessons, gift_fen, signed_at,
  starts_on, ends_on, slots, refund_terms, registered_at)
SELECT v.*, $19::timestamptz FROM unnest(
  $1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
  $8::text[], $9::int[], $10::bigint[], $11::bigint[], $12::int[], $13::bigint[],
  $14::timestamptz[], $15::date[], $16::date[], $17::text[], $18::text[]) AS v
