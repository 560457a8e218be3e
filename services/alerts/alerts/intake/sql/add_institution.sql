-- Make the rows of institutions heard of for the first time: a fact needs something to lock.
-- Locks: none on rows that are there. Index: institution_pkey. Rows: one page's institution_ids.
INSERT INTO alerts.institution (institution_id)
SELECT t.institution_id FROM unnest($1::text[]) AS t (institution_id)
ORDER BY 1
ON CONFLICT DO NOTHING
