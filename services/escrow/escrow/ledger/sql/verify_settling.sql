-- Find each booking's line and each line's bookings: what the bank booked, what came back.
-- Locks: none. Index: movement_pkey, instruction_line_pkey.
-- Rows: the bookings since and the lines of the instructions to check, of one chunk of
-- institution_ids. A line booked before that is not looked at.
WITH range AS (
  SELECT * FROM unnest(CAST(:ids AS text[]), CAST(:since AS bigint[])) AS r (institution_id, since)
), booking AS (
  SELECT m.institution_id, m.instruction_id, m.kind, m.entry_id, m.amount_fen, m.contract_id,
    concat_ws('/', m.institution_id, m.sequence) AS key
  FROM range AS r
  JOIN escrow.movement AS m ON m.institution_id = r.institution_id AND m.sequence > r.since
    AND m.kind IN ('booked', 'came_back')
  WHERE m.institution_id = ANY (CAST(:ids AS text[]))
), line AS (
  SELECT l.institution_id, l.instruction_id, b.kind, b.entry_id, l.amount_fen, l.contract_id,
    r.since, concat_ws('/', l.institution_id, l.instruction_id, l.line_no) AS key
  FROM unnest(CAST(:instruction_owners AS text[]), CAST(:instructions AS uuid[]))
    AS k (institution_id, instruction_id)
  JOIN range AS r ON r.institution_id = k.institution_id
  JOIN escrow.instruction_line AS l
    ON l.institution_id = k.institution_id AND l.instruction_id = k.instruction_id
  CROSS JOIN LATERAL (VALUES
    ('booked', l.booked_entry_id), ('came_back', l.returned_entry_id)) AS b (kind, entry_id)
  WHERE l.institution_id = ANY (CAST(:ids AS text[])) AND b.entry_id IS NOT NULL
), pair AS (
  SELECT b.key AS booking_key, b.amount_fen AS booked_fen, b.contract_id AS booked_contract_id,
    l.key AS line_key, l.amount_fen, l.contract_id, coalesce(b.kind, l.kind) AS kind
  FROM booking AS b
  FULL JOIN line AS l ON (l.institution_id, l.instruction_id, l.kind, l.entry_id)
    = (b.institution_id, b.instruction_id, b.kind, b.entry_id)
  WHERE (b.amount_fen, b.contract_id) IS DISTINCT FROM (l.amount_fen, l.contract_id)
    AND (b.key IS NOT NULL OR l.since = 0)
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
