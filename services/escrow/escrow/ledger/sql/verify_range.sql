-- Say from where on each institution is checked, and how its books stand in this snapshot.
-- Locks: none. Index: balance_pkey, verified_balance_pkey.
-- Rows: one per institution_id of a chunk.
SELECT
  b.institution_id,
  CASE WHEN CAST(:is_whole AS boolean) THEN 0 ELSE coalesce(v.movements, 0) END AS since,
  CASE WHEN CAST(:is_whole AS boolean) THEN 0 ELSE coalesce(v.sequence, 0) END AS told,
  b.sequence, b.movements, b.custody_cash_fen, b.tuition_held_fen, b.institution_payable_fen,
  b.institution_receivable_fen, b.payment_clearing_fen, b.refund_payable_fen,
  b.unmatched_receipt_fen, b.unbacked_debit_fen, b.reserve_fen, b.funded_running_fen
FROM escrow.balance AS b
LEFT JOIN escrow.verified_balance AS v ON v.institution_id = b.institution_id
WHERE b.institution_id = ANY (CAST(:ids AS text[]))
ORDER BY b.institution_id
