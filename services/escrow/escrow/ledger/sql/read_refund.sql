-- Read the refunds that a posting names.
-- Locks: none, the institution_id is locked. Index: refund_pkey.
-- Rows: at most one per command or instruction.
SELECT
  r.institution_id, r.refund_id, r.contract_id, r.cause, r.state, r.requested_at,
  r.requested_by, r.reason, r.amount_fen, r.waiting_fen, r.agreed_at, r.agreed_by,
  r.contested_at, r.contest_reason, r.payer_account, r.payer_name
FROM unnest($1::text[], $2::uuid[]) AS k (institution_id, refund_id)
CROSS JOIN LATERAL (
  SELECT * FROM escrow.refund AS q
  WHERE q.institution_id = k.institution_id AND q.refund_id = k.refund_id
  OFFSET 0
) AS r
