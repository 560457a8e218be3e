-- Read the money side of the contracts that a posting names.
-- Locks: none, the institution_id is locked. Index: tuition_pkey.
-- Rows: the distinct contracts of one posting.
SELECT
  t.institution_id, t.contract_id, t.student_ref, t.course_name, t.category, t.delivery,
  t.lessons, t.paid_fen, t.policy, t.policy_version, t.state, t.is_frozen, t.funded_fen,
  t.held_fen, t.released_fen, t.refunded_fen, t.lessons_released, t.refund_id,
  t.refund_requested_at
FROM unnest($1::text::text[], $2::text::text[]) AS k (institution_id, contract_id)
CROSS JOIN LATERAL (
  SELECT * FROM escrow.tuition AS q
  WHERE q.institution_id = k.institution_id AND q.contract_id = k.contract_id
  OFFSET 0
) AS t
