-- Read the journal in order: numbered without a gap up to the counter, in the order of time, each
-- movement that the feed must tell of at the time of a posting that it told of.
-- Locks: none. Index: movement_pkey, event_pkey.
-- Rows: the movements and events since, of one chunk of institution_ids.
WITH range AS (
  SELECT * FROM unnest(CAST(:ids AS text[]), CAST(:since AS bigint[]), CAST(:told AS bigint[]))
    AS r (institution_id, since, told)
), posting AS (
  SELECT DISTINCT r.institution_id, e.time
  FROM range AS r
  CROSS JOIN LATERAL (
    SELECT e.time FROM escrow.event AS e
    WHERE e.institution_id = r.institution_id AND e.sequence > r.told OFFSET 0) AS e
), read AS (
  SELECT m.institution_id, m.sequence, m.posted_at, r.counted,
    coalesce(lag(m.sequence) OVER o, r.since) AS before,
    t.time IS NOT NULL OR m.kind IN ('recovery', 'came_back')
      OR m.kind = 'reversal' AND m.lesson_no IS NULL AS is_told,
    coalesce(lag(m.posted_at) OVER o, r.posted_before, m.posted_at) AS posted_before
  FROM (
    SELECT r.*, b.movements AS counted, p.posted_at AS posted_before
    FROM range AS r
    JOIN escrow.balance AS b ON b.institution_id = r.institution_id
    LEFT JOIN LATERAL (
      SELECT p.posted_at FROM escrow.movement AS p
      WHERE p.institution_id = r.institution_id AND p.sequence = r.since OFFSET 0) AS p ON true
  ) AS r
  CROSS JOIN LATERAL (
    SELECT * FROM escrow.movement AS m
    WHERE m.institution_id = r.institution_id AND m.sequence > r.since OFFSET 0) AS m
  LEFT JOIN posting AS t ON t.institution_id = m.institution_id AND t.time = m.posted_at
  WINDOW o AS (PARTITION BY m.institution_id ORDER BY m.sequence)
)
SELECT f.rule, 'movement' AS named, concat_ws('/', r.institution_id, f.sequence) AS key,
  f.found, f.expected, NULL AS other, NULL AS other_key
FROM read AS r
CROSS JOIN LATERAL (VALUES
  ('gap', r.before + 1, r.sequence <> r.before + 1, 'none', 'there'),
  ('counted', r.sequence, r.sequence > r.counted, r.sequence::text, 'at most ' || r.counted),
  ('posted_at', r.sequence, r.posted_at < r.posted_before OR NOT r.is_told, r.posted_at::text,
    'the time of a posting, in order')
) AS f (rule, sequence, is_wrong, found, expected)
WHERE (r.sequence <> r.before + 1 OR r.sequence > r.counted OR r.posted_at < r.posted_before
  OR NOT r.is_told) AND f.is_wrong
ORDER BY r.institution_id, f.sequence
LIMIT CAST(:most AS int)
