-- Read the journal in order: numbered without a gap up to the counter, in the order of time.
-- Locks: none. Index: movement_pkey. Rows: the movements since, of one chunk of institution_ids.
WITH read AS (
  SELECT m.institution_id, m.sequence, m.posted_at, b.movements AS counted,
    coalesce(lag(m.sequence) OVER o, r.since) AS before,
    greatest(m.posted_at, coalesce(lag(m.posted_at) OVER o, p.posted_at)) AS posted_after
  FROM unnest(CAST(:ids AS text[]), CAST(:since AS bigint[])) AS r (institution_id, since)
  JOIN escrow.movement AS m ON m.institution_id = r.institution_id AND m.sequence > r.since
  JOIN escrow.balance AS b ON b.institution_id = r.institution_id
  LEFT JOIN escrow.movement AS p ON p.institution_id = r.institution_id AND p.sequence = r.since
  WHERE m.institution_id = ANY (CAST(:ids AS text[]))
  WINDOW o AS (PARTITION BY m.institution_id ORDER BY m.sequence)
)
SELECT f.rule, 'movement' AS named, concat_ws('/', r.institution_id, f.sequence) AS key,
  f.found, f.expected, NULL AS other, NULL AS other_key
FROM read AS r
CROSS JOIN LATERAL (VALUES
  ('missing', r.before + 1, CASE WHEN r.sequence = r.before + 1 THEN 'there' ELSE 'none' END,
    'there'),
  ('counted', r.sequence, r.sequence::text, 'at most ' || r.counted),
  ('posted_at', r.sequence, r.posted_at::text, r.posted_after::text)
) AS f (rule, sequence, found, expected)
WHERE (r.sequence <> r.before + 1 OR r.sequence > r.counted OR r.posted_at <> r.posted_after)
  AND CASE f.rule
    WHEN 'missing' THEN r.sequence <> r.before + 1
    WHEN 'counted' THEN r.sequence > r.counted
    ELSE r.posted_at <> r.posted_after END
ORDER BY r.institution_id, f.sequence
LIMIT CAST(:most AS int)
