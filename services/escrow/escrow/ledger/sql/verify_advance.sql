-- Keep the figures of institutions found sound: the next check of what is new starts from them.
-- Locks: those rows. Index: verified_balance_pkey. Rows: the institution_ids of one chunk.
-- A run that saw the books earlier does not take back what a later one kept, unless what was
-- kept is known to be wrong.
INSERT INTO escrow.verified_balance AS v
SELECT n.* FROM jsonb_populate_recordset(
  CAST(NULL AS escrow.verified_balance), CAST(:rows AS jsonb)) AS n
ORDER BY n.institution_id
ON CONFLICT (institution_id) DO UPDATE SET
  sequence = excluded.sequence, movements = excluded.movements,
  custody_cash_fen = excluded.custody_cash_fen, tuition_held_fen = excluded.tuition_held_fen,
  institution_payable_fen = excluded.institution_payable_fen,
  institution_receivable_fen = excluded.institution_receivable_fen,
  payment_clearing_fen = excluded.payment_clearing_fen,
  refund_payable_fen = excluded.refund_payable_fen,
  unmatched_receipt_fen = excluded.unmatched_receipt_fen,
  unbacked_debit_fen = excluded.unbacked_debit_fen, reserve_fen = excluded.reserve_fen,
  funded_running_fen = excluded.funded_running_fen, verified_at = excluded.verified_at
WHERE v.sequence <= excluded.sequence OR v.institution_id = ANY (CAST(:redone AS text[]))
