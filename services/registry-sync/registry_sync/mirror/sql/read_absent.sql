-- Find institutions of which every site has been left out for long enough, and nobody was told.
-- tidy: allow sql-institution - those absent are looked for.
-- Locks: none, the advisory lock of applying is held. Index: site_missing_idx, site_pkey.
-- Rows: few; a source that left out many is held back before.
SELECT DISTINCT s.institution_id
FROM registry.site AS s
JOIN registry.institution AS i ON i.institution_id = s.institution_id AND NOT i.missing_told
WHERE s.source = $1::text
  AND s.missing_fulls >= $2::int
  AND s.missing_since <= $3::timestamptz
  AND NOT EXISTS (
    SELECT FROM registry.site AS o
    WHERE o.institution_id = s.institution_id
      AND (o.missing_since IS NULL OR o.missing_fulls < $2::int))
ORDER BY s.institution_id
LIMIT $4::int
