-- Read in which districts some institutions lie, where that is known.
-- Locks: none. Index: institution_pkey (institution_id). Rows: the districts of one list.
SELECT DISTINCT i.district_code
FROM registry.institution AS i
WHERE i.institution_id = ANY ($1::text[]) AND i.district_code IS NOT NULL
