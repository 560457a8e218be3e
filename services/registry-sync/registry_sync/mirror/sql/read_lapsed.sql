-- Find institutions of which a site stands well by a validity that has ended.
-- Where the source that leads is late nothing ends: it may have been renewed unseen.
-- tidy: allow sql-institution - those that lapse are looked for.
-- Locks: none, the advisory lock of applying is held. Index: institution_valid_until_idx.
-- Rows: a few a day.
SELECT i.institution_id
FROM registry.institution AS i
CROSS JOIN (SELECT now() + make_interval(secs => offset_s) AS now FROM access.clock) AS c
JOIN registry.source AS s ON s.source = i.body::jsonb ->> 'source'
WHERE i.status = 'normal' AND i.valid_until < $1::text
  AND coalesce(s.valid_until >= c.now, s.last_success_at IS NOT NULL)
  AND coalesce(s.last_success_at >= c.now - make_interval(secs => $3::int * s.cadence_s), true)
ORDER BY i.valid_until, i.institution_id
LIMIT $2::int
