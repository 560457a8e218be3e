-- Choose the institutions to verify: all of them, or those that stand otherwise than verified.
-- Locks: none. Index: none needed, two tables of one row per institution_id are read whole.
-- Rows: one per institution; `fresh` says how many movements a check of it will read.
SELECT
  b.institution_id,
  CASE WHEN CAST(:is_whole AS boolean) THEN b.movements
    ELSE b.movements - coalesce(v.movements, 0) END AS fresh
FROM escrow.balance AS b
LEFT JOIN escrow.verified_balance AS v ON v.institution_id = b.institution_id
WHERE (CAST(:named AS text[]) IS NULL OR b.institution_id = ANY (CAST(:named AS text[])))
  AND (CAST(:is_whole AS boolean) OR v.institution_id IS NULL OR (
    b.sequence, b.movements, b.custody_cash_fen, b.tuition_held_fen, b.institution_payable_fen,
    b.institution_receivable_fen, b.payment_clearing_fen, b.refund_payable_fen,
    b.unmatched_receipt_fen, b.unbacked_debit_fen, b.reserve_fen, b.funded_running_fen
  ) <> (
    v.sequence, v.movements, v.custody_cash_fen, v.tuition_held_fen, v.institution_payable_fen,
    v.institution_receivable_fen, v.payment_clearing_fen, v.refund_payable_fen,
    v.unmatched_receipt_fen, v.unbacked_debit_fen, v.reserve_fen, v.funded_running_fen))
ORDER BY b.institution_id
