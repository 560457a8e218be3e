-- Read the last statement of an account that ended before another one begins.
-- Locks: none, the institution_id is locked. Index: bank_statement_to_at_idx.
-- Rows: at most one per command.
SELECT
  k.statement_id AS asked_id,
  s.institution_id, s.account_number, s.statement_id, s.to_at, s.closing_balance_fen,
  s.content_digest, s.reconciliation_id
FROM unnest($1::text[], $2::text[], $3::timestamptz[])
  AS k (account_number, statement_id, from_at)
CROSS JOIN LATERAL (
  SELECT * FROM escrow.bank_statement AS b
  WHERE b.account_number = k.account_number AND b.to_at < k.from_at
  ORDER BY b.to_at DESC
  LIMIT 1
) AS s
