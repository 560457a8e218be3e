-- Have institutions judged anew, and keep how each was last described.
-- Locks: rows the caller holds. Index: institution_pkey. Rows: one page's institution_ids.
UPDATE alerts.institution AS i
SET touched_at = coalesce(i.touched_at, $5),
  name = coalesce(t.name, i.name),
  district_code = coalesce(t.district_code, i.district_code),
  category = coalesce(t.category, i.category)
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[])
  AS t (institution_id, name, district_code, category)
WHERE i.institution_id = t.institution_id
