-- Read the contracts under way of the students who are charged, for the caps.
-- Locks: none, the institution_id is locked. Index: tuition_student_ref_idx.
-- Rows: one student's contracts of one course name, a handful.
SELECT
  t.institution_id, t.contract_id, t.student_ref, t.course_name, t.category, t.delivery,
  t.lessons, t.paid_fen, t.policy, t.policy_version, t.state, t.is_frozen, t.funded_fen,
  t.held_fen, t.released_fen, t.refunded_fen, t.lessons_released, t.refund_id,
  t.refund_requested_at
FROM unnest($1::text[], $2::text[], $3::text[]) AS k (institution_id, student_ref, course_name)
JOIN escrow.tuition AS t
  ON t.institution_id = k.institution_id
  AND t.student_ref = k.student_ref
  AND t.course_name = k.course_name
WHERE t.state IN ('accepted', 'open', 'refunding')
