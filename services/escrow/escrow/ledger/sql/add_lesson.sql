-- Write released lessons; the key refuses a second release of the same attempt.
-- Locks: none beyond the institution_id's. Index: lesson_pkey, lesson_item_id_key.
-- Rows: one per released lesson.
INSERT INTO escrow.lesson (
  institution_id, contract_id, lesson_no, attempt, item_id, movement_id, release_sequence,
  amount_fen, taught_at, ended_at, teacher_ref, room_ref, evidence_ref)
SELECT * FROM unnest(
  $1::text[], $2::text[], $3::int[], $4::int[], $5::text[], $6::uuid[], $7::bigint[],
  $8::bigint[], $9::timestamptz[], $10::timestamptz[], $11::text[], $12::text[], $13::text[])
