-- Account for each lesson released since: what was not recovered, put back or instructed (and
-- not given back) is payable, to the fen. Members of a sum that does not come out are named.
-- Locks: none. Index: movement_pkey, instruction_line_pkey, payable_pkey, lesson_pkey.
-- Rows: the movements since, the lines they planned and what is retained, of one chunk of
-- institution_ids. Lessons with an attempt before that are left to the whole check.
WITH range AS (
  SELECT * FROM unnest(CAST(:ids AS text[]), CAST(:since AS bigint[])) AS r (institution_id, since)
), moved AS (
  SELECT m.* FROM range AS r
  CROSS JOIN LATERAL (
    SELECT * FROM escrow.movement AS m
    WHERE m.institution_id = r.institution_id AND m.sequence > r.since
      AND (m.kind IN ('release', 'recovery', 'payout')
        OR m.kind = 'reversal' AND m.debit = 'institution_payable') OFFSET 0) AS m
), part AS (
  SELECT institution_id, contract_id, lesson_no, CASE kind WHEN 'release' THEN amount_fen
    ELSE -amount_fen END AS amount_fen, CASE WHEN kind <> 'release' THEN 'movement' END AS named,
    NULL::uuid AS instruction_id, sequence AS number
  FROM moved WHERE kind <> 'payout'
  UNION ALL
  SELECT l.institution_id, l.contract_id, l.lesson_no, CASE
    WHEN l.state IN ('rejected', 'returned', 'withdrawn') THEN 0 ELSE -l.amount_fen END,
    'instruction_line', l.instruction_id, l.line_no
  FROM moved AS m
  CROSS JOIN LATERAL (
    SELECT * FROM escrow.instruction_line AS l
    WHERE l.institution_id = m.institution_id AND l.instruction_id = m.instruction_id OFFSET 0) AS l
  WHERE m.kind = 'payout'
  UNION ALL
  SELECT p.institution_id, p.contract_id, p.lesson_no, -p.amount_fen, 'payable', NULL,
    p.release_sequence
  FROM range AS r
  CROSS JOIN LATERAL (
    SELECT * FROM escrow.payable AS p WHERE p.institution_id = r.institution_id OFFSET 0) AS p
), sums AS (
  SELECT institution_id, contract_id, lesson_no, sum(amount_fen) AS amount_fen,
    bool_or(named = 'payable') AS is_payable, max(number) FILTER (WHERE named IS NULL) AS sequence
  FROM part GROUP BY institution_id, contract_id, lesson_no HAVING sum(amount_fen) <> 0
), wrong AS (
  SELECT s.* FROM sums AS s JOIN range AS r ON r.institution_id = s.institution_id
  WHERE NOT EXISTS (
    SELECT FROM escrow.lesson AS l
    WHERE (l.institution_id, l.contract_id, l.lesson_no)
      = (s.institution_id, s.contract_id, s.lesson_no) AND l.release_sequence <= r.since OFFSET 0)
)
SELECT 'payable_fen' AS rule, p.named,
  concat_ws('/', p.institution_id, p.instruction_id, p.number) AS key,
  (-p.amount_fen)::text AS found,
  (w.amount_fen - p.amount_fen)::text AS expected, NULL AS other, NULL AS other_key
FROM wrong AS w
JOIN part AS p ON (p.institution_id, p.contract_id, p.lesson_no)
  = (w.institution_id, w.contract_id, w.lesson_no) AND p.named IS NOT NULL
UNION ALL
SELECT 'missing', 'payable', concat_ws('/', w.institution_id, w.sequence), 'none',
  w.amount_fen::text, NULL, NULL
FROM wrong AS w WHERE w.amount_fen > 0 AND w.is_payable IS NOT TRUE AND w.sequence IS NOT NULL
ORDER BY key LIMIT CAST(:most AS int)
