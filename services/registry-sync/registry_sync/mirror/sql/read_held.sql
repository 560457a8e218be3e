-- Read of every site of a source what is needed to compare a batch with it.
-- tidy: allow sql-institution - a whole source is compared at once.
-- Locks: none. Index: site_source_idx. Rows: all of the source: a hundred thousand or so.
SELECT
  s.institution_id, s.licence_no, s.digest, s.said[5] AS status, s.said[2] AS district_code,
  s.said[1] AS name, s.said[10] = 'yes' AS black_listed, s.missing_fulls
FROM registry.site AS s
WHERE s.source = $1::text
