-- Read of every site of a source what is needed to compare a batch with it.
-- tidy: allow sql-institution - a whole source is compared at once.
-- Locks: none. Index: site_source_idx. Rows: all of the source: a hundred thousand or so.
SELECT
  s.institution_id, s.licence_no, s.digest, s.said[5] AS status, s.said[2] AS district_code,
  s.said[1] AS name, s.said[10] = 'yes' AS black_listed, s.said[9] = 'yes' AS white_listed,
  s.missing_fulls,
  (s.said[1] IS NOT NULL)::int + (s.said[2] IS NOT NULL)::int * 2
  + (s.said[3] IS NOT NULL)::int * 4 + (s.said[4] IS NOT NULL)::int * 8
  + (s.said[5] IS NOT NULL)::int * 16 + (s.said[6] IS NOT NULL)::int * 32
  + (s.said[7] IS NOT NULL)::int * 64 + (s.said[8] IS NOT NULL)::int * 128
  + (s.said[9] IS NOT NULL)::int * 256 + (s.said[10] IS NOT NULL)::int * 512
  + (s.said[11] IS NOT NULL)::int * 1024 AS stated,
  s.missing_fulls >= $2::int AND s.missing_since <= c.now - $3::interval AS is_gone
FROM registry.site AS s
CROSS JOIN (SELECT now() + make_interval(secs => offset_s) AS now FROM access.clock) AS c
WHERE s.source = $1::text
