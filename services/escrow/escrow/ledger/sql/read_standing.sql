-- Read the clock and the standing of each locked institution_id, after the wait.
-- Locks: none. Index: balance_pkey, institution_pkey, custody_account_pkey, registry_word_pkey.
-- Rows: one per institution of the posting; one empty row where none is known.
SELECT
  statement_timestamp() + make_interval(secs => c.offset_s) AS clock,
  b.institution_id, b.sequence, b.movements, b.posted_at,
  b.custody_cash_fen, b.tuition_held_fen, b.institution_payable_fen,
  b.institution_receivable_fen, b.payment_clearing_fen, b.refund_payable_fen,
  b.unmatched_receipt_fen, b.unbacked_debit_fen, b.reserve_fen,
  b.funded_running_fen, b.retained_fen, b.retained_count,
  b.charging_freezes, b.payout_freezes, b.full_freezes, b.floors,
  i.name, i.district_code, i.category, i.delivery, i.policy,
  a.bank_id, a.account_number, a.account_name, a.opened_on,
  a.settlement_account_number, a.settlement_account_name,
  coalesce(r.status, 'unlisted') AS status, coalesce(r.objections, '{}') AS objections
FROM access.clock AS c
LEFT JOIN escrow.balance AS b ON b.institution_id = ANY ($1::text[])
LEFT JOIN LATERAL (
  SELECT * FROM escrow.institution AS q WHERE q.institution_id = b.institution_id OFFSET 0
) AS i ON true
LEFT JOIN LATERAL (
  SELECT * FROM escrow.custody_account AS q WHERE q.account_number = i.account_number OFFSET 0
) AS a ON true
LEFT JOIN LATERAL (
  SELECT * FROM escrow.registry_word AS q WHERE q.institution_id = b.institution_id OFFSET 0
) AS r ON true
