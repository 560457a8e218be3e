-- Note that sites are named again that full batches had left out.
-- Locks: the rows written. Index: site_pkey (institution_id first).
-- Rows: what was left out before: few.
UPDATE registry.site AS s
SET missing_fulls = 0, missing_since = NULL
FROM unnest($1::text[], $2::text[]) AS v (institution_id, licence_no)
WHERE s.institution_id = v.institution_id AND s.source = $3::text AND s.licence_no = v.licence_no
