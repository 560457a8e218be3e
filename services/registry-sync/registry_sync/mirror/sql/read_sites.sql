-- Read what every source says of the institutions of a chunk.
-- Locks: none, the advisory lock of applying is held. Index: site_pkey (institution_id first).
-- Rows: a few per institution.
SELECT
  s.institution_id, s.source, s.licence_no, s.said, s.valid_from, s.statement_no, s.evidence,
  s.missing_fulls
FROM unnest($1::text[]) AS k (institution_id)
CROSS JOIN LATERAL (
  SELECT * FROM registry.site AS q WHERE q.institution_id = k.institution_id OFFSET 0
) AS s
