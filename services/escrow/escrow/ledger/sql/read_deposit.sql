-- Read where a contract's money came from, for the way back.
-- Locks: none, the institution_id is locked. Index: deposit_pkey.
-- Rows: a contract's deposits, a handful.
SELECT
  d.institution_id, d.deposit_id, d.contract_id, d.account_number, d.entry_id, d.amount_fen,
  d.booked_at, d.payer_name, d.payer_account
FROM unnest($1::text[], $2::text[]) AS k (institution_id, contract_id)
CROSS JOIN LATERAL (
  SELECT * FROM escrow.deposit AS q
  WHERE q.institution_id = k.institution_id AND q.contract_id = k.contract_id
  OFFSET 0
) AS d
