-- Keep a bank's statements as they came, with what was found on receipt.
-- Locks: none beyond the institution_id's. Index: bank_statement_pkey and its three others.
-- Rows: one per command.
INSERT INTO escrow.bank_statement (
  account_number, statement_id, institution_id, bank_id, from_at, to_at, opening_balance_fen,
  closing_balance_fen, entries, content_digest, received_at, reconciliation_id, findings)
SELECT
  v.account_number, v.statement_id, v.institution_id, v.bank_id, v.from_at, v.to_at,
  v.opening_balance_fen, v.closing_balance_fen, v.listed::jsonb, v.content_digest,
  v.received_at, v.reconciliation_id, v.findings::jsonb
FROM unnest(
  $1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::timestamptz[],
  $7::bigint[], $8::bigint[], $9::text[], $10::bytea[], $11::timestamptz[], $12::uuid[],
  $13::text[]
) AS v (
  account_number, statement_id, institution_id, bank_id, from_at, to_at, opening_balance_fen,
  closing_balance_fen, listed, content_digest, received_at, reconciliation_id, findings
)
