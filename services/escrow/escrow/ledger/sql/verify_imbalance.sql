-- Sum up what every institution owns less what it owes: nothing, one by one.
-- Locks: none. Index: none needed, one row per institution_id. Rows: one.
SELECT coalesce(sum(abs(
  custody_cash_fen + institution_receivable_fen + unbacked_debit_fen - tuition_held_fen
    - institution_payable_fen - payment_clearing_fen - refund_payable_fen
    - unmatched_receipt_fen - reserve_fen)), 0)::bigint AS imbalance_fen
FROM escrow.balance
-- tidy: allow sql-institution - a sum over all of them
