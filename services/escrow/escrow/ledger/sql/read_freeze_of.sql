-- Read the freezes that the registry's events brought about, lifted ones too.
-- Locks: none, the institution_id is locked. Index: freeze_registry_event_id_key,
-- freeze_confirmation_pkey. Rows: at most one per event and scope.
SELECT
  f.institution_id, f.freeze_id, f.scope, f.reason, f.authority, f.document_no, f.placed_at,
  f.placed_by, f.registry_event_id, f.lifted_at, f.lifted_by, f.lift_reason, f.lift_document_no,
  c.confirmed_at, c.confirmed_by
FROM unnest($1::text[], $2::text[]) AS k (institution_id, registry_event_id)
CROSS JOIN LATERAL (
  SELECT * FROM escrow.freeze AS q
  WHERE q.institution_id = k.institution_id AND q.registry_event_id = k.registry_event_id
  OFFSET 0
) AS f
LEFT JOIN LATERAL (
  SELECT * FROM escrow.freeze_confirmation AS q
  WHERE q.institution_id = f.institution_id AND q.freeze_id = f.freeze_id
  OFFSET 0
) AS c ON true
