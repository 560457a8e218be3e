-- Write the standing of each institution_id as the posting left it; the feed's order with it.
-- Locks: rows locked before. Index: balance_pkey. Rows: the institutions of one posting.
UPDATE escrow.balance AS b
SET
  sequence = v.sequence, movements = v.movements, posted_at = $22::timestamptz,
  order_xid = greatest(pg_current_xact_id(), b.order_xid),
  custody_cash_fen = v.custody_cash_fen, tuition_held_fen = v.tuition_held_fen,
  institution_payable_fen = v.institution_payable_fen,
  institution_receivable_fen = v.institution_receivable_fen,
  payment_clearing_fen = v.payment_clearing_fen, refund_payable_fen = v.refund_payable_fen,
  unmatched_receipt_fen = v.unmatched_receipt_fen, unbacked_debit_fen = v.unbacked_debit_fen,
  reserve_fen = v.reserve_fen, funded_running_fen = v.funded_running_fen,
  retained_fen = v.retained_fen, retained_count = v.retained_count,
  charging_freezes = v.charging_freezes, payout_freezes = v.payout_freezes,
  full_freezes = v.full_freezes, floors = v.floors
FROM unnest(
  $1::text[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[],
  $7::bigint[], $8::bigint[], $9::bigint[], $10::bigint[], $11::bigint[], $12::bigint[],
  $13::bigint[], $14::bigint[], $15::int[], $16::int[], $17::int[], $18::int[], $19::int[],
  $20::bigint[], $21::bigint[]
) AS v (
  institution_id, sequence, movements, custody_cash_fen, tuition_held_fen,
  institution_payable_fen, institution_receivable_fen, payment_clearing_fen,
  refund_payable_fen, unmatched_receipt_fen, unbacked_debit_fen, reserve_fen,
  funded_running_fen, retained_fen, retained_count, charging_freezes, payout_freezes,
  full_freezes, floors, read_sequence, read_movements
)
WHERE b.institution_id = v.institution_id
  AND b.sequence = v.read_sequence
  AND b.movements = v.read_movements
