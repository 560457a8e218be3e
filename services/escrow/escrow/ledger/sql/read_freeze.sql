-- Read the freezes that a posting names.
-- Locks: none, the institution_id is locked. Index: freeze_pkey, freeze_confirmation_pkey.
-- Rows: at most one per command.
SELECT
  f.institution_id, f.freeze_id, f.scope, f.reason, f.authority, f.document_no, f.placed_at,
  f.placed_by, f.registry_event_id, f.lifted_at, f.lifted_by, f.lift_reason, f.lift_document_no,
  c.confirmed_at, c.confirmed_by
FROM unnest($1::text[], $2::uuid[]) AS k (institution_id, freeze_id)
CROSS JOIN LATERAL (
  SELECT * FROM escrow.freeze AS q
  WHERE q.institution_id = k.institution_id AND q.freeze_id = k.freeze_id
  OFFSET 0
) AS f
LEFT JOIN LATERAL (
  SELECT * FROM escrow.freeze_confirmation AS q
  WHERE q.institution_id = f.institution_id AND q.freeze_id = f.freeze_id
  OFFSET 0
) AS c ON true
