-- Compare the contracts that the feed told of as accepted with the money side that goes by their
-- terms, the policy included.
-- Locks: none. Index: event_pkey, tuition_pkey.
-- Rows: the events since, of one chunk of institution_ids.
WITH range AS (
  SELECT * FROM unnest(CAST(:ids AS text[]), CAST(:told AS bigint[]), CAST(:until AS bigint[]))
    AS r (institution_id, told, until)
), told AS (
  SELECT e.institution_id, e.sequence, j.*
  FROM range AS r
  CROSS JOIN LATERAL (
    SELECT * FROM escrow.event AS e
    WHERE e.institution_id = r.institution_id AND e.sequence > r.told AND e.sequence <= r.until
      AND e.type = 'contract.accepted' OFFSET 0) AS e
  CROSS JOIN LATERAL jsonb_to_record(e.body::jsonb) AS j (contract_id text, student_ref text,
    course_category text, course_delivery text, lessons int, paid_fen bigint, policy text)
), pair AS (
  SELECT e.*, t.policy || '@' || t.policy_version AS its_policy, t.student_ref AS its_student_ref,
    t.category, t.delivery, t.lessons AS its_lessons, t.paid_fen AS its_paid_fen,
    t.contract_id AS its_contract_id
  FROM told AS e
  LEFT JOIN LATERAL (
    SELECT * FROM escrow.tuition AS t WHERE t.institution_id = e.institution_id
      AND t.contract_id = e.contract_id OFFSET 0) AS t ON true
)
SELECT CASE WHEN p.its_contract_id IS NULL THEN 'missing' ELSE 'told' END AS rule,
  'tuition' AS named, concat_ws('/', p.institution_id, p.contract_id) AS key,
  CASE WHEN p.its_contract_id IS NULL THEN 'none' ELSE ROW(p.its_student_ref, p.category,
    p.delivery, p.its_lessons, p.its_paid_fen, p.its_policy)::text END AS found,
  ROW(p.student_ref, p.course_category, p.course_delivery, p.lessons, p.paid_fen, p.policy)::text
    AS expected, 'event' AS other, concat_ws('/', p.institution_id, p.sequence) AS other_key
FROM pair AS p
WHERE (p.its_student_ref, p.category, p.delivery, p.its_lessons, p.its_paid_fen, p.its_policy)
  IS DISTINCT FROM
  (p.student_ref, p.course_category, p.course_delivery, p.lessons, p.paid_fen, p.policy)
ORDER BY 3 LIMIT CAST(:most AS int)
