-- Read the floors of the institutions that have any.
-- Locks: none, the institution_id is locked. Index: floor_pkey.
-- Rows: a few per institution.
SELECT
  f.institution_id, f.floor_id, f.rules::text, f.effective_from, f.document_no, f.placed_at,
  f.placed_by
FROM unnest($1::text[]) AS k (institution_id)
JOIN escrow.floor AS f ON f.institution_id = k.institution_id
