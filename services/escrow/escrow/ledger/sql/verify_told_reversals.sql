-- Compare what the feed told of as put back with the lessons.
-- Locks: none. Index: event_pkey, lesson_pkey.
-- Rows: the events since and, when whole, the lessons of the contracts to check, of one chunk
-- of institution_ids.
WITH range AS (
  SELECT * FROM unnest(CAST(:ids AS text[]), CAST(:told AS bigint[]), CAST(:until AS bigint[]))
    AS r (institution_id, told, until)
), told AS (
  SELECT e.institution_id, concat_ws('/', e.institution_id, e.sequence) AS key,
    e.body::jsonb ->> 'id' AS item_id,
    ROW(e.body::jsonb ->> 'contract_id', e.body::jsonb ->> 'lesson_no',
      e.body::jsonb ->> 'amount_fen', e.body::jsonb ->> 'reason')::text AS told
  FROM range AS r
  CROSS JOIN LATERAL (
    SELECT * FROM escrow.event AS e
    WHERE e.institution_id = r.institution_id AND e.sequence > r.told AND e.sequence <= r.until
      AND e.type = 'lessons.reversed' OFFSET 0) AS e
), lesson AS (
  SELECT l.institution_id, l.reversal_item_id, r.told = 0 AS is_due,
    concat_ws('/', l.institution_id, l.contract_id, l.lesson_no, l.attempt) AS key,
    ROW(l.contract_id, l.lesson_no, l.amount_fen, l.reversal_reason)::text AS told
  FROM range AS r
  JOIN unnest(CAST(:contract_owners AS text[]), CAST(:contracts AS text[]))
    AS k (institution_id, contract_id) ON k.institution_id = r.institution_id
  CROSS JOIN LATERAL (
    SELECT * FROM escrow.lesson AS l WHERE l.institution_id = k.institution_id
      AND l.contract_id = k.contract_id AND l.reversal_item_id IS NOT NULL OFFSET 0) AS l
)
SELECT 'told_back' AS rule, CASE WHEN l.key IS NULL THEN 'event' ELSE 'lesson' END AS named,
  coalesce(l.key, t.key) AS key, coalesce(l.told, 'none') AS found,
  coalesce(t.told, 'none') AS expected, CASE WHEN l.key IS NOT NULL THEN 'event' END AS other,
  t.key AS other_key
FROM told AS t
FULL JOIN lesson AS l
  ON l.institution_id = t.institution_id AND l.reversal_item_id = t.item_id
WHERE t.told IS DISTINCT FROM l.told AND (t.key IS NOT NULL OR l.is_due)
ORDER BY 3 LIMIT CAST(:most AS int)
