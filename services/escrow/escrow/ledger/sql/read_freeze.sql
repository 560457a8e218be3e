-- Read the freezes that a posting names.
-- Locks: none, the institution_id is locked. Index: freeze_pkey.
-- Rows: at most one per command.
SELECT
  f.institution_id, f.freeze_id, f.scope, f.reason, f.authority, f.document_no, f.placed_at,
  f.placed_by, f.registry_event_id, f.lifted_at, f.lifted_by, f.lift_reason, f.lift_document_no
FROM unnest($1::text[], $2::uuid[]) AS k (institution_id, freeze_id)
JOIN escrow.freeze AS f ON f.institution_id = k.institution_id AND f.freeze_id = k.freeze_id
