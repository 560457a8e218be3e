-- Write how an institution is described.
-- Locks: the institution_id is locked by its balance row. Index: institution_pkey.
-- Rows: one per command.
INSERT INTO escrow.institution (
  institution_id, name, district_code, category, delivery, policy, changed_at)
SELECT v.*, $7::timestamptz FROM unnest(
  $1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[]) AS v
ON CONFLICT (institution_id) DO UPDATE SET
  name = excluded.name, district_code = excluded.district_code, category = excluded.category,
  delivery = excluded.delivery, policy = excluded.policy, changed_at = excluded.changed_at
