-- Note that institutions are there again: their next absence is told anew.
-- Locks: the rows written. Index: institution_pkey (institution_id). Rows: few.
UPDATE registry.institution AS i
SET missing_told = false
WHERE i.institution_id = ANY ($1::text[]) AND i.missing_told
