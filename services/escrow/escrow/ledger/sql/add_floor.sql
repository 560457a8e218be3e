-- Write minimum balances set.
-- Locks: none beyond the institution_id's. Index: floor_pkey. Rows: one per command.
INSERT INTO escrow.floor (
  institution_id, floor_id, rules, effective_from, document_no, placed_at, placed_by)
SELECT v.institution_id, v.floor_id, v.rules::jsonb, v.effective_from, v.document_no,
  v.placed_at, v.placed_by
FROM unnest(
  $1::text[], $2::uuid[], $3::text[], $4::date[], $5::text[], $6::timestamptz[], $7::text[]
) AS v (institution_id, floor_id, rules, effective_from, document_no, placed_at, placed_by)
