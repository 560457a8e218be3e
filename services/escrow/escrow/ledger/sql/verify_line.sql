-- Hold each line against what it pays: a release, a refund, a receipt; no number is left out.
-- Locks: none. Index: instruction_pkey, instruction_line_pkey, lesson_pkey, tuition_pkey.
-- Rows: the lines of the instructions to check, of one chunk of institution_ids.
WITH read AS (
  SELECT l.*, i.kind, i.amount_fen AS instruction_fen, i.instruction_id IS NOT NULL AS is_planned,
    i.refund_id, i.entry_id, t.movement_id, t.amount_fen AS fee_fen, t.attempt,
    t.release_sequence AS its_sequence, f.contract_id AS refund_contract_id,
    row_number() OVER (PARTITION BY l.institution_id, l.instruction_id ORDER BY l.line_no) AS nth,
    CASE i.kind WHEN 'refund' THEN f.contract_id || ' refund'
      WHEN 'return' THEN i.entry_id || ' return'
      ELSE x.lesson || CASE WHEN l.remittance <> x.lesson THEN '/' || c.lessons ELSE '' END
      END AS told,
    concat_ws('/', l.institution_id, l.instruction_id, l.line_no) AS key,
    concat_ws('/', t.institution_id, t.contract_id, t.lesson_no, t.attempt) AS lesson_key
  FROM unnest(CAST(:instruction_owners AS text[]), CAST(:instructions AS uuid[]))
    AS k (institution_id, instruction_id)
  JOIN escrow.instruction_line AS l
    ON l.institution_id = k.institution_id AND l.instruction_id = k.instruction_id
  LEFT JOIN escrow.instruction AS i ON i.institution_id = k.institution_id
    AND i.instruction_id = k.instruction_id AND i.institution_id = ANY (CAST(:ids AS text[]))
  LEFT JOIN escrow.lesson AS t ON t.institution_id = l.institution_id
    AND t.contract_id = l.contract_id AND t.lesson_no = l.lesson_no
    AND (t.movement_id = l.release_id OR t.release_sequence = l.release_sequence)
    AND t.institution_id = ANY (CAST(:ids AS text[]))
  LEFT JOIN escrow.tuition AS c ON c.institution_id = l.institution_id
    AND c.contract_id = l.contract_id AND c.institution_id = ANY (CAST(:ids AS text[]))
  LEFT JOIN escrow.refund AS f ON f.institution_id = i.institution_id
    AND f.refund_id = i.refund_id AND f.institution_id = ANY (CAST(:ids AS text[]))
  CROSS JOIN LATERAL (SELECT l.contract_id || ' ' || l.lesson_no AS lesson) AS x
  WHERE l.institution_id = ANY (CAST(:ids AS text[]))
), wrong AS (
  SELECT *, kind IS DISTINCT FROM 'payout' AS is_single FROM read
  WHERE kind IS NULL OR line_no <> nth OR remittance IS DISTINCT FROM told
    OR CASE WHEN kind = 'payout' THEN amount_fen > fee_fen
        OR (release_id, release_sequence) IS DISTINCT FROM (movement_id, its_sequence)
      ELSE (amount_fen, contract_id, lesson_no, release_sequence, release_id, tries)
        IS DISTINCT FROM (instruction_fen, refund_contract_id, NULL, NULL, NULL, 0) END
)
SELECT f.rule, 'instruction_line' AS named, w.key, coalesce(f.found, 'none') AS found,
  coalesce(f.expected, 'none') AS expected, f.other, f.other_key
FROM wrong AS w
CROSS JOIN LATERAL (VALUES
  ('instruction', true, w.is_planned::text, 'true', NULL, NULL),
  ('line_no', true, w.line_no::text, w.nth::text, NULL, NULL),
  ('remittance', true, w.remittance, w.told, NULL, NULL),
  ('lesson', NOT w.is_single, (w.attempt IS NOT NULL)::text, 'true', NULL, NULL),
  ('release_id', NOT w.is_single, w.release_id::text, w.movement_id::text, 'lesson', w.lesson_key),
  ('release_sequence', NOT w.is_single, w.release_sequence::text, w.its_sequence::text, 'lesson',
    w.lesson_key),
  ('fee_fen', NOT w.is_single, w.amount_fen::text, least(w.amount_fen, w.fee_fen)::text, NULL,
    NULL),
  ('amount_fen', w.is_single, w.amount_fen::text, w.instruction_fen::text, 'instruction',
    concat_ws('/', w.institution_id, w.instruction_id)),
  ('contract_id', w.is_single, w.contract_id, w.refund_contract_id, NULL, NULL),
  ('of_lesson', w.is_single, num_nonnulls(w.lesson_no, w.release_sequence, w.release_id)::text,
    '0', NULL, NULL),
  ('tries', w.is_single, w.tries::text, '0', NULL, NULL)
) AS f (rule, applies, found, expected, other, other_key)
WHERE f.applies AND f.found IS DISTINCT FROM f.expected
ORDER BY w.key LIMIT CAST(:most AS int)
