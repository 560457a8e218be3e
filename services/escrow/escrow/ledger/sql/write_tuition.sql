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
  $1::text[], $2::text[], $3::text[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[],
  $8::int[], $9::uuid[], $10::timestamptz[]
) AS v (
  institution_id, contract_id, state, funded_fen, held_fen, released_fen, refunded_fen,
  lessons_released, refund_id, refund_requested_at
)
WHERE t.institution_id = v.institution_id AND t.contract_id = v.contract_id
