-- Read which rules officers had silenced of institutions as of an instant.
-- Locks: none. Index: suppression_pkey. Rows: those of the institution_ids of one judging.
SELECT s.institution_id, s.rule
FROM alerts.suppression AS s
WHERE s.institution_id = ANY ($1::text[]) AND s.made_at <= $2 AND s.ends_at > $2
  AND (s.ended_at IS NULL OR s.ended_at > $2)
