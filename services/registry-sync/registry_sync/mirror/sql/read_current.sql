-- Read how one institution is believed to stand now, and how fresh its source is.
-- Locks: none. Index: institution_pkey (institution_id), source_pkey. Rows: at most one.
SELECT
  i.body, i.changed_at, now() + make_interval(secs => c.offset_s) AS now, s.source, s.rank,
  s.version, s.as_of, s.valid_until, s.cadence_s, s.last_success_at
FROM registry.institution AS i
CROSS JOIN access.clock AS c
LEFT JOIN registry.source AS s ON s.source = (i.body::json ->> 'source')
WHERE i.institution_id = $1::text
