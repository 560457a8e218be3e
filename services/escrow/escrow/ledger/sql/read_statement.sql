-- Read statements that a bank sent before, by their ids.
-- Locks: none, the institution_id is locked. Index: bank_statement_pkey.
-- Rows: at most one per command.
SELECT
  s.institution_id, s.account_number, s.statement_id, s.to_at, s.closing_balance_fen,
  s.content_digest, s.reconciliation_id
FROM unnest($1::text[], $2::text[]) AS k (account_number, statement_id)
CROSS JOIN LATERAL (
  SELECT * FROM escrow.bank_statement AS q
  WHERE q.account_number = k.account_number AND q.statement_id = k.statement_id
  OFFSET 0
) AS s
