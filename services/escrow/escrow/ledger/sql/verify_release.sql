-- Find each release's lesson and compare: the fee is the contract's, the lesson its own.
-- Locks: none. Index: movement_pkey, lesson_pkey, contract_pkey.
-- Rows: the releases since, of one chunk of institution_ids.
WITH release AS (
  SELECT m.*, row_number() OVER (
      PARTITION BY m.institution_id, m.contract_id, m.lesson_no ORDER BY m.sequence) AS nth
  FROM unnest(CAST(:ids AS text[]), CAST(:since AS bigint[])) AS r (institution_id, since)
  CROSS JOIN LATERAL (
    SELECT * FROM escrow.movement AS m
    WHERE m.institution_id = r.institution_id AND m.sequence > r.since AND m.kind = 'release'
    OFFSET 0) AS m
), term AS (
  SELECT c.institution_id, c.contract_id, c.paid_fen, c.lessons
  FROM (SELECT DISTINCT institution_id, contract_id FROM release) AS k
  CROSS JOIN LATERAL (
    SELECT * FROM escrow.contract AS c
    WHERE c.institution_id = k.institution_id AND c.contract_id = k.contract_id OFFSET 0) AS c
), read AS (
  SELECT m.*, l.attempt, l.movement_id AS lesson_id, l.taught_at,
    c.paid_fen / c.lessons
      + CASE WHEN m.lesson_no = c.lessons THEN c.paid_fen % c.lessons ELSE 0 END AS fee_fen
  FROM release AS m
  LEFT JOIN LATERAL (
    SELECT * FROM escrow.lesson AS l
    WHERE l.institution_id = m.institution_id AND l.contract_id = m.contract_id
      AND l.lesson_no = m.lesson_no
      AND (l.movement_id = m.movement_id OR l.release_sequence = m.sequence) OFFSET 0) AS l ON true
  LEFT JOIN term AS c ON c.institution_id = m.institution_id AND c.contract_id = m.contract_id
), wrong AS (
  SELECT *, concat_ws('/', institution_id, sequence) AS key,
    concat_ws('/', institution_id, contract_id, lesson_no, attempt) AS lesson_key
  FROM read
  WHERE attempt IS NULL OR lesson_id <> movement_id OR taught_at <> occurred_at
    OR amount_fen IS DISTINCT FROM fee_fen
)
SELECT f.rule, f.named, f.key, f.found, f.expected, f.other, f.other_key
FROM wrong AS w
CROSS JOIN LATERAL (VALUES
  ('missing', 'lesson', concat_ws('/', w.institution_id, w.contract_id, w.lesson_no, w.nth),
    CASE WHEN w.attempt IS NULL THEN 'none' ELSE 'there' END, 'there', 'movement', w.key),
  ('movement_id', 'movement', w.key, w.movement_id::text,
    coalesce(w.lesson_id, w.movement_id)::text, 'lesson', w.lesson_key),
  ('occurred_at', 'movement', w.key, w.occurred_at::text,
    coalesce(w.taught_at, w.occurred_at)::text, 'lesson', w.lesson_key),
  ('amount_fen', 'movement', w.key, w.amount_fen::text, coalesce(w.fee_fen::text, 'none'),
    'contract', concat_ws('/', w.institution_id, w.contract_id))
) AS f (rule, named, key, found, expected, other, other_key)
WHERE f.found <> f.expected
ORDER BY w.institution_id, w.sequence
LIMIT CAST(:most AS int)
