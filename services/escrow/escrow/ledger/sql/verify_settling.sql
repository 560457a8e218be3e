-- Find each booking's line and each line's bookings: what the bank booked, what came back.
-- Locks: none. Index: movement_pkey, instruction_line_pkey.
-- Rows: the bookings since and the lines of the instructions to check, of one chunk of
-- institution_ids. A line booked before that is not looked at.
WITH range AS (
  SELECT * FROM unnest(CAST(:ids AS text[]), CAST(:since AS bigint[])) AS r (institution_id, since)
), booking AS (
  SELECT m.institution_id, m.instruction_id, m.kind, m.entry_id, m.amount_fen, m.contract_id,
    m.sequence
  FROM range AS r
  CROSS JOIN LATERAL (
    SELECT * FROM escrow.movement AS m
    WHERE m.institution_id = r.institution_id AND m.sequence > r.since
      AND m.kind IN ('booked', 'came_back') OFFSET 0) AS m
), line AS (
  SELECT l.institution_id, l.instruction_id, b.kind, b.entry_id, l.amount_fen, l.contract_id,
    r.since, l.line_no
  FROM range AS r
  JOIN unnest(CAST(:instruction_owners AS text[]), CAST(:instructions AS uuid[]))
    AS k (institution_id, instruction_id) ON k.institution_id = r.institution_id
  CROSS JOIN LATERAL (
    SELECT * FROM escrow.instruction_line AS l WHERE l.institution_id = k.institution_id
      AND l.instruction_id = k.instruction_id OFFSET 0) AS l
  CROSS JOIN LATERAL (VALUES
    ('booked', l.booked_entry_id), ('came_back', l.returned_entry_id)) AS b (kind, entry_id)
  WHERE b.entry_id IS NOT NULL
), pair AS (
  SELECT CASE WHEN b.sequence IS NOT NULL THEN concat_ws('/', b.institution_id, b.sequence) END
      AS booking_key, b.amount_fen AS booked_fen, b.contract_id AS booked_contract_id,
    CASE WHEN l.line_no IS NOT NULL THEN concat_ws('/', l.institution_id, l.instruction_id,
      l.line_no) END AS line_key, l.amount_fen, l.contract_id, coalesce(b.kind, l.kind) AS kind
  FROM booking AS b
  FULL JOIN line AS l ON (l.institution_id, l.instruction_id, l.kind, l.entry_id)
    = (b.institution_id, b.instruction_id, b.kind, b.entry_id)
  WHERE (b.amount_fen, b.contract_id) IS DISTINCT FROM (l.amount_fen, l.contract_id)
    AND (b.sequence IS NOT NULL OR l.since = 0)
)
SELECT f.rule, f.named, CASE f.named WHEN 'movement' THEN p.booking_key ELSE p.line_key END AS key,
  coalesce(f.found, 'none') AS found, coalesce(f.expected, 'none') AS expected, f.other,
  p.line_key AS other_key
FROM pair AS p
CROSS JOIN LATERAL (VALUES
  ('line', 'movement', p.line_key IS NULL, 'none', 'there', NULL),
  (p.kind, 'instruction_line', p.booking_key IS NULL, 'none', 'there', NULL),
  ('amount_fen', 'movement', true, p.booked_fen::text, p.amount_fen::text, 'instruction_line'),
  ('contract_id', 'movement', true, p.booked_contract_id, p.contract_id, 'instruction_line')
) AS f (rule, named, applies, found, expected, other)
WHERE f.applies AND f.found IS DISTINCT FROM f.expected
  AND (f.other IS NULL OR p.booking_key IS NOT NULL AND p.line_key IS NOT NULL)
ORDER BY p.line_key LIMIT CAST(:most AS int)
