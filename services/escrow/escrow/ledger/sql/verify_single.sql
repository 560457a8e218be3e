-- Hold the one line of a refund or a return against what it pays.
-- Locks: none. Index: instruction_pkey, instruction_line_pkey, refund_pkey.
-- Rows: the lines of the instructions to check, of one chunk of institution_ids.
WITH read AS (
  SELECT l.*, i.kind, i.amount_fen AS instruction_fen, f.contract_id AS its_contract_id,
    CASE i.kind WHEN 'refund' THEN f.contract_id || ' refund' ELSE i.entry_id || ' return' END
      AS told,
    concat_ws('/', l.institution_id, l.instruction_id, l.line_no) AS key
  FROM unnest(CAST(:instruction_owners AS text[]), CAST(:instructions AS uuid[]))
    AS k (institution_id, instruction_id)
  CROSS JOIN LATERAL (
    SELECT * FROM escrow.instruction AS i WHERE i.institution_id = k.institution_id
      AND i.instruction_id = k.instruction_id AND i.kind <> 'payout' OFFSET 0) AS i
  CROSS JOIN LATERAL (
    SELECT * FROM escrow.instruction_line AS l WHERE l.institution_id = k.institution_id
      AND l.instruction_id = k.instruction_id OFFSET 0) AS l
  LEFT JOIN LATERAL (
    SELECT * FROM escrow.refund AS f WHERE f.institution_id = i.institution_id
      AND f.refund_id = i.refund_id OFFSET 0) AS f ON true
)
SELECT f.rule, 'instruction_line' AS named, r.key, coalesce(f.found, 'none') AS found,
  coalesce(f.expected, 'none') AS expected,
  CASE WHEN f.rule = 'amount_fen' THEN 'instruction' END AS other,
  concat_ws('/', r.institution_id, r.instruction_id) AS other_key
FROM read AS r
CROSS JOIN LATERAL (VALUES
  ('amount_fen', r.amount_fen::text, r.instruction_fen::text),
  ('contract_id', r.contract_id, r.its_contract_id),
  ('remittance', r.remittance, r.told),
  ('of_lesson', num_nonnulls(r.lesson_no, r.release_sequence, r.release_id)::text, '0'),
  ('tries', r.tries::text, '0')
) AS f (rule, found, expected)
WHERE f.found IS DISTINCT FROM f.expected
ORDER BY r.key LIMIT CAST(:most AS int)
