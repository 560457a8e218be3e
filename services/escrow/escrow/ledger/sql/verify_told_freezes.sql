-- Compare freezes and floors with what the feed told of them last.
-- Locks: none. Index: event_pkey, freeze_pkey, floor_pkey.
-- Rows: those events since and those records, of one chunk of institution_ids.
WITH range AS (
  SELECT * FROM unnest(CAST(:ids AS text[]), CAST(:told AS bigint[]), CAST(:until AS bigint[]))
    AS r (institution_id, told, until)
), read AS (
  SELECT e.institution_id, e.sequence, e.type, e.body::jsonb AS body
  FROM range AS r
  JOIN escrow.event AS e ON e.institution_id = r.institution_id
    AND e.sequence > r.told AND e.sequence <= r.until
    AND e.type IN ('freeze.placed', 'freeze.lifted', 'floor.changed')
  WHERE e.institution_id = ANY (CAST(:ids AS text[]))
), told AS (
  SELECT DISTINCT ON (r.institution_id, x.named, x.id) r.institution_id, x.named, x.id, x.told,
    concat_ws('/', r.institution_id, r.sequence) AS key
  FROM read AS r
  CROSS JOIN LATERAL (VALUES
    ('freeze', r.body ->> 'freeze_id', jsonb_build_array(r.body -> 'scope', r.body -> 'reason',
      r.body -> 'authority', r.body -> 'document_no', r.body -> 'registry_event_id',
      r.body -> 'lift_reason', r.body -> 'lift_document_no', r.type = 'freeze.lifted')),
    ('floor', r.body ->> 'floor_id', jsonb_build_array(r.body -> 'rules',
      r.body -> 'effective_from', r.body -> 'document_no'))
  ) AS x (named, id, told)
  WHERE x.id IS NOT NULL
  ORDER BY r.institution_id, x.named, x.id, r.sequence DESC
), record AS (
  SELECT z.institution_id, 'freeze' AS named, z.freeze_id::text AS id, r.told = 0 AS is_due,
    jsonb_build_array(z.scope, z.reason, z.authority, z.document_no, z.registry_event_id,
      z.lift_reason, z.lift_document_no, z.lifted_at IS NOT NULL) AS told
  FROM range AS r JOIN escrow.freeze AS z ON z.institution_id = r.institution_id
  UNION ALL
  SELECT z.institution_id, 'floor', z.floor_id::text, r.told = 0,
    jsonb_build_array(z.rules, z.effective_from, z.document_no)
  FROM range AS r JOIN escrow.floor AS z ON z.institution_id = r.institution_id
)
SELECT 'told' AS rule, CASE WHEN c.id IS NULL THEN 'event' ELSE c.named END AS named,
  CASE WHEN c.id IS NULL THEN t.key ELSE concat_ws('/', c.institution_id, c.id) END AS key,
  coalesce(c.told::text, 'none') AS found, coalesce(t.told::text, 'none') AS expected,
  CASE WHEN c.id IS NOT NULL THEN 'event' END AS other, t.key AS other_key
FROM told AS t
FULL JOIN record AS c
  ON c.institution_id = t.institution_id AND c.named = t.named AND c.id = t.id
WHERE t.told IS DISTINCT FROM c.told AND (t.key IS NOT NULL OR c.is_due)
ORDER BY 3 LIMIT CAST(:most AS int)
