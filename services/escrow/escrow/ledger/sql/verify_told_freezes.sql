-- Compare freezes, their confirmation, their lifting, and floors with what the feed told of each.
-- Locks: none. Index: event_pkey, freeze_pkey, freeze_confirmation_pkey, floor_pkey.
-- Rows: those events since and those records, of one chunk of institution_ids.
WITH range AS (
  SELECT * FROM unnest(CAST(:ids AS text[]), CAST(:told AS bigint[]), CAST(:until AS bigint[]))
    AS r (institution_id, told, until)
), read AS (
  SELECT e.institution_id, e.sequence, e.type, e.time, e.body::jsonb AS body,
    concat_ws('/', e.institution_id, e.sequence) AS key
  FROM range AS r
  CROSS JOIN LATERAL (
    SELECT * FROM escrow.event AS e
    WHERE e.institution_id = r.institution_id AND e.sequence > r.told AND e.sequence <= r.until
      AND e.type IN ('freeze.placed', 'freeze.confirmed', 'freeze.lifted', 'floor.changed')
    OFFSET 0) AS e
), told AS (
  SELECT institution_id, type, key, CASE WHEN type = 'floor.changed' THEN body ->> 'floor_id'
      ELSE body ->> 'freeze_id' END AS id,
    CASE type WHEN 'floor.changed' THEN jsonb_build_array(time, body -> 'rules',
        body -> 'effective_from', body -> 'document_no')
      WHEN 'freeze.placed' THEN jsonb_build_array(time, body -> 'scope', body -> 'reason',
        body -> 'authority', body -> 'document_no', body -> 'registry_event_id')
      WHEN 'freeze.confirmed' THEN jsonb_build_array(time, body -> 'reason', body -> 'document_no')
      ELSE jsonb_build_array(time, body -> 'scope', body -> 'reason', body -> 'authority',
        body -> 'document_no', body -> 'registry_event_id', body -> 'lift_reason',
        body -> 'lift_document_no') END AS told
  FROM read
), record AS (
  SELECT z.institution_id, x.type, x.named, z.freeze_id::text AS id, r.told = 0 AS is_due, x.told
  FROM range AS r
  JOIN escrow.freeze AS z ON z.institution_id = r.institution_id
  CROSS JOIN LATERAL (VALUES
    ('freeze.placed', 'freeze', jsonb_build_array(z.placed_at, z.scope, z.reason, z.authority,
      z.document_no, z.registry_event_id)),
    ('freeze.lifted', 'freeze', CASE WHEN num_nonnulls(z.lifted_at, z.lifted_by, z.lift_reason,
      z.lift_document_no) > 0 THEN jsonb_build_array(z.lifted_at, z.scope, z.reason,
      z.authority, z.document_no, z.registry_event_id, z.lift_reason, z.lift_document_no) END)
  ) AS x (type, named, told)
  WHERE x.told IS NOT NULL
  UNION ALL
  SELECT z.institution_id, 'freeze.confirmed', 'freeze_confirmation', z.freeze_id::text,
    r.told = 0, jsonb_build_array(z.confirmed_at, z.reason, z.document_no)
  FROM range AS r JOIN escrow.freeze_confirmation AS z ON z.institution_id = r.institution_id
  UNION ALL
  SELECT z.institution_id, 'floor.changed', 'floor', z.floor_id::text, r.told = 0,
    jsonb_build_array(z.placed_at, z.rules, z.effective_from, z.document_no)
  FROM range AS r JOIN escrow.floor AS z ON z.institution_id = r.institution_id
)
SELECT CASE WHEN c.id IS NOT NULL THEN 'told' WHEN t.type = 'freeze.lifted' THEN 'lifted'
    ELSE 'missing' END AS rule,
  coalesce(c.named, CASE t.type WHEN 'floor.changed' THEN 'floor' WHEN 'freeze.confirmed'
    THEN 'freeze_confirmation' ELSE 'freeze' END) AS named,
  concat_ws('/', coalesce(c.institution_id, t.institution_id), coalesce(c.id, t.id)) AS key,
  coalesce(c.told::text, 'none') AS found, coalesce(t.told::text, 'there') AS expected,
  'event' AS other, t.key AS other_key
FROM told AS t
FULL JOIN record AS c
  ON c.institution_id = t.institution_id AND c.type = t.type AND c.id = t.id
WHERE t.told IS DISTINCT FROM c.told AND (t.key IS NOT NULL OR c.is_due)
ORDER BY 3 LIMIT CAST(:most AS int)
