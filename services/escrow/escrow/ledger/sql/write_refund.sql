-- Write refunds as a posting left them.
-- Locks: rows of locked institutions (institution_id). Index: refund_pkey.
-- Rows: one per command or result.
INSERT INTO escrow.refund (
  institution_id, refund_id, contract_id, cause, state, requested_at, requested_by, reason,
  amount_fen, waiting_fen, agreed_at, agreed_by, contested_at, contest_reason, payer_account,
  payer_name)
SELECT * FROM unnest(
  $1::text[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::timestamptz[], $7::text[],
  $8::text[], $9::bigint[], $10::bigint[], $11::timestamptz[], $12::text[],
  $13::timestamptz[], $14::text[], $15::text[], $16::text[])
ON CONFLICT (institution_id, refund_id) DO UPDATE SET
  state = excluded.state, amount_fen = excluded.amount_fen, waiting_fen = excluded.waiting_fen,
  agreed_at = excluded.agreed_at, agreed_by = excluded.agreed_by,
  contested_at = excluded.contested_at, contest_reason = excluded.contest_reason,
  payer_account = excluded.payer_account, payer_name = excluded.payer_name
