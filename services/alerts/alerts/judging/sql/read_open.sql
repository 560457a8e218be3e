-- Read which cases were open of institutions as of an instant: some thresholds fall back slowly.
-- Locks: none. Index: case_key_idx. Rows: the cases of the institution_ids of one judging.
SELECT c.institution_id, c.rule, c.scope
FROM alerts."case" AS c
WHERE c.institution_id = ANY ($1::text[]) AND c.opened_at < $2
  AND (c.closed_at IS NULL OR c.closed_at > $2)
