-- Count how often a source turned an institution's status or black listing within a week.
-- tidy: allow sql-institution - only those that turned are returned.
-- Locks: none. Index: statement_recorded_at_idx. Rows: institutions whose status changed twice.
SELECT t.institution_id, count(DISTINCT t.recorded_at) AS toggles
FROM (
  SELECT
    s.institution_id, s.licence_no, s.recorded_at, ARRAY[s.said[5], s.said[10]] AS stood,
    lag(ARRAY[s.said[5], s.said[10]]) OVER (
      PARTITION BY s.institution_id, s.licence_no ORDER BY s.statement_no) AS before
  FROM registry.statement AS s
  WHERE s.source = $1::text
    AND s.institution_id IN (
      SELECT r.institution_id FROM registry.statement AS r
      WHERE r.source = $1::text AND r.recorded_at >= $2::timestamptz AND r.statement_no > 1)
) AS t
WHERE t.recorded_at >= $2::timestamptz AND t.before IS NOT NULL
  AND t.stood IS DISTINCT FROM t.before
GROUP BY t.institution_id
HAVING count(DISTINCT t.recorded_at) > 1
