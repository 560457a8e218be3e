-- Compare the contracts that the feed told of as accepted with their terms, and with the money
-- side that goes by them.
-- Locks: none. Index: event_pkey, contract_pkey, tuition_pkey.
-- Rows: the events since and the contracts to check, of one chunk of institution_ids.
WITH range AS (
  SELECT * FROM unnest(CAST(:ids AS text[]), CAST(:told AS bigint[]), CAST(:until AS bigint[]))
    AS r (institution_id, told, until)
), told AS (
  SELECT e.institution_id, e.time, e.body::jsonb AS body,
    e.body::jsonb ->> 'contract_id' AS contract_id,
    concat_ws('/', e.institution_id, e.sequence) AS key
  FROM range AS r
  JOIN escrow.event AS e ON e.institution_id = r.institution_id
    AND e.sequence > r.told AND e.sequence <= r.until AND e.type = 'contract.accepted'
  WHERE e.institution_id = ANY (CAST(:ids AS text[]))
), signed AS (
  SELECT c.*, r.told = 0 AS is_due, concat_ws('/', c.institution_id, c.contract_id) AS key,
    ROW(t.student_ref, t.category, t.delivery, t.lessons, t.paid_fen,
      t.policy || '@' || t.policy_version)::text AS its_terms
  FROM range AS r
  JOIN unnest(CAST(:contract_owners AS text[]), CAST(:contracts AS text[]))
    AS k (institution_id, contract_id) ON k.institution_id = r.institution_id
  JOIN escrow.contract AS c
    ON c.institution_id = k.institution_id AND c.contract_id = k.contract_id
  LEFT JOIN escrow.tuition AS t ON t.institution_id = k.institution_id
    AND t.contract_id = k.contract_id AND t.institution_id = ANY (CAST(:ids AS text[]))
  WHERE c.institution_id = ANY (CAST(:ids AS text[]))
), pair AS (
  SELECT s.key, e.key AS told_key, s.is_due, s.its_terms,
    ROW(s.student_ref, s.course_category, s.course_delivery, s.lessons, s.paid_fen, s.list_fen,
      s.gift_lessons, s.gift_fen, (s.signed_at AT TIME ZONE 'Asia/Shanghai')::date, s.starts_on,
      s.ends_on, s.registered_at)::text AS terms,
    ROW(e.body ->> 'student_ref', e.body ->> 'course_category', e.body ->> 'course_delivery',
      e.body ->> 'lessons', e.body ->> 'paid_fen', e.body ->> 'list_fen',
      e.body ->> 'gift_lessons', e.body ->> 'gift_fen', e.body ->> 'signed_on',
      e.body ->> 'starts_on', e.body ->> 'ends_on', e.time)::text AS told_terms,
    ROW(e.body ->> 'student_ref', e.body ->> 'course_category', e.body ->> 'course_delivery',
      e.body ->> 'lessons', e.body ->> 'paid_fen', e.body ->> 'policy')::text AS told_its_terms
  FROM signed AS s
  FULL JOIN told AS e ON e.institution_id = s.institution_id AND e.contract_id = s.contract_id
)
SELECT f.rule, f.named, CASE f.named WHEN 'event' THEN p.told_key ELSE p.key END AS key, f.found,
  f.expected, f.other, p.told_key AS other_key
FROM pair AS p
CROSS JOIN LATERAL (VALUES
  ('contract', 'event', p.key IS NULL, 'none', 'there', NULL),
  ('untold', 'contract', p.told_key IS NULL AND p.is_due, 'none', 'there', NULL),
  ('terms', 'contract', p.told_key IS NOT NULL, p.terms, p.told_terms, 'event'),
  ('terms', 'tuition', p.told_key IS NOT NULL, p.its_terms, p.told_its_terms, 'event')
) AS f (rule, named, applies, found, expected, other)
WHERE f.applies AND f.found <> f.expected AND (p.key IS NOT NULL OR f.named = 'event')
ORDER BY 3 LIMIT CAST(:most AS int)
