-- Write what became of instructions.
-- Locks: rows of locked institutions (institution_id). Index: instruction_pkey.
-- Rows: one per result, entry or claim.
UPDATE escrow.instruction AS i
SET
  state = v.state, served_at = v.served_at, leased_until = v.leased_until, sent_at = v.sent_at,
  bank_reference = v.bank_reference, booked_at = v.booked_at, reason = v.reason,
  changed_at = v.changed_at
FROM unnest(
  $1::text[], $2::uuid[], $3::text[], $4::timestamptz[], $5::timestamptz[],
  $6::timestamptz[], $7::text[], $8::timestamptz[], $9::text[], $10::timestamptz[]
) AS v (
  institution_id, instruction_id, state, served_at, leased_until, sent_at, bank_reference,
  booked_at, reason, changed_at
)
WHERE i.institution_id = v.institution_id AND i.instruction_id = v.instruction_id
