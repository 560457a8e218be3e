-- Hold each line of a payout against the release that it pays; no line's number is left out.
-- Locks: none. Index: instruction_pkey, instruction_line_pkey, lesson_pkey, tuition_pkey.
-- Rows: the lines of the instructions to check, of one chunk of institution_ids.
WITH read AS (
  SELECT l.*, i.kind, t.movement_id, t.amount_fen AS fee_fen, t.attempt,
    t.release_sequence AS its_sequence,
    l.contract_id || ' ' || l.lesson_no || '/' || c.lessons AS told,
    row_number() OVER (PARTITION BY l.institution_id, l.instruction_id ORDER BY l.line_no) AS nth
  FROM unnest(CAST(:instruction_owners AS text[]), CAST(:instructions AS uuid[]))
    AS k (institution_id, instruction_id)
  LEFT JOIN LATERAL (
    SELECT * FROM escrow.instruction AS i WHERE i.institution_id = k.institution_id
      AND i.instruction_id = k.instruction_id OFFSET 0) AS i ON true
  CROSS JOIN LATERAL (
    SELECT * FROM escrow.instruction_line AS l WHERE l.institution_id = k.institution_id
      AND l.instruction_id = k.instruction_id OFFSET 0) AS l
  LEFT JOIN LATERAL (
    SELECT * FROM escrow.lesson AS t
    WHERE t.institution_id = l.institution_id AND t.contract_id = l.contract_id
      AND t.lesson_no = l.lesson_no
      AND (t.movement_id = l.release_id OR t.release_sequence = l.release_sequence) OFFSET 0
  ) AS t ON true
  LEFT JOIN LATERAL (
    SELECT * FROM escrow.tuition AS c WHERE c.institution_id = l.institution_id
      AND c.contract_id = l.contract_id OFFSET 0) AS c ON true
), wrong AS (
  SELECT r.*, concat_ws('/', r.institution_id, r.instruction_id, r.line_no) AS key,
    concat_ws('/', r.institution_id, r.contract_id, r.lesson_no, r.attempt) AS lesson_key
  FROM read AS r
  WHERE r.kind IS NULL OR r.line_no <> r.nth OR r.kind = 'payout' AND (
    r.remittance IS DISTINCT FROM r.told OR r.amount_fen > r.fee_fen
    OR (r.release_id, r.release_sequence) IS DISTINCT FROM (r.movement_id, r.its_sequence))
)
SELECT f.rule, 'instruction_line' AS named, w.key, coalesce(f.found, 'none') AS found,
  coalesce(f.expected, 'none') AS expected, CASE WHEN f.is_paired THEN 'lesson' END AS other,
  CASE WHEN w.attempt IS NOT NULL THEN w.lesson_key END AS other_key
FROM wrong AS w
CROSS JOIN LATERAL (VALUES
  ('instruction', (w.kind IS NOT NULL)::text, 'true', false),
  ('line_no', w.line_no::text, w.nth::text, false),
  ('remittance', w.remittance, w.told, false),
  ('release_id', w.release_id::text, w.movement_id::text, true),
  ('release_sequence', w.release_sequence::text, w.its_sequence::text, true),
  ('fee_fen', w.amount_fen::text, least(w.amount_fen, w.fee_fen)::text, false)
) AS f (rule, found, expected, is_paired)
WHERE f.found IS DISTINCT FROM f.expected
  AND (w.kind = 'payout' OR f.rule IN ('instruction', 'line_no'))
ORDER BY w.key LIMIT CAST(:most AS int)
