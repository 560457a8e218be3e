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
  UNION
  SELECT s.* FROM range AS r
  JOIN escrow.custody_account AS a ON a.institution_id = r.institution_id
  CROSS JOIN LATERAL (
    SELECT * FROM escrow.bank_statement AS s WHERE s.account_number = a.account_number OFFSET 0
  ) AS s
  WHERE CAST(:is_whole AS boolean)
), pair AS (
  SELECT t.key AS told_key, t.time, t.body, t.institution_id AS teller, k.*,
    CASE WHEN k.statement_id IS NULL THEN (
        SELECT concat_ws('/', t.institution_id, min(a.account_number), t.body ->> 'statement_id')
        FROM escrow.custody_account AS a WHERE a.institution_id = t.institution_id
        HAVING count(*) = 1)
      ELSE concat_ws('/', k.institution_id, k.account_number, k.statement_id) END AS key,
    EXISTS (SELECT FROM escrow.custody_account AS a WHERE a.institution_id = k.institution_id
      AND a.account_number = k.account_number) AS is_ours
  FROM told AS t
  FULL JOIN kept AS k ON k.reconciliation_id = t.reconciliation_id
)
SELECT 'told' AS rule, 'bank_statement' AS named, p.key, coalesce(f.found, 'none') AS found,
  coalesce(f.expected, 'none') AS expected, 'event' AS other, p.told_key AS other_key
FROM pair AS p
CROSS JOIN LATERAL (VALUES
  (p.institution_id, CASE WHEN p.is_ours THEN p.teller ELSE 'an account of the institution' END),
  (p.statement_id, p.body ->> 'statement_id'),
  (p.bank_id, p.body ->> 'bank_id'),
  (ROW(p.from_at, p.to_at, p.received_at)::text, ROW(CAST(p.body ->> 'from' AS timestamptz),
    CAST(p.body ->> 'to' AS timestamptz), p.time)::text),
  (ROW(p.opening_balance_fen, p.closing_balance_fen)::text,
    ROW(p.body ->> 'opening_balance_fen', p.body ->> 'closing_balance_fen')::text),
  (p.findings::text, CASE WHEN p.body @> p.findings THEN p.findings ELSE p.body END::text)
) AS f (found, expected)
WHERE f.found IS DISTINCT FROM f.expected ORDER BY p.key LIMIT CAST(:most AS int)
