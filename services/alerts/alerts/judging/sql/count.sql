-- Count what rules were asked and what came of it.
-- Locks: the counted rows, in one order. Index: evaluated_pkey. Rows: rules by outcome.
-- tidy: allow sql-institution - counts of the whole installation, for the metrics
INSERT INTO alerts.evaluated (rule, mode, outcome, severity, reason, number, last_at)
SELECT t.rule, t.mode, t.outcome, t.severity, t.reason, t.number, $7
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[])
  AS t (rule, mode, outcome, severity, reason, number)
ORDER BY t.rule, t.mode, t.outcome, t.severity, t.reason
ON CONFLICT (rule, mode, outcome, severity, reason)
DO UPDATE SET number = evaluated.number + excluded.number, last_at = excluded.last_at
