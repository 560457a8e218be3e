-- Compare an institution's description with what the feed told of it last, and each account with
-- what the feed told when it was filed.
-- Locks: none. Index: event_pkey, institution_pkey, custody_account_institution_id_idx.
-- Rows: those events since and those records, of one chunk of institution_ids.
WITH range AS (
  SELECT * FROM unnest(CAST(:ids AS text[]), CAST(:told AS bigint[]), CAST(:until AS bigint[]))
    AS r (institution_id, told, until)
), read AS (
  SELECT e.institution_id, e.sequence, e.time, e.type = 'account.changed' AS is_account,
    e.body::jsonb - 'may_charge' - 'may_be_paid' - 'registry' AS body,
    concat_ws('/', e.institution_id, e.sequence) AS key,
    e.sequence = max(e.sequence) OVER (PARTITION BY e.institution_id, e.type) AS is_last
  FROM range AS r
  CROSS JOIN LATERAL (
    SELECT * FROM escrow.event AS e
    WHERE e.institution_id = r.institution_id AND e.sequence > r.told AND e.sequence <= r.until
      AND e.type IN ('institution.changed', 'account.changed') OFFSET 0) AS e
), told AS (
  SELECT *, CASE WHEN is_account THEN time::text || body ELSE '' END AS same,
    row_number() OVER (PARTITION BY institution_id, time, body ORDER BY sequence DESC) AS nth
  FROM read WHERE is_account OR is_last
), record AS (
  SELECT i.institution_id, 'institution' AS named, i.institution_id AS key, r.told = 0 AS is_due,
    false AS is_account, '' AS same, 1 AS nth,
    jsonb_build_object('name', i.name, 'district_code', i.district_code, 'category', i.category,
      'delivery', i.delivery, 'policy', i.policy) || CASE i.status WHEN 'unlisted' THEN '{}'
      ELSE jsonb_build_object('status', i.status) END AS body
  FROM range AS r JOIN escrow.institution AS i ON i.institution_id = r.institution_id
  UNION ALL
  SELECT a.institution_id, 'custody_account', concat_ws('/', a.institution_id, a.account_number),
    r.told = 0, true, a.filed_at::text || b.body, row_number() OVER (
      PARTITION BY a.institution_id, a.filed_at, b.body ORDER BY a.account_number), b.body
  FROM range AS r JOIN escrow.custody_account AS a ON a.institution_id = r.institution_id
  CROSS JOIN LATERAL (
    SELECT jsonb_build_object('bank_id', a.bank_id, 'opened_on', a.opened_on) AS body) AS b
  WHERE a.kind = 'custody'
)
SELECT 'told' AS rule, CASE WHEN c.key IS NULL THEN 'event' ELSE c.named END AS named,
  coalesce(c.key, t.key) AS key, coalesce(c.body::text, 'none') AS found,
  coalesce(t.body::text, 'none') AS expected,
  CASE WHEN c.key IS NOT NULL THEN 'event' END AS other, t.key AS other_key
FROM told AS t
FULL JOIN record AS c ON c.institution_id = t.institution_id AND c.is_account = t.is_account
  AND c.same = t.same AND c.nth = t.nth
WHERE t.body IS DISTINCT FROM c.body
  AND CASE WHEN t.key IS NULL THEN c.is_due WHEN c.key IS NULL THEN t.is_last ELSE true END
ORDER BY 3 LIMIT CAST(:most AS int)
