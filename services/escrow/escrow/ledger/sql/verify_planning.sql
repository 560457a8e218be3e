-- Find each planned payment's instruction and the other way round; its lines make its amount.
-- Locks: none. Index: movement_pkey, instruction_pkey, instruction_line_pkey.
-- Rows: the plans since and the instructions to check, of one chunk of institution_ids.
WITH range AS (
  SELECT * FROM unnest(CAST(:ids AS text[]), CAST(:since AS bigint[])) AS r (institution_id, since)
), plan AS (
  SELECT m.institution_id, m.instruction_id, m.movement_id, m.amount_fen, m.posted_at,
    m.refund_id, m.entry_id, m.contract_id, concat_ws('/', m.institution_id, m.sequence) AS key,
    CASE m.kind WHEN 'give_back' THEN 'return' ELSE m.kind END AS kind
  FROM range AS r
  CROSS JOIN LATERAL (
    SELECT * FROM escrow.movement AS m
    WHERE m.institution_id = r.institution_id AND m.sequence > r.since
      AND m.kind IN ('payout', 'refund', 'give_back') AND m.instruction_id IS NOT NULL
    OFFSET 0) AS m
), instruction AS (
  SELECT i.*, r.since, s.lines_fen, CASE i.kind WHEN 'refund' THEN s.contract_id END AS contract_id
  FROM range AS r
  JOIN unnest(CAST(:instruction_owners AS text[]), CAST(:instructions AS uuid[]))
    AS k (institution_id, instruction_id) ON k.institution_id = r.institution_id
  CROSS JOIN LATERAL (
    SELECT * FROM escrow.instruction AS i WHERE i.institution_id = k.institution_id
      AND i.instruction_id = k.instruction_id OFFSET 0) AS i
  CROSS JOIN LATERAL (
    SELECT sum(l.amount_fen) AS lines_fen, max(l.contract_id) AS contract_id
    FROM escrow.instruction_line AS l
    WHERE l.institution_id = k.institution_id AND l.instruction_id = k.instruction_id) AS s
), pair AS (
  SELECT p.key AS plan_key, p.movement_id AS plan_id, p.amount_fen AS plan_fen, p.posted_at,
    p.kind AS plan_kind, p.refund_id AS plan_refund_id, p.entry_id AS plan_entry_id,
    p.contract_id AS plan_contract_id, concat_ws('/', i.institution_id, i.instruction_id) AS key,
    concat_ws('/', p.institution_id, p.instruction_id) AS its_key, i.*
  FROM plan AS p
  FULL JOIN instruction AS i
    ON i.institution_id = p.institution_id AND i.instruction_id = p.instruction_id
  WHERE p.key IS NOT NULL OR i.since = 0 OR i.amount_fen IS DISTINCT FROM i.lines_fen
)
SELECT f.rule, f.named, CASE WHEN f.named = 'movement' THEN p.plan_key
    WHEN f.rule = 'missing' THEN p.its_key ELSE p.key END AS key,
  coalesce(f.found, 'none') AS found, coalesce(f.expected, 'none') AS expected, f.other,
  p.plan_key AS other_key
FROM pair AS p
CROSS JOIN LATERAL (VALUES
  ('missing', 'instruction', p.key = '', 'none', 'there', 'movement'),
  ('movement', 'instruction', p.plan_key IS NULL AND p.since = 0, 'none', 'there', NULL),
  ('lines_fen', 'instruction', p.key <> '', p.amount_fen::text, p.lines_fen::text, NULL),
  ('lines_fen', 'movement', p.plan_id IS NOT NULL AND p.key <> '', p.plan_fen::text,
    p.lines_fen::text, NULL),
  ('amount_fen', 'instruction', true, p.amount_fen::text, p.plan_fen::text, 'movement'),
  ('kind', 'instruction', true, p.kind, p.plan_kind, 'movement'),
  ('movement_id', 'instruction', true, p.movement_id::text, p.plan_id::text, 'movement'),
  ('created_at', 'instruction', true, p.created_at::text, p.posted_at::text, 'movement'),
  ('refund_id', 'instruction', true, p.refund_id::text, p.plan_refund_id::text, 'movement'),
  ('contract_id', 'movement', true, p.plan_contract_id, p.contract_id, NULL),
  ('entry_id', 'instruction', true, p.entry_id, p.plan_entry_id, 'movement')
) AS f (rule, named, applies, found, expected, other)
WHERE f.applies AND f.found IS DISTINCT FROM f.expected
  AND (f.rule IN ('missing', 'movement', 'lines_fen') OR p.plan_key <> '' AND p.key <> '')
ORDER BY p.key LIMIT CAST(:most AS int)
