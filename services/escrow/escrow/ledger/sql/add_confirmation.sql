-- Append who confirmed a protective freeze; the key refuses a second time.
-- Locks: the institution_id is locked. Index: freeze_confirmation_pkey. Rows: one per command.
INSERT INTO escrow.freeze_confirmation (
  institution_id, freeze_id, reason, document_no, confirmed_at, confirmed_by)
SELECT * FROM unnest(
  $1::text[], $2::uuid[], $3::text[], $4::text[], $5::timestamptz[], $6::text[])
