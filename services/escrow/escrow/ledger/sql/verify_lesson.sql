-- Find each lesson's release and compare; attempts are numbered in their order, and all but
-- the last were put back.
-- Locks: none. Index: contract_pkey, lesson_pkey, movement_pkey.
-- Rows: the lessons of the contracts to check, of one chunk of institution_ids.
WITH read AS (
  SELECT l.*, m.movement_id AS release_id, m.kind, m.contract_id AS release_contract_id,
    m.lesson_no AS release_lesson_no, c.lessons,
    c.paid_fen / c.lessons
      + CASE WHEN l.lesson_no = c.lessons THEN c.paid_fen % c.lessons ELSE 0 END AS fee_fen,
    row_number() OVER o AS nth, lead(l.attempt) OVER o IS NULL AS is_last
  FROM unnest(CAST(:contract_owners AS text[]), CAST(:contracts AS text[]))
    AS k (institution_id, contract_id)
  LEFT JOIN LATERAL (
    SELECT * FROM escrow.contract AS c
    WHERE c.institution_id = k.institution_id AND c.contract_id = k.contract_id OFFSET 0
  ) AS c ON true
  CROSS JOIN LATERAL (
    SELECT * FROM escrow.lesson AS l
    WHERE l.institution_id = k.institution_id AND l.contract_id = k.contract_id OFFSET 0) AS l
  LEFT JOIN LATERAL (
    SELECT * FROM escrow.movement AS m
    WHERE m.institution_id = l.institution_id AND m.sequence = l.release_sequence OFFSET 0
  ) AS m ON true
  WINDOW o AS (PARTITION BY l.institution_id, l.contract_id, l.lesson_no
    ORDER BY l.release_sequence)
), wrong AS (
  SELECT * FROM read
  WHERE (movement_id, 'release', contract_id, lesson_no, amount_fen, nth)
    IS DISTINCT FROM (release_id, kind, release_contract_id, release_lesson_no, fee_fen, attempt)
    OR lesson_no NOT BETWEEN 1 AND lessons OR is_last < (reversed_by IS NULL)
    OR num_nulls(reversed_by, reversal_item_id, reversal_reason) NOT IN (0, 3)
)
SELECT f.rule, 'lesson' AS named,
  concat_ws('/', w.institution_id, w.contract_id, w.lesson_no, w.attempt) AS key,
  f.found, coalesce(f.expected, 'none') AS expected, f.other,
  concat_ws('/', w.institution_id, f.other_id) AS other_key
FROM wrong AS w
CROSS JOIN LATERAL (VALUES
  ('movement_id', w.movement_id::text, w.release_id::text, NULL, NULL),
  ('contract_id', w.contract_id, CASE WHEN w.release_id = w.movement_id
    THEN w.release_contract_id ELSE w.contract_id END, 'movement', w.release_sequence::text),
  ('lesson_no', w.lesson_no::text, CASE WHEN w.release_id = w.movement_id
    THEN w.release_lesson_no ELSE w.lesson_no END::text, 'movement', w.release_sequence::text),
  ('lessons', w.lesson_no::text, CASE WHEN w.lesson_no BETWEEN 1 AND w.lessons
    THEN w.lesson_no::text ELSE '1 to ' || w.lessons END, NULL, NULL),
  ('amount_fen', w.amount_fen::text, w.fee_fen::text, 'contract', w.contract_id),
  ('attempt', w.attempt::text, w.nth::text, NULL, NULL),
  ('reversed_by', CASE WHEN w.is_last < (w.reversed_by IS NULL) THEN 'none' ELSE '' END, '',
    NULL, NULL),
  ('reversal', num_nonnulls(w.reversed_by, w.reversal_item_id, w.reversal_reason)::text,
    CASE WHEN w.reversed_by IS NULL THEN '0' ELSE '3' END, NULL, NULL)
) AS f (rule, found, expected, other, other_id)
WHERE f.found IS DISTINCT FROM f.expected
ORDER BY w.institution_id, w.release_sequence LIMIT CAST(:most AS int)
