-- Read every attempt of the lessons a posting names, and the lessons of its item ids.
-- Locks: none, the institution_id is locked. Index: lesson_pkey, lesson_item_id_key.
-- Rows: few; in the normal case of lessons never released, none.
SELECT
  l.institution_id, l.contract_id, l.lesson_no, l.attempt, l.item_id, l.movement_id,
  l.release_sequence, l.amount_fen, l.taught_at, l.ended_at, l.teacher_ref, l.room_ref,
  l.evidence_ref, l.reversed_by, l.reversal_item_id, l.reversal_reason
FROM unnest($1::text::text[], $2::text::text[], $3::text::int[])
  AS k (institution_id, contract_id, lesson_no)
CROSS JOIN LATERAL (
  SELECT * FROM escrow.lesson AS q
  WHERE q.institution_id = k.institution_id
    AND q.contract_id = k.contract_id
    AND q.lesson_no = k.lesson_no
  OFFSET 0
) AS l
UNION ALL
SELECT
  l.institution_id, l.contract_id, l.lesson_no, l.attempt, l.item_id, l.movement_id,
  l.release_sequence, l.amount_fen, l.taught_at, l.ended_at, l.teacher_ref, l.room_ref,
  l.evidence_ref, l.reversed_by, l.reversal_item_id, l.reversal_reason
FROM unnest($4::text::text[], $5::text::text[]) AS k (institution_id, item_id)
CROSS JOIN LATERAL (
  SELECT * FROM escrow.lesson AS q
  WHERE q.institution_id = k.institution_id AND q.item_id = k.item_id
  OFFSET 0
) AS l
