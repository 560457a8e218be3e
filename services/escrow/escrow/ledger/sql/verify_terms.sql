-- Compare what a contract was signed for with what its money side goes by.
-- Locks: none. Index: contract_pkey, tuition_pkey.
-- Rows: the contracts to check, of one chunk of institution_ids.
WITH read AS (
  SELECT concat_ws('/', k.institution_id, k.contract_id) AS key,
    c.contract_id IS NOT NULL AS is_signed, t.contract_id IS NOT NULL AS is_open,
    c.student_ref, c.course_name, c.course_category, c.course_delivery, c.lessons, c.paid_fen,
    t.student_ref AS its_student_ref, t.course_name AS its_course_name,
    t.category AS its_category, t.delivery AS its_delivery, t.lessons AS its_lessons,
    t.paid_fen AS its_paid_fen
  FROM unnest(CAST(:contract_owners AS text[]), CAST(:contracts AS text[]))
    AS k (institution_id, contract_id)
  LEFT JOIN LATERAL (
    SELECT * FROM escrow.contract AS c
    WHERE c.institution_id = k.institution_id AND c.contract_id = k.contract_id OFFSET 0
  ) AS c ON true
  LEFT JOIN LATERAL (
    SELECT * FROM escrow.tuition AS t
    WHERE t.institution_id = k.institution_id AND t.contract_id = k.contract_id OFFSET 0
  ) AS t ON true
), wrong AS (
  SELECT * FROM read
  WHERE (its_student_ref, its_course_name, its_category, its_delivery, its_lessons, its_paid_fen)
    IS DISTINCT FROM
    (student_ref, course_name, course_category, course_delivery, lessons, paid_fen)
)
SELECT f.rule, f.named, w.key, f.found, f.expected, f.other, w.key AS other_key
FROM wrong AS w
CROSS JOIN LATERAL (VALUES
  ('missing', 'contract', CASE WHEN w.is_signed THEN 'there' ELSE 'none' END, 'there',
    CASE WHEN w.is_open THEN 'tuition' END),
  ('missing', 'tuition', CASE WHEN w.is_open THEN 'there' ELSE 'none' END, 'there',
    CASE WHEN w.is_signed THEN 'contract' END),
  ('student_ref', 'tuition', w.its_student_ref, w.student_ref, 'contract'),
  ('course_name', 'tuition', w.its_course_name, w.course_name, 'contract'),
  ('category', 'tuition', w.its_category, w.course_category, 'contract'),
  ('delivery', 'tuition', w.its_delivery, w.course_delivery, 'contract'),
  ('lessons', 'tuition', w.its_lessons::text, w.lessons::text, 'contract'),
  ('paid_fen', 'tuition', w.its_paid_fen::text, w.paid_fen::text, 'contract')
) AS f (rule, named, found, expected, other)
WHERE f.found <> f.expected
ORDER BY w.key
LIMIT CAST(:most AS int)
