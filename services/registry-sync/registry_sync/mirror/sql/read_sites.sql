-- Read what every source says of the institutions of a chunk.
-- Locks: none, the advisory lock of applying is held. Index: site_pkey (institution_id first).
-- Rows: a few per institution; a source that is named no more keeps the rank it had.
SELECT
  s.institution_id, s.source, s.licence_no, s.said, s.valid_from, s.statement_no, s.evidence,
  s.missing_fulls, src.rank
FROM unnest($1::text[]) AS k (institution_id)
CROSS JOIN LATERAL (
  SELECT * FROM registry.site AS q WHERE q.institution_id = k.institution_id OFFSET 0
) AS s
JOIN registry.source AS src ON src.source = s.source
