-- Compare an institution's description and its account with what the feed told of them last.
-- Locks: none. Index: event_pkey, institution_pkey, custody_account_pkey.
-- Rows: those events since and those records, of one chunk of institution_ids.
WITH range AS (
  SELECT * FROM unnest(CAST(:ids AS text[]), CAST(:told AS bigint[]), CAST(:until AS bigint[]))
    AS r (institution_id, told, until)
), told AS (
  SELECT DISTINCT ON (e.institution_id, e.type) e.institution_id, e.type, e.body::jsonb AS body,
    concat_ws('/', e.institution_id, e.sequence) AS key
  FROM range AS r
  JOIN escrow.event AS e ON e.institution_id = r.institution_id
    AND e.sequence > r.told AND e.sequence <= r.until
    AND e.type IN ('institution.changed', 'account.changed')
  WHERE e.institution_id = ANY (CAST(:ids AS text[]))
  ORDER BY e.institution_id, e.type, e.sequence DESC
), record AS (
  SELECT i.institution_id, 'institution.changed' AS type, 'institution' AS named,
    i.institution_id AS key, r.told = 0 AS is_due,
    jsonb_build_object('name', i.name, 'district_code', i.district_code, 'category', i.category,
      'delivery', i.delivery, 'policy', i.policy) AS body
  FROM range AS r JOIN escrow.institution AS i ON i.institution_id = r.institution_id
  UNION ALL
  SELECT i.institution_id, 'account.changed', 'custody_account',
    concat_ws('/', i.institution_id, a.account_number), r.told = 0,
    jsonb_build_object('bank_id', a.bank_id, 'opened_on', a.opened_on)
  FROM range AS r
  JOIN escrow.institution AS i ON i.institution_id = r.institution_id
  JOIN escrow.custody_account AS a ON a.account_number = i.account_number
)
SELECT 'told' AS rule, CASE WHEN c.key IS NULL THEN 'event' ELSE c.named END AS named,
  coalesce(c.key, t.key) AS key, coalesce(c.body::text, 'none') AS found,
  coalesce(t.body::text, 'none') AS expected,
  CASE WHEN c.key IS NOT NULL THEN 'event' END AS other, t.key AS other_key
FROM told AS t
FULL JOIN record AS c ON c.institution_id = t.institution_id AND c.type = t.type
WHERE CASE WHEN t.key IS NULL THEN c.is_due WHEN c.key IS NULL THEN true
  ELSE NOT t.body @> c.body END
ORDER BY 3 LIMIT CAST(:most AS int)
