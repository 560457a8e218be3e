-- Write freezes placed or lifted.
-- Locks: rows of locked institutions (institution_id). Index: freeze_pkey.
-- Rows: one per command.
INSERT INTO escrow.freeze (
  institution_id, freeze_id, scope, reason, authority, document_no, placed_at, placed_by,
  registry_event_id, lifted_at, lifted_by, lift_reason, lift_document_no)
SELECT * FROM unnest(
  $1::text[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::timestamptz[],
  $8::text[], $9::text[], $10::timestamptz[], $11::text[], $12::text[], $13::text[])
ON CONFLICT (institution_id, freeze_id) DO UPDATE SET
  lifted_at = excluded.lifted_at, lifted_by = excluded.lifted_by,
  lift_reason = excluded.lift_reason, lift_document_no = excluded.lift_document_no
