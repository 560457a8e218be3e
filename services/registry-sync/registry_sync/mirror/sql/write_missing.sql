-- Count once more that a full batch left sites out.
-- Locks: the rows written. Index: site_pkey (institution_id first).
-- Rows: what a source leaves out: few, or held back.
UPDATE registry.site AS s
SET missing_fulls = s.missing_fulls + 1, missing_since = coalesce(s.missing_since, $4::timestamptz)
FROM unnest($1::text[], $2::text[]) AS v (institution_id, licence_no)
WHERE s.institution_id = v.institution_id AND s.source = $3::text AND s.licence_no = v.licence_no
