-- Account for each receipt since: what was neither given to contracts nor sent back waits.
-- Locks: none. Index: movement_pkey, deposit_pkey, instruction_pkey, instruction_line_pkey,
-- custody_account_institution_id_idx, bank_entry_pkey.
-- Rows: the receipts, allocations and returns since, of one chunk of institution_ids.
WITH moved AS (
  SELECT m.* FROM unnest(CAST(:ids AS text[]), CAST(:since AS bigint[])) AS r (id, since)
  CROSS JOIN LATERAL (
    SELECT * FROM escrow.movement AS m
    WHERE m.institution_id = r.id AND m.sequence > r.since
      AND m.kind IN ('receipt', 'allocation', 'give_back') OFFSET 0) AS m
), given AS (
  SELECT d.institution_id, d.account_number, d.entry_id, sum(d.amount_fen) AS amount_fen,
    (array_agg(d.contract_id ORDER BY m.sequence DESC))[1] AS contract_id
  FROM moved AS m
  CROSS JOIN LATERAL (
    SELECT * FROM escrow.deposit AS d WHERE d.institution_id = m.institution_id
      AND d.contract_id = m.contract_id AND d.deposit_id = m.movement_id OFFSET 0) AS d
  WHERE m.kind = 'allocation'
  GROUP BY d.institution_id, d.account_number, d.entry_id
), sent AS (
  SELECT i.institution_id, i.account_number, i.entry_id, sum(l.amount_fen) AS amount_fen
  FROM moved AS m
  CROSS JOIN LATERAL (
    SELECT * FROM escrow.instruction AS i WHERE i.institution_id = m.institution_id
      AND i.instruction_id = m.instruction_id OFFSET 0) AS i
  CROSS JOIN LATERAL (
    SELECT coalesce(sum(l.amount_fen), 0) AS amount_fen FROM escrow.instruction_line AS l
    WHERE l.institution_id = m.institution_id AND l.instruction_id = m.instruction_id
      AND l.state NOT IN ('rejected', 'returned', 'withdrawn')) AS l
  WHERE m.kind = 'give_back'
  GROUP BY i.institution_id, i.account_number, i.entry_id
), read AS (
  SELECT e.*, s.entry_id IS NOT NULL AS is_sent,
    e.amount_fen - coalesce(g.amount_fen, 0) - coalesce(s.amount_fen, 0) AS waiting_fen,
    CASE WHEN g.contract_id IS NULL AND e.effect = 'over_funded' THEN e.reference
      ELSE g.contract_id END AS last_contract_id
  FROM moved AS m
  JOIN escrow.custody_account AS a ON a.institution_id = m.institution_id
  CROSS JOIN LATERAL (
    SELECT * FROM escrow.bank_entry AS e WHERE e.institution_id = m.institution_id
      AND e.account_number = a.account_number AND e.entry_id = m.entry_id
      AND e.movement_id = m.movement_id OFFSET 0) AS e
  LEFT JOIN given AS g ON (g.institution_id, g.account_number, g.entry_id)
    = (e.institution_id, e.account_number, e.entry_id)
  LEFT JOIN sent AS s ON (s.institution_id, s.account_number, s.entry_id)
    = (e.institution_id, e.account_number, e.entry_id)
  WHERE m.kind = 'receipt'
)
SELECT f.rule, 'bank_entry' AS named,
  concat_ws('/', r.institution_id, r.account_number, r.entry_id) AS key,
  coalesce(f.found, 'none') AS found, f.expected, NULL AS other, NULL AS other_key
FROM read AS r
CROSS JOIN LATERAL (VALUES
  ('unallocated_fen', r.unallocated_fen::text, r.waiting_fen::text),
  ('contract_id', coalesce(r.contract_id, 'none'), coalesce(r.last_contract_id, 'none')),
  ('funding', r.effect, CASE WHEN r.last_contract_id IS NULL THEN 'unallocated'
    WHEN r.waiting_fen > 0 OR r.is_sent AND r.effect = 'over_funded' THEN 'over_funded'
    ELSE 'contract_funded' END)
) AS f (rule, found, expected)
WHERE f.found IS DISTINCT FROM f.expected ORDER BY 3 LIMIT CAST(:most AS int)
