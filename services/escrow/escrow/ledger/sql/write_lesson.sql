-- Mark releases as put back.
-- Locks: rows of locked institutions (institution_id). Index: lesson_pkey.
-- Rows: one per reversal.
UPDATE escrow.lesson AS l
SET reversed_by = v.reversed_by, reversal_item_id = v.reversal_item_id,
  reversal_reason = v.reversal_reason
FROM unnest(
  $1::text[], $2::text[], $3::int[], $4::int[], $5::uuid[], $6::text[], $7::text[]
) AS v (
  institution_id, contract_id, lesson_no, attempt, reversed_by, reversal_item_id,
  reversal_reason
)
WHERE l.institution_id = v.institution_id AND l.contract_id = v.contract_id
  AND l.lesson_no = v.lesson_no AND l.attempt = v.attempt AND l.reversed_by IS NULL
