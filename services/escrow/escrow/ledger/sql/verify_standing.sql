-- Compare an institution's sums and flags with the records behind them: what is retained, what
-- waits unallocated, refunds without an account, freezes in force, floors set, events told.
-- Locks: none. Index: payable_pkey, bank_entry_unallocated_idx, refund_pkey, freeze_pkey,
-- floor_pkey, event_pkey, balance_pkey.
-- Rows: those open records, of one chunk of institution_ids; refunds only when whole.
WITH payable AS (
  SELECT institution_id, count(*) AS payables, sum(amount_fen) AS amount_fen
  FROM escrow.payable WHERE institution_id = ANY (CAST(:ids AS text[])) GROUP BY institution_id
), entry AS (
  SELECT institution_id, sum(unallocated_fen) AS amount_fen
  FROM escrow.bank_entry
  WHERE institution_id = ANY (CAST(:ids AS text[])) AND unallocated_fen > 0
  GROUP BY institution_id
), refund AS (
  SELECT institution_id, sum(waiting_fen) AS amount_fen
  FROM escrow.refund
  WHERE institution_id = ANY (CAST(:ids AS text[])) AND CAST(:is_whole AS boolean)
  GROUP BY institution_id
), frozen AS (
  SELECT institution_id, count(*) FILTER (WHERE scope = 'charging') AS charging,
    count(*) FILTER (WHERE scope = 'payout') AS payout,
    count(*) FILTER (WHERE scope = 'all') AS full
  FROM escrow.freeze
  WHERE institution_id = ANY (CAST(:ids AS text[])) AND lifted_at IS NULL
  GROUP BY institution_id
), floor AS (
  SELECT institution_id, count(*) AS floors
  FROM escrow.floor WHERE institution_id = ANY (CAST(:ids AS text[])) GROUP BY institution_id
)
SELECT f.rule, 'balance' AS named, b.institution_id AS key, f.kept::text AS found,
  coalesce(f.recounted, 0)::text AS expected,
  CASE WHEN f.rule = 'sequence' AND f.kept > coalesce(f.recounted, 0) THEN 'event' END AS other,
  concat_ws('/', b.institution_id, coalesce(f.recounted, 0) + 1) AS other_key
FROM escrow.balance AS b
LEFT JOIN payable AS p ON p.institution_id = b.institution_id
LEFT JOIN entry AS e ON e.institution_id = b.institution_id
LEFT JOIN refund AS r ON r.institution_id = b.institution_id
LEFT JOIN frozen AS z ON z.institution_id = b.institution_id
LEFT JOIN floor AS o ON o.institution_id = b.institution_id
CROSS JOIN LATERAL (VALUES
  ('sequence', b.sequence, (
    SELECT max(v.sequence) FROM escrow.event AS v WHERE v.institution_id = b.institution_id)),
  ('retained_count', b.retained_count, p.payables),
  ('retained_fen', b.retained_fen, p.amount_fen),
  ('retained_payable_fen', b.institution_payable_fen, p.amount_fen),
  ('unallocated_fen', b.unmatched_receipt_fen, e.amount_fen),
  ('waiting_fen', b.refund_payable_fen, CASE WHEN CAST(:is_whole AS boolean)
    THEN coalesce(r.amount_fen, 0) ELSE b.refund_payable_fen END),
  ('charging_freezes', b.charging_freezes, z.charging),
  ('payout_freezes', b.payout_freezes, z.payout),
  ('full_freezes', b.full_freezes, z.full),
  ('floors', b.floors, o.floors)
) AS f (rule, kept, recounted)
WHERE b.institution_id = ANY (CAST(:ids AS text[])) AND f.kept <> coalesce(f.recounted, 0)
ORDER BY b.institution_id, f.rule
LIMIT CAST(:most AS int)
