-- See that a bank's statement adds up as it did when it came, and that what was the same on both
-- sides then still is: its entries bear witness of ours.
-- Locks: none. Index: event_pkey, bank_statement_pkey, bank_statement_reconciliation_id_key,
-- custody_account_institution_id_idx, bank_entry_pkey.
-- Rows: the statements, with their entries, of one chunk of institution_ids; those since alone,
-- or all when whole.
WITH range AS (
  SELECT * FROM unnest(CAST(:ids AS text[]), CAST(:told AS bigint[])) AS r (institution_id, told)
), kept AS (
  SELECT s.*, r.institution_id AS owner FROM range AS r
  CROSS JOIN LATERAL (
    SELECT split_part(split_part(e.body, '"reconciliation_id":"', 2), '"', 1) AS id
    FROM escrow.event AS e
    WHERE e.institution_id = r.institution_id AND e.sequence > r.told
      AND e.type = 'statement.received' OFFSET 0) AS e
  CROSS JOIN LATERAL (
    SELECT * FROM escrow.bank_statement AS s
    WHERE s.reconciliation_id = CASE WHEN e.id ~ '^[0-9a-f-]{36}$' THEN CAST(e.id AS uuid) END
    OFFSET 0) AS s
  WHERE NOT CAST(:is_whole AS boolean)
  UNION ALL
  SELECT s.*, r.institution_id FROM range AS r
  JOIN escrow.custody_account AS a ON a.institution_id = r.institution_id
  CROSS JOIN LATERAL (
    SELECT * FROM escrow.bank_statement AS s WHERE s.account_number = a.account_number OFFSET 0
  ) AS s
  WHERE CAST(:is_whole AS boolean)
), listed AS (
  SELECT k.*, j.*, o.amount_fen AS our_fen, o.direction AS our_direction,
    (o.amount_fen, o.direction) = (j.amount_fen, j.direction) AS is_same
  FROM kept AS k
  LEFT JOIN LATERAL (
    SELECT x.one ->> 'id' AS id, x.one ->> 'direction' AS direction,
      CASE WHEN x.one ->> 'amount_fen' ~ '^[0-9]{1,18}$'
        THEN CAST(x.one ->> 'amount_fen' AS bigint) END AS amount_fen,
      x.one ->> 'end_to_end_id' AS end_to_end_id
    FROM jsonb_path_query(k.entries, '$[*]') AS x (one)) AS j ON true
  LEFT JOIN LATERAL (
    SELECT * FROM escrow.bank_entry AS e WHERE e.institution_id = k.owner
      AND e.account_number = k.account_number AND e.entry_id = j.id OFFSET 0) AS o ON true
), counted AS (
  SELECT l.*, concat_ws('/', l.institution_id, l.account_number, l.statement_id) AS key,
    count(l.id) OVER s AS entry_count, CAST(l.findings ->> 'matched' AS bigint) - count(*) FILTER (
      WHERE l.is_same OR l.our_fen IS NULL AND l.end_to_end_id IS NOT NULL) OVER s AS lost,
    l.closing_balance_fen - l.opening_balance_fen - coalesce(sum(CASE l.direction
      WHEN 'credit' THEN l.amount_fen ELSE -l.amount_fen END) OVER s, 0) AS gap_fen
  FROM listed AS l WINDOW s AS (PARTITION BY l.reconciliation_id)
)
SELECT DISTINCT f.rule, f.named, f.key, f.found, f.expected, f.other, c.key AS other_key
FROM counted AS c
CROSS JOIN LATERAL (VALUES
  ('institution_id', 'bank_statement', c.key, c.institution_id, c.owner, NULL),
  ('gap_fen', 'bank_statement', c.key, c.gap_fen::text, c.findings ->> 'arithmetic_gap_fen', NULL),
  ('entries', 'bank_statement', c.key, c.entry_count::text, c.findings ->> 'entries', NULL),
  ('matched', 'bank_entry', CASE WHEN c.lost > 0 THEN concat_ws('/', c.institution_id,
    c.account_number, c.id) END, coalesce(c.our_direction || ' ' || c.our_fen, 'none'),
    c.direction || ' ' || c.amount_fen, 'bank_statement')
) AS f (rule, named, key, found, expected, other)
WHERE f.key IS NOT NULL AND f.found IS DISTINCT FROM f.expected
ORDER BY 3 LIMIT CAST(:most AS int)
