-- Compare the contracts that the feed told of as accepted with their terms.
-- Locks: none. Index: event_pkey, contract_pkey.
-- Rows: the events since and the contracts to check, of one chunk of institution_ids.
WITH range AS (
  SELECT * FROM unnest(CAST(:ids AS text[]), CAST(:told AS bigint[]), CAST(:until AS bigint[]))
    AS r (institution_id, told, until)
), told AS (
  SELECT e.institution_id, e.time, e.sequence, j.*
  FROM range AS r
  CROSS JOIN LATERAL (
    SELECT * FROM escrow.event AS e
    WHERE e.institution_id = r.institution_id AND e.sequence > r.told AND e.sequence <= r.until
      AND e.type = 'contract.accepted' OFFSET 0) AS e
  CROSS JOIN LATERAL jsonb_to_record(e.body::jsonb) AS j (contract_id text, student_ref text,
    course_category text, course_delivery text, lessons int, paid_fen bigint, list_fen bigint,
    gift_lessons int, gift_fen bigint, signed_on date, starts_on date, ends_on date)
), signed AS (
  SELECT c.*, r.told = 0 AS is_due
  FROM range AS r
  JOIN unnest(CAST(:contract_owners AS text[]), CAST(:contracts AS text[]))
    AS k (institution_id, contract_id) ON k.institution_id = r.institution_id
  CROSS JOIN LATERAL (
    SELECT * FROM escrow.contract AS c WHERE c.institution_id = k.institution_id
      AND c.contract_id = k.contract_id OFFSET 0) AS c
), wrong AS (
  SELECT s.is_due, concat_ws('/', s.institution_id, s.contract_id) AS key,
    concat_ws('/', e.institution_id, e.contract_id) AS its_key,
    concat_ws('/', e.institution_id, e.sequence) AS told_key,
    ROW(s.student_ref, s.course_category, s.course_delivery, s.lessons, s.paid_fen, s.list_fen,
      s.gift_lessons, s.gift_fen, (s.signed_at AT TIME ZONE 'Asia/Shanghai')::date, s.starts_on,
      s.ends_on, s.registered_at)::text AS found,
    ROW(e.student_ref, e.course_category, e.course_delivery, e.lessons, e.paid_fen, e.list_fen,
      e.gift_lessons, e.gift_fen, e.signed_on, e.starts_on, e.ends_on, e.time)::text AS expected
  FROM signed AS s
  FULL JOIN told AS e ON e.institution_id = s.institution_id AND e.contract_id = s.contract_id
  WHERE (s.student_ref, s.course_category, s.course_delivery, s.lessons, s.paid_fen, s.list_fen,
      s.gift_lessons, s.gift_fen, (s.signed_at AT TIME ZONE 'Asia/Shanghai')::date, s.starts_on,
      s.ends_on, s.registered_at) IS DISTINCT FROM
    (e.student_ref, e.course_category, e.course_delivery, e.lessons, e.paid_fen, e.list_fen,
      e.gift_lessons, e.gift_fen, e.signed_on, e.starts_on, e.ends_on, e.time)
)
SELECT CASE WHEN w.key = '' THEN 'missing' ELSE 'told' END AS rule, 'contract' AS named,
  CASE WHEN w.key = '' THEN w.its_key ELSE w.key END AS key,
  CASE WHEN w.key = '' THEN 'none' ELSE w.found END AS found,
  CASE WHEN w.told_key = '' THEN 'none' ELSE w.expected END AS expected,
  'event' AS other, w.told_key AS other_key
FROM wrong AS w WHERE w.told_key <> '' OR w.is_due
ORDER BY 3 LIMIT CAST(:most AS int)
