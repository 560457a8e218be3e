-- Compare the contracts that the feed told of as closed with their state: a closed one was told
-- of once, a completed one at least once.
-- Locks: none. Index: event_pkey, tuition_pkey.
-- Rows: the events since and the contracts to check, of one chunk of institution_ids.
WITH range AS (
  SELECT * FROM unnest(CAST(:ids AS text[]), CAST(:told AS bigint[]), CAST(:until AS bigint[]))
    AS r (institution_id, told, until)
), told AS (
  SELECT e.institution_id, e.sequence, e.body::jsonb ->> 'contract_id' AS contract_id,
    e.body::jsonb ->> 'state' AS state, concat_ws('/', e.institution_id, e.sequence) AS key
  FROM range AS r
  CROSS JOIN LATERAL (
    SELECT * FROM escrow.event AS e
    WHERE e.institution_id = r.institution_id AND e.sequence > r.told AND e.sequence <= r.until
      AND e.type = 'contract.closed' OFFSET 0) AS e
), last AS (
  SELECT DISTINCT ON (institution_id, contract_id) * FROM told
  ORDER BY institution_id, contract_id, sequence DESC
), tuition AS (
  SELECT t.institution_id, t.contract_id, t.state, r.told = 0 AS is_due,
    concat_ws('/', t.institution_id, t.contract_id) AS key
  FROM range AS r
  JOIN unnest(CAST(:contract_owners AS text[]), CAST(:contracts AS text[]))
    AS k (institution_id, contract_id) ON k.institution_id = r.institution_id
  CROSS JOIN LATERAL (
    SELECT * FROM escrow.tuition AS t WHERE t.institution_id = k.institution_id
      AND t.contract_id = k.contract_id OFFSET 0) AS t
)
SELECT 'told_state' AS rule, CASE WHEN t.key IS NULL THEN 'event' ELSE 'tuition' END AS named,
  coalesce(t.key, l.key) AS key, coalesce(t.state, 'none') AS found,
  coalesce(l.state, 'neither completed nor closed') AS expected,
  CASE WHEN t.key IS NOT NULL THEN 'event' END AS other, l.key AS other_key
FROM last AS l
FULL JOIN tuition AS t
  ON t.institution_id = l.institution_id AND t.contract_id = l.contract_id
WHERE CASE
  WHEN t.key IS NULL OR l.state = 'closed' THEN t.state IS DISTINCT FROM l.state
  WHEN t.state IN ('completed', 'closed') THEN t.state IS DISTINCT FROM l.state AND (
    t.is_due OR l.key IS NOT NULL)
  ELSE l.state NOT IN ('completed', 'closed') END
ORDER BY 3 LIMIT CAST(:most AS int)
