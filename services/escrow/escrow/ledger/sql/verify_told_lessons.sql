-- Compare the lessons that the feed told of as released with the lessons: the n-th time a lesson
-- was told is its n-th attempt.
-- Locks: none. Index: event_pkey, lesson_pkey.
-- Rows: the events since and the lessons of the contracts to check, of one chunk of
-- institution_ids.
WITH range AS (
  SELECT * FROM unnest(CAST(:ids AS text[]), CAST(:since AS bigint[]), CAST(:told AS bigint[]),
    CAST(:until AS bigint[])) AS r (institution_id, since, told, until)
), told AS (
  SELECT e.institution_id, j.one ->> 'contract_id' AS contract_id,
    j.one ->> 'lesson_no' AS lesson_no, concat_ws('/', e.institution_id, e.sequence) AS key,
    ROW(j.one ->> 'amount_fen', CAST(j.one ->> 'taught_at' AS timestamptz),
      CAST(j.one ->> 'ended_at' AS timestamptz), j.one ->> 'teacher_ref', j.one ->> 'room_ref'
    )::text AS told,
    row_number() OVER (
      PARTITION BY e.institution_id, j.one ->> 'contract_id', j.one ->> 'lesson_no'
      ORDER BY e.sequence, j.place) AS nth
  FROM range AS r
  JOIN escrow.event AS e ON e.institution_id = r.institution_id
    AND e.sequence > r.told AND e.sequence <= r.until AND e.type = 'lessons.released'
  CROSS JOIN LATERAL jsonb_array_elements(e.body::jsonb -> 'lessons') WITH ORDINALITY
    AS j (one, place)
  WHERE e.institution_id = ANY (CAST(:ids AS text[]))
), lesson AS (
  SELECT l.institution_id, l.contract_id, l.lesson_no::text AS lesson_no,
    concat_ws('/', l.institution_id, l.contract_id, l.lesson_no, l.attempt) AS key,
    ROW(l.amount_fen, l.taught_at, l.ended_at, l.teacher_ref, l.room_ref)::text AS told,
    row_number() OVER (PARTITION BY l.institution_id, l.contract_id, l.lesson_no
      ORDER BY l.release_sequence) AS nth
  FROM range AS r
  JOIN unnest(CAST(:contract_owners AS text[]), CAST(:contracts AS text[]))
    AS k (institution_id, contract_id) ON k.institution_id = r.institution_id
  JOIN escrow.lesson AS l ON l.institution_id = k.institution_id
    AND l.contract_id = k.contract_id AND l.release_sequence > r.since
  WHERE l.institution_id = ANY (CAST(:ids AS text[]))
)
SELECT 'told' AS rule, CASE WHEN l.key IS NULL THEN 'event' ELSE 'lesson' END AS named,
  coalesce(l.key, t.key) AS key, coalesce(l.told, 'none') AS found,
  coalesce(t.told, 'none') AS expected, CASE WHEN l.key IS NOT NULL THEN 'event' END AS other,
  t.key AS other_key
FROM told AS t
FULL JOIN lesson AS l ON (l.institution_id, l.contract_id, l.lesson_no, l.nth)
  = (t.institution_id, t.contract_id, t.lesson_no, t.nth)
WHERE t.told IS DISTINCT FROM l.told
ORDER BY 3 LIMIT CAST(:most AS int)
