-- Write the money side of each contract once, however many of its lessons moved.
-- Locks: rows of locked institutions (institution_id). Index: tuition_pkey.
-- Rows: the distinct contracts of one posting.
UPDATE escrow.tuition AS t
SET
  state = v.state, funded_fen = v.funded_fen, held_fen = v.held_fen,
  released_fen = v.released_fen, refunded_fen = v.refunded_fen,
  lessons_released = v.lessons_released, refund_id = v.refund_id,
  refund_requested_at = v.refund_requested_at
FROM unnest(
  $1::text::text[], $2::text::text[], $3::text::text[], $4::text::bigint[], $5::text::bigint[],
  $6::text::bigint[], $7::text::bigint[], $8::text::int[], $9::text::uuid[],
  $10::text::timestamptz[]
) AS v (
  institution_id, contract_id, state, funded_fen, held_fen, released_fen, refunded_fen,
  lessons_released, refund_id, refund_requested_at
)
WHERE t.institution_id = v.institution_id AND t.contract_id = v.contract_id
