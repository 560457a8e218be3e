-- Find each release's lesson and compare: the fee is the contract's, the lesson its own.
-- Locks: none. Index: movement_pkey, lesson_pkey, contract_pkey.
-- Rows: the releases since, of one chunk of institution_ids.
WITH read AS (
  SELECT m.*, l.attempt, l.movement_id AS lesson_id, l.taught_at, c.paid_fen,
    c.paid_fen / c.lessons
      + CASE WHEN m.lesson_no = c.lessons THEN c.paid_fen % c.lessons ELSE 0 END AS fee_fen,
    concat_ws('/', m.institution_id, m.contract_id) AS contract_key,
    concat_ws('/', m.institution_id, m.contract_id, m.lesson_no, l.attempt) AS lesson_key
  FROM unnest(CAST(:ids AS text[]), CAST(:since AS bigint[])) AS r (institution_id, since)
  JOIN escrow.movement AS m
    ON m.institution_id = r.institution_id AND m.sequence > r.since AND m.kind = 'release'
  LEFT JOIN escrow.lesson AS l
    ON l.institution_id = m.institution_id AND l.contract_id = m.contract_id
    AND l.lesson_no = m.lesson_no
    AND (l.movement_id = m.movement_id OR l.release_sequence = m.sequence)
    AND l.institution_id = ANY (CAST(:ids AS text[]))
  LEFT JOIN escrow.contract AS c
    ON c.institution_id = m.institution_id AND c.contract_id = m.contract_id
    AND c.institution_id = ANY (CAST(:ids AS text[]))
  WHERE m.institution_id = ANY (CAST(:ids AS text[]))
), wrong AS (
  SELECT * FROM read
  WHERE attempt IS NULL OR lesson_id <> movement_id OR taught_at <> occurred_at
    OR amount_fen <> fee_fen OR paid_fen IS NULL
)
SELECT f.rule, 'movement' AS named, concat_ws('/', w.institution_id, w.sequence) AS key, f.found,
  f.expected, f.other, f.other_key
FROM wrong AS w
CROSS JOIN LATERAL (VALUES
  ('lesson', CASE WHEN w.attempt IS NULL THEN 'none' ELSE 'there' END, 'there', NULL, NULL),
  ('movement_id', w.movement_id::text, coalesce(w.lesson_id, w.movement_id)::text, 'lesson',
    w.lesson_key),
  ('occurred_at', w.occurred_at::text, coalesce(w.taught_at, w.occurred_at)::text, 'lesson',
    w.lesson_key),
  ('amount_fen', w.amount_fen::text, w.fee_fen::text, 'contract', w.contract_key)
) AS f (rule, found, expected, other, other_key)
WHERE f.found IS DISTINCT FROM f.expected
ORDER BY w.institution_id, w.sequence
LIMIT CAST(:most AS int)
