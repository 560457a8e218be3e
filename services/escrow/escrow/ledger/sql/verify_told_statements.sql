-- Compare the bank's statements with what the feed told of each when it came.
-- Locks: none. Index: event_pkey, bank_statement_reconciliation_id_key, bank_statement_pkey,
-- custody_account_institution_id_idx.
-- Rows: those events since and, when whole, the statements, of one chunk of institution_ids.
WITH range AS (
  SELECT * FROM unnest(CAST(:ids AS text[]), CAST(:told AS bigint[]), CAST(:until AS bigint[]))
    AS r (institution_id, told, until)
), told AS (
  SELECT e.institution_id, e.time, e.body::jsonb AS body,
    CAST(e.body::jsonb ->> 'reconciliation_id' AS uuid) AS reconciliation_id,
    concat_ws('/', e.institution_id, e.sequence) AS key
  FROM range AS r
  CROSS JOIN LATERAL (
    SELECT * FROM escrow.event AS e
    WHERE e.institution_id = r.institution_id AND e.sequence > r.told AND e.sequence <= r.until
      AND e.type = 'statement.received' OFFSET 0) AS e
), kept AS (
  SELECT s.* FROM told AS t
  CROSS JOIN LATERAL (
    SELECT * FROM escrow.bank_statement AS s
    WHERE s.reconciliation_id = t.reconciliation_id OFFSET 0) AS s
  WHERE NOT CAST(:is_whole AS boolean)
  UNION ALL
  SELECT s.* FROM range AS r
  JOIN escrow.custody_account AS a ON a.institution_id = r.institution_id
  CROSS JOIN LATERAL (
    SELECT * FROM escrow.bank_statement AS s WHERE s.account_number = a.account_number OFFSET 0
  ) AS s
  WHERE CAST(:is_whole AS boolean)
), pair AS (
  SELECT t.key AS told_key, t.time, t.body, t.institution_id AS teller, k.*, m.credits_fen,
    m.debits_fen, concat_ws('/', k.institution_id, k.account_number, k.statement_id) AS key
  FROM told AS t
  FULL JOIN kept AS k ON k.reconciliation_id = t.reconciliation_id
  LEFT JOIN LATERAL (
    SELECT coalesce(sum(amount_fen) FILTER (WHERE direction = 'credit'), 0) AS credits_fen,
      coalesce(sum(amount_fen) FILTER (WHERE direction = 'debit'), 0) AS debits_fen
    FROM (
      SELECT x.one ->> 'direction' AS direction,
        CASE WHEN x.one ->> 'amount_fen' ~ '^[0-9]{1,18}$'
          THEN CAST(x.one ->> 'amount_fen' AS bigint) END AS amount_fen
      FROM jsonb_path_query(k.entries, '$[*]') AS x (one)) AS e) AS m ON true
)
SELECT 'told' AS rule, 'bank_statement' AS named, p.key, coalesce(f.found, 'none') AS found,
  coalesce(f.expected, 'none') AS expected, 'event' AS other, p.told_key AS other_key
FROM pair AS p
CROSS JOIN LATERAL (VALUES
  (p.institution_id, p.teller),
  (p.statement_id, p.body ->> 'statement_id'),
  (p.bank_id, p.body ->> 'bank_id'),
  (ROW(p.from_at, p.to_at, p.received_at)::text, ROW(CAST(p.body ->> 'from' AS timestamptz),
    CAST(p.body ->> 'to' AS timestamptz), p.time)::text),
  (ROW(p.opening_balance_fen, p.closing_balance_fen, p.credits_fen, p.debits_fen)::text,
    ROW(p.body ->> 'opening_balance_fen', p.body ->> 'closing_balance_fen',
      p.body ->> 'credits_fen', p.body ->> 'debits_fen')::text),
  (p.findings::text, CASE WHEN p.body @> p.findings THEN p.findings ELSE p.body END::text)
) AS f (found, expected)
WHERE f.found IS DISTINCT FROM f.expected ORDER BY p.key LIMIT CAST(:most AS int)
