-- Count how a district's institutions stand: as judged, and as the registry last spoke of them.
-- Locks: none. Index: fact_pkey, by institution. Rows: one.
WITH place AS (
  SELECT i.institution_id, i.custody_fen, i.held_fen, i.required_fen, i.judged_at
  FROM alerts.institution AS i WHERE starts_with(i.district_code, :stem)
), known AS (
  SELECT f.institution_id,
    bool_or(f.kind = 'account') AS has_account,
    max(f.at) FILTER (WHERE f.kind = 'statement') AS stated_at,
    (array_agg(f.body ->> 'status' ORDER BY f.at DESC, f.fact_id DESC)
      FILTER (WHERE f.kind = 'registry'))[1] AS status,
    (array_agg(f.body ->> 'licence_class' ORDER BY f.at DESC, f.fact_id DESC)
      FILTER (WHERE f.kind = 'registry'))[1] AS licence_class
  FROM alerts.fact AS f JOIN place AS p ON p.institution_id = f.institution_id
  WHERE f.kind IN ('account', 'registry', 'statement')
  GROUP BY 1
)
SELECT count(*) AS institutions,
  min(p.judged_at) AS judged_since,
  count(*) FILTER (WHERE k.status = 'normal') AS licensed,
  count(*) FILTER (WHERE k.status IN ('revoked', 'suspended', 'expired', 'deregistered',
    'transformed', 'winding_down')) AS not_licensed,
  count(*) FILTER (WHERE k.status IS NULL OR k.status NOT IN ('normal', 'revoked', 'suspended',
    'expired', 'deregistered', 'transformed', 'winding_down')) AS licence_unknown,
  count(*) FILTER (WHERE k.licence_class = 'both') AS class_both,
  count(*) FILTER (WHERE k.licence_class = 'licence_only') AS class_licence_only,
  count(*) FILTER (WHERE k.licence_class = 'registration_only') AS class_registration_only,
  count(*) FILTER (WHERE k.licence_class = 'neither') AS class_neither,
  count(*) FILTER (WHERE k.has_account) AS accounts,
  count(*) FILTER (WHERE k.stated_at >= :week_ago) AS stated,
  count(*) FILTER (WHERE p.held_fen > 0) AS holding,
  count(*) FILTER (WHERE p.held_fen > 0 AND p.custody_fen < p.held_fen) AS uncovered,
  coalesce(sum(greatest(p.held_fen - p.custody_fen, 0)), 0)::bigint AS uncovered_fen,
  count(*) FILTER (WHERE p.required_fen > p.custody_fen) AS below_floor,
  coalesce(sum(p.custody_fen), 0)::bigint AS custody_fen,
  coalesce(sum(p.held_fen), 0)::bigint AS held_fen
FROM place AS p LEFT JOIN known AS k ON k.institution_id = p.institution_id
