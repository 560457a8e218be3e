-- Read what each source said of each licence of one institution: as true on a day, as known at
-- a moment.
-- Locks: none. Index: statement_pkey (institution_id first), fetch_pkey, source_pkey.
-- Rows: the statements of one institution, a few per year.
SELECT DISTINCT ON (t.source, t.licence_no)
  t.source, t.licence_no, t.statement_no, t.said, t.valid_from, t.recorded_at, t.fetch_id,
  t.place, f.sha256 AS evidence, s.rank, s.version, s.as_of, s.valid_until, s.cadence_s,
  s.last_success_at, now() + make_interval(secs => c.offset_s) AS now
FROM registry.statement AS t
JOIN registry.source AS s ON s.source = t.source
LEFT JOIN registry.fetch AS f ON f.fetch_id = t.fetch_id
CROSS JOIN access.clock AS c
WHERE t.institution_id = $1::text
  AND ($2::timestamptz IS NULL OR t.recorded_at <= $2::timestamptz)
  AND ($3::date IS NULL OR t.valid_from <= $3::date)
ORDER BY t.source, t.licence_no, t.statement_no DESC
