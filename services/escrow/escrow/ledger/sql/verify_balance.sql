-- Recompute each account from what was verified before and the movements since, and the
-- number of the last one with them; a higher count than that is a movement missing.
-- Locks: none. Index: movement_pkey, balance_pkey, verified_balance_pkey.
-- Rows: read, the movements since of one chunk of institution_ids; compared, ten per institution.
WITH range AS (
  SELECT * FROM unnest(CAST(:ids AS text[]), CAST(:since AS bigint[])) AS r (institution_id, since)
), pairs AS (
  SELECT m.institution_id, m.debit, m.credit, sum(m.amount_fen) AS amount_fen,
    max(m.sequence) AS movements
  FROM range AS r
  CROSS JOIN LATERAL (
    SELECT * FROM escrow.movement AS m
    WHERE m.institution_id = r.institution_id AND m.sequence > r.since OFFSET 0) AS m
  GROUP BY m.institution_id, m.debit, m.credit
), net AS (
  SELECT p.institution_id, s.account, sum(s.amount_fen) AS debit_fen
  FROM pairs AS p
  CROSS JOIN LATERAL (VALUES (p.debit, p.amount_fen), (p.credit, -p.amount_fen))
    AS s (account, amount_fen)
  GROUP BY p.institution_id, s.account
  UNION ALL
  SELECT institution_id, 'movements', max(movements) FROM pairs GROUP BY institution_id
), compared AS (
  SELECT b.institution_id, a.account, a.kept,
    CASE WHEN a.account = 'movements' THEN coalesce(n.debit_fen, r.since)
      WHEN r.since > 0 THEN coalesce(a.verified, 0) + a.sign * coalesce(n.debit_fen, 0)
      ELSE a.sign * coalesce(n.debit_fen, 0) END AS expected
  FROM range AS r
  JOIN escrow.balance AS b ON b.institution_id = r.institution_id
  LEFT JOIN escrow.verified_balance AS v ON v.institution_id = r.institution_id
  CROSS JOIN LATERAL (VALUES
    ('movements', 1, b.movements, NULL),
    ('custody_cash', 1, b.custody_cash_fen, v.custody_cash_fen),
    ('tuition_held', -1, b.tuition_held_fen, v.tuition_held_fen),
    ('institution_payable', -1, b.institution_payable_fen, v.institution_payable_fen),
    ('institution_receivable', 1, b.institution_receivable_fen, v.institution_receivable_fen),
    ('payment_clearing', -1, b.payment_clearing_fen, v.payment_clearing_fen),
    ('refund_payable', -1, b.refund_payable_fen, v.refund_payable_fen),
    ('unmatched_receipt', -1, b.unmatched_receipt_fen, v.unmatched_receipt_fen),
    ('unbacked_debit', 1, b.unbacked_debit_fen, v.unbacked_debit_fen),
    ('reserve', -1, b.reserve_fen, v.reserve_fen)
  ) AS a (account, sign, kept, verified)
  LEFT JOIN net AS n ON n.institution_id = r.institution_id AND n.account = a.account
)
SELECT c.account AS rule, 'balance' AS named, c.institution_id AS key, c.kept::text AS found,
  c.expected::text AS expected,
  CASE WHEN c.account = 'movements' AND c.kept > c.expected THEN 'movement' END AS other,
  concat_ws('/', c.institution_id, c.expected + 1) AS other_key
FROM compared AS c
WHERE c.kept <> c.expected
ORDER BY c.institution_id, c.account
LIMIT CAST(:most AS int)
