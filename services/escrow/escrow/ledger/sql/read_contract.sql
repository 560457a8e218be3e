-- Read the registered terms of the contracts that a posting registers again.
-- Locks: none, the institution_id is locked. Index: contract_pkey.
-- Rows: the contracts of one registration that exist.
SELECT
  c.institution_id, c.contract_id, c.student_ref, c.guardian_ref, c.course_name,
  c.course_category, c.course_delivery, c.teacher_ref, c.lessons, c.paid_fen, c.list_fen,
  c.gift_lessons, c.gift_fen, c.signed_at, c.starts_on, c.ends_on, c.slots, c.refund_terms
FROM unnest($1::text[], $2::text[]) AS k (institution_id, contract_id)
CROSS JOIN LATERAL (
  SELECT * FROM escrow.contract AS q
  WHERE q.institution_id = k.institution_id AND q.contract_id = k.contract_id
  OFFSET 0
) AS c
