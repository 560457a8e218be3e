-- Rank each district's institutions by the prepaid tuition they hold: the first so many.
-- Locks: none. Index: institution_district_idx. Rows: one per institution_id with money.
SELECT r.institution_id, r.district_code, r.held_fen, r.place
FROM (
  SELECT i.institution_id, i.district_code, i.held_fen,
    rank() OVER (PARTITION BY i.district_code ORDER BY i.held_fen DESC) AS place
  FROM alerts.institution AS i
  WHERE i.held_fen > 0 AND i.district_code IS NOT NULL
) AS r
WHERE r.place <= $1 AND NOT EXISTS (
  SELECT FROM alerts.fact AS f
  WHERE f.institution_id = r.institution_id AND f.kind = 'rank' AND f.at = $2)
ORDER BY r.institution_id
LIMIT $3
