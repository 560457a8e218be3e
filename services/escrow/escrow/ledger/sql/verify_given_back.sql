-- Count what was given back from clearing against the lines that did not go through: one
-- reversal each, of the plan, to the account that the money came from.
-- Locks: none. Index: movement_pkey, instruction_pkey, instruction_line_pkey.
-- Rows: the reversals since and the lines of the instructions to check, of one chunk of
-- institution_ids. An instruction planned before that may have given back more before.
WITH range AS (
  SELECT * FROM unnest(CAST(:ids AS text[]), CAST(:since AS bigint[])) AS r (institution_id, since)
), moved AS (
  SELECT m.* FROM range AS r
  CROSS JOIN LATERAL (
    SELECT * FROM escrow.movement AS m
    WHERE m.institution_id = r.institution_id AND m.sequence > r.since
      AND m.instruction_id IS NOT NULL AND m.kind NOT IN ('booked', 'came_back') OFFSET 0) AS m
), planned AS (
  SELECT i.institution_id, i.instruction_id, i.movement_id, i.refund_id, i.entry_id,
    r.since = 0 OR n.instruction_id IS NOT NULL AS is_fresh,
    CASE i.kind WHEN 'payout' THEN 'institution_payable' WHEN 'refund' THEN 'refund_payable'
      ELSE 'unmatched_receipt' END AS owner
  FROM range AS r
  JOIN unnest(CAST(:instruction_owners AS text[]), CAST(:instructions AS uuid[]))
    AS k (institution_id, instruction_id) ON k.institution_id = r.institution_id
  CROSS JOIN LATERAL (
    SELECT * FROM escrow.instruction AS i WHERE i.institution_id = k.institution_id
      AND i.instruction_id = k.instruction_id OFFSET 0) AS i
  LEFT JOIN (
    SELECT DISTINCT institution_id, instruction_id FROM moved WHERE kind <> 'reversal') AS n
    ON n.institution_id = k.institution_id AND n.instruction_id = k.instruction_id
), part AS (
  SELECT m.institution_id, m.instruction_id, coalesce(m.contract_id, '') AS contract_id,
    m.amount_fen, 1 AS given, 0 AS due, 'movement' AS named, m.sequence AS number,
    concat_ws(' ', m.reverses, m.credit, m.refund_id, m.entry_id) AS found
  FROM moved AS m WHERE m.kind = 'reversal'
  UNION ALL
  SELECT l.institution_id, l.instruction_id, coalesce(l.contract_id, ''), l.amount_fen, 0,
    CASE WHEN l.state IN ('rejected', 'returned', 'withdrawn') THEN 1 ELSE 0 END,
    'instruction_line', l.line_no, ''
  FROM planned AS p
  CROSS JOIN LATERAL (
    SELECT * FROM escrow.instruction_line AS l WHERE l.institution_id = p.institution_id
      AND l.instruction_id = p.instruction_id OFFSET 0) AS l
), summed AS (
  SELECT t.*, p.is_fresh, CASE t.given WHEN 1 THEN concat_ws(' ', p.movement_id, p.owner,
      p.refund_id, p.entry_id) END AS due_to,
    sum(t.given) OVER g AS all_given, sum(t.due) OVER g AS all_due
  FROM part AS t
  LEFT JOIN planned AS p
    ON p.institution_id = t.institution_id AND p.instruction_id = t.instruction_id
  WINDOW g AS (PARTITION BY t.institution_id, t.instruction_id, t.contract_id, t.amount_fen)
)
SELECT 'given_back' AS rule, named, concat_ws('/', institution_id,
    CASE named WHEN 'movement' THEN NULL ELSE instruction_id END, number) AS key,
  all_given || ' reversed' AS found, all_due || ' given back' AS expected, NULL AS other,
  NULL AS other_key
FROM summed WHERE all_given > all_due OR is_fresh AND all_given < all_due
UNION ALL
SELECT 'reverses', named, concat_ws('/', institution_id, number), found, due_to, NULL, NULL
FROM summed WHERE named = 'movement' AND found <> due_to
ORDER BY key LIMIT CAST(:most AS int)
