-- Compare what the registry said last of an institution with what the feed told of it last.
-- Locks: none. Index: event_pkey, institution_pkey, registry_word_pkey.
-- Rows: the last word told since, and the one kept, of each of one chunk of institution_ids. What
-- is said of an institution that is not registered here is told once it is.
WITH range AS (
  SELECT * FROM unnest(CAST(:ids AS text[]), CAST(:told AS bigint[]), CAST(:until AS bigint[]))
    AS r (institution_id, told, until)
), read AS (
  SELECT e.institution_id, concat_ws('/', e.institution_id, e.sequence) AS key,
    e.body::jsonb -> 'registry' AS body
  FROM range AS r
  CROSS JOIN LATERAL (
    SELECT * FROM escrow.event AS e
    WHERE e.institution_id = r.institution_id AND e.sequence > r.told AND e.sequence <= r.until
      AND e.type = 'institution.changed' AND e.body::jsonb ? 'registry'
    ORDER BY e.sequence DESC LIMIT 1) AS e
), told AS (
  SELECT institution_id, key, jsonb_set(body, '{heard_at}',
    to_jsonb(CAST(body ->> 'heard_at' AS timestamptz))) AS body
  FROM read
), record AS (
  SELECT w.institution_id, r.told = 0 AS is_due, jsonb_build_object(
      'event_id', w.event_id, 'sequence', w.sequence, 'type', w.type, 'status', w.status,
      'effect', w.effect, 'white_listed', w.white_listed, 'black_listed', w.black_listed,
      'stale', w.is_stale, 'objections', w.objections, 'heard_at', w.heard_at) AS body
  FROM range AS r
  JOIN escrow.registry_word AS w ON w.institution_id = r.institution_id
  JOIN escrow.institution AS i ON i.institution_id = w.institution_id
)
SELECT CASE WHEN c.institution_id IS NULL THEN 'missing' ELSE 'told' END AS rule,
  'registry_word' AS named, coalesce(c.institution_id, t.institution_id) AS key,
  coalesce(c.body::text, 'none') AS found, coalesce(t.body::text, 'none') AS expected,
  'event' AS other, t.key AS other_key
FROM told AS t
FULL JOIN record AS c ON c.institution_id = t.institution_id
WHERE t.body IS DISTINCT FROM c.body AND (t.key IS NOT NULL OR c.is_due)
ORDER BY 3 LIMIT CAST(:most AS int)
