-- Read the floors of the institutions that have any.
-- Locks: none, the institution_id is locked. Index: floor_pkey.
-- Rows: a few per institution.
SELECT
  f.institution_id, f.floor_id, f.rules::text, f.effective_from, f.document_no, f.placed_at,
  f.placed_by
FROM unnest($1::text[]) AS k (institution_id)
CROSS JOIN LATERAL (
  SELECT * FROM escrow.floor AS q WHERE q.institution_id = k.institution_id OFFSET 0
) AS f
