-- Find institutions of which a site stands well by a validity that has ended.
-- tidy: allow sql-institution - those that lapse are looked for.
-- Locks: none, the advisory lock of applying is held. Index: institution_valid_until_idx.
-- Rows: a few a day.
SELECT i.institution_id
FROM registry.institution AS i
WHERE i.status = 'normal' AND i.valid_until < $1::text
ORDER BY i.valid_until, i.institution_id
LIMIT $2::int
