-- Read how the institutions of a chunk are believed to stand.
-- Locks: none, the advisory lock of applying is held. Index: institution_pkey (institution_id).
-- Rows: at most one per institution.
SELECT i.institution_id, i.body, i.sequence, i.missing_told
FROM unnest($1::text[]) AS k (institution_id)
CROSS JOIN LATERAL (
  SELECT * FROM registry.institution AS q WHERE q.institution_id = k.institution_id OFFSET 0
) AS i
