-- Append steps to the histories of cases.
-- Locks: none beyond the rows'. Index: case_event_pkey (institution_id first).
-- Rows: one per case of a batch.
INSERT INTO alerts.case_event (
  institution_id, case_id, step_no, at, actor, role, step, state_before, state_after, reason,
  payload, prev_hash, hash)
SELECT *
FROM unnest(
  $1::text[], $2::uuid[], $3::integer[], $4::timestamptz[], $5::text[], $6::text[], $7::text[],
  $8::text[], $9::text[], $10::text[], $11::jsonb[], $12::text[], $13::text[])
