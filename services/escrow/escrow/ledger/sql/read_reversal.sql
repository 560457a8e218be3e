-- Read the releases that were put back under the item ids a posting names.
-- Locks: none, the institution_id is locked. Index: lesson_reversal_item_id_key.
-- Rows: at most one per reversal asked for.
SELECT
  l.institution_id, l.contract_id, l.lesson_no, l.attempt, l.item_id, l.movement_id,
  l.release_sequence, l.amount_fen, l.taught_at, l.ended_at, l.teacher_ref, l.room_ref,
  l.evidence_ref, l.reversed_by, l.reversal_item_id, l.reversal_reason
FROM unnest($1::text[], $2::text[]) AS k (institution_id, item_id)
CROSS JOIN LATERAL (
  SELECT * FROM escrow.lesson AS q
  WHERE q.institution_id = k.institution_id
    AND q.reversal_item_id = k.item_id
    AND q.reversal_item_id IS NOT NULL
  OFFSET 0
) AS l
