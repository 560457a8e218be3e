-- Hold what put lessons back against the lessons: the whole fee, once, named by its first part.
-- Locks: none. Index: movement_pkey, lesson_pkey.
-- Rows: the reversals since and the lessons of the contracts to check, of one chunk of
-- institution_ids. A lesson released before that and not put back since is not looked at.
WITH range AS (
  SELECT * FROM unnest(CAST(:ids AS text[]), CAST(:since AS bigint[])) AS r (institution_id, since)
), back AS (
  SELECT m.institution_id, m.contract_id, m.lesson_no, m.reverses, sum(m.amount_fen) AS amount_fen,
    min(m.sequence) AS sequence,
    (array_agg(m.movement_id ORDER BY m.sequence))[1] AS movement_id
  FROM range AS r
  CROSS JOIN LATERAL (
    SELECT * FROM escrow.movement AS m
    WHERE m.institution_id = r.institution_id AND m.sequence > r.since
      AND m.kind = 'reversal' AND m.lesson_no IS NOT NULL OFFSET 0) AS m
  GROUP BY m.institution_id, m.contract_id, m.lesson_no, m.reverses
), lesson AS (
  SELECT l.*, l.release_sequence > r.since AS is_fresh
  FROM range AS r
  JOIN unnest(CAST(:contract_owners AS text[]), CAST(:contracts AS text[]))
    AS k (institution_id, contract_id) ON k.institution_id = r.institution_id
  CROSS JOIN LATERAL (
    SELECT * FROM escrow.lesson AS l
    WHERE l.institution_id = k.institution_id AND l.contract_id = k.contract_id OFFSET 0) AS l
), wrong AS (
  SELECT coalesce(b.institution_id, l.institution_id) AS institution_id, b.sequence,
    b.movement_id, b.amount_fen AS back_fen, l.amount_fen, l.reversed_by,
    concat_ws('/', b.institution_id, b.sequence) AS back_key,
    concat_ws('/', l.institution_id, l.contract_id, l.lesson_no, l.attempt) AS lesson_key
  FROM back AS b
  FULL JOIN lesson AS l
    ON (l.institution_id, l.contract_id, l.lesson_no, l.movement_id)
      = (b.institution_id, b.contract_id, b.lesson_no, b.reverses)
  WHERE (b.sequence IS NOT NULL OR l.is_fresh)
    AND (b.movement_id, b.amount_fen) IS DISTINCT FROM (
      l.reversed_by, CASE WHEN l.reversed_by IS NOT NULL THEN l.amount_fen END)
)
SELECT f.rule, f.named, f.key, f.found, f.expected, f.other, f.other_key
FROM wrong AS w
CROSS JOIN LATERAL (VALUES
  ('reverses', 'movement', w.back_key, CASE WHEN w.lesson_key = '' THEN 'none' ELSE 'a lesson' END,
    'a lesson', NULL, NULL, w.sequence IS NOT NULL),
  ('reversed_by', 'lesson', w.lesson_key, coalesce(w.reversed_by::text, 'none'),
    coalesce(w.movement_id::text, 'none'), CASE WHEN w.sequence IS NOT NULL THEN 'movement' END,
    w.back_key, w.lesson_key <> ''),
  ('reversed_fen', 'movement', w.back_key, w.back_fen::text, w.amount_fen::text, 'lesson',
    w.lesson_key, w.sequence IS NOT NULL AND w.lesson_key <> '')
) AS f (rule, named, key, found, expected, other, other_key, applies)
WHERE f.applies AND f.found IS DISTINCT FROM f.expected
ORDER BY w.institution_id, w.sequence LIMIT CAST(:most AS int)
