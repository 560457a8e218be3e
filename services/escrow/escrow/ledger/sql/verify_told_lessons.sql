-- Compare the lessons that the feed told of as released with the lessons: the n-th time a lesson
-- was told is its n-th attempt.
-- Locks: none. Index: event_pkey, lesson_pkey.
-- Rows: the events since and the lessons of the contracts to check, of one chunk of
-- institution_ids.
WITH range AS (
  SELECT * FROM unnest(CAST(:ids AS text[]), CAST(:since AS bigint[]), CAST(:told AS bigint[]),
    CAST(:until AS bigint[])) AS r (institution_id, since, told, until)
), told AS (
  SELECT e.institution_id, e.sequence, j.contract_id, j.lesson_no, j.amount_fen, j.taught_at,
    j.ended_at, j.teacher_ref, j.room_ref, row_number() OVER (
      PARTITION BY e.institution_id, j.contract_id, j.lesson_no ORDER BY e.sequence, j.place) AS nth
  FROM range AS r
  CROSS JOIN LATERAL (
    SELECT * FROM escrow.event AS e
    WHERE e.institution_id = r.institution_id AND e.sequence > r.told AND e.sequence <= r.until
      AND e.type = 'lessons.released' OFFSET 0) AS e
  CROSS JOIN LATERAL ROWS FROM (
    jsonb_to_recordset(e.body::jsonb -> 'lessons') AS (contract_id text, lesson_no int,
      amount_fen bigint, taught_at timestamptz, ended_at timestamptz, teacher_ref text,
      room_ref text)) WITH ORDINALITY AS j (contract_id, lesson_no, amount_fen, taught_at, ended_at,
      teacher_ref, room_ref, place)
), lesson AS (
  SELECT l.*, row_number() OVER (
      PARTITION BY l.institution_id, l.contract_id, l.lesson_no ORDER BY l.release_sequence) AS nth
  FROM range AS r
  JOIN unnest(CAST(:contract_owners AS text[]), CAST(:contracts AS text[]))
    AS k (institution_id, contract_id) ON k.institution_id = r.institution_id
  CROSS JOIN LATERAL (
    SELECT * FROM escrow.lesson AS l WHERE l.institution_id = k.institution_id
      AND l.contract_id = k.contract_id AND l.release_sequence > r.since OFFSET 0) AS l
), wrong AS (
  SELECT concat_ws('/', t.institution_id, t.sequence) AS told_key,
    concat_ws('/', l.institution_id, l.contract_id, l.lesson_no, l.attempt) AS key,
    concat_ws('/', t.institution_id, t.contract_id, t.lesson_no, t.nth) AS its_key,
    ROW(l.amount_fen, l.taught_at, l.ended_at, l.teacher_ref, l.room_ref)::text AS found,
    ROW(t.amount_fen, t.taught_at, t.ended_at, t.teacher_ref, t.room_ref)::text AS expected
  FROM told AS t
  FULL JOIN lesson AS l ON (l.institution_id, l.contract_id, l.lesson_no, l.nth)
    = (t.institution_id, t.contract_id, t.lesson_no, t.nth)
  WHERE (l.amount_fen, l.taught_at, l.ended_at, l.teacher_ref, l.room_ref) IS DISTINCT FROM
    (t.amount_fen, t.taught_at, t.ended_at, t.teacher_ref, t.room_ref)
)
SELECT CASE WHEN w.key = '' THEN 'missing' ELSE 'told' END AS rule, 'lesson' AS named,
  CASE WHEN w.key = '' THEN w.its_key ELSE w.key END AS key,
  CASE WHEN w.key = '' THEN 'none' ELSE w.found END AS found,
  CASE WHEN w.told_key = '' THEN 'none' ELSE w.expected END AS expected,
  'event' AS other, w.told_key AS other_key
FROM wrong AS w
ORDER BY 3 LIMIT CAST(:most AS int)
