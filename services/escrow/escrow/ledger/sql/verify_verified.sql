-- Recompute from the journal what the last verification left behind to start from.
-- Locks: none. Index: movement_pkey. For whole checks only.
-- Rows: read, every movement of one chunk of institution_ids up to its verified number.
WITH sides AS (
  SELECT m.institution_id, s.account, sum(s.amount_fen) AS debit_fen
  FROM escrow.verified_balance AS v
  CROSS JOIN LATERAL (
    SELECT * FROM escrow.movement AS m
    WHERE m.institution_id = v.institution_id AND m.sequence <= v.movements OFFSET 0) AS m
  CROSS JOIN LATERAL (VALUES (m.debit, m.amount_fen), (m.credit, -m.amount_fen))
    AS s (account, amount_fen)
  WHERE v.institution_id = ANY (CAST(:ids AS text[])) AND CAST(:is_whole AS boolean)
  GROUP BY m.institution_id, s.account
)
SELECT a.account AS rule, 'verified_balance' AS named, v.institution_id AS key,
  a.kept::text AS found, coalesce(a.most, a.sign * coalesce(s.debit_fen, 0))::text AS expected,
  NULL AS other, NULL AS other_key
FROM escrow.verified_balance AS v
JOIN escrow.balance AS b ON b.institution_id = v.institution_id
CROSS JOIN LATERAL (VALUES
  ('movements', 0, v.movements, least(v.movements, b.movements)),
  ('sequence', 0, v.sequence, least(v.sequence, b.sequence)),
  ('custody_cash', 1, v.custody_cash_fen, NULL),
  ('tuition_held', -1, v.tuition_held_fen, NULL),
  ('institution_payable', -1, v.institution_payable_fen, NULL),
  ('institution_receivable', 1, v.institution_receivable_fen, NULL),
  ('payment_clearing', -1, v.payment_clearing_fen, NULL),
  ('refund_payable', -1, v.refund_payable_fen, NULL),
  ('unmatched_receipt', -1, v.unmatched_receipt_fen, NULL),
  ('unbacked_debit', 1, v.unbacked_debit_fen, NULL),
  ('reserve', -1, v.reserve_fen, NULL)
) AS a (account, sign, kept, most)
LEFT JOIN sides AS s ON s.institution_id = v.institution_id AND s.account = a.account
WHERE v.institution_id = ANY (CAST(:ids AS text[])) AND CAST(:is_whole AS boolean)
  AND a.kept <> coalesce(a.most, a.sign * coalesce(s.debit_fen, 0))
ORDER BY v.institution_id, a.account
LIMIT CAST(:most AS int)
