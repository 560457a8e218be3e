-- Compare each instruction's state with its lines', and each line's state with its bookings.
-- While any line is unfinished, those lines and the instruction stand in one state; then the
-- least finished says it.
-- Locks: none. Index: instruction_pkey, instruction_line_pkey.
-- Rows: the lines of the instructions to check, of one chunk of institution_ids.
WITH line AS (
  SELECT l.institution_id, l.instruction_id, l.line_no, l.state, l.booked_entry_id,
    l.returned_entry_id, i.state AS its_state,
    l.state IN ('planned', 'claimed', 'sent', 'unknown') AS is_open,
    bool_or(l.state IN ('planned', 'claimed', 'sent', 'unknown')) OVER o AS is_any_open,
    bool_and(l.state = 'withdrawn') OVER o AS is_withdrawn,
    bool_or(l.state = 'accepted') OVER o AS is_accepted,
    bool_or(l.state = 'settled') OVER o AS is_settled,
    bool_or(l.state = 'returned') OVER o AS is_returned,
    count(*) OVER o = 1 AS is_only
  FROM unnest(CAST(:instruction_owners AS text[]), CAST(:instructions AS uuid[]))
    AS k (institution_id, instruction_id)
  CROSS JOIN LATERAL (
    SELECT * FROM escrow.instruction AS i WHERE i.institution_id = k.institution_id
      AND i.instruction_id = k.instruction_id OFFSET 0) AS i
  CROSS JOIN LATERAL (
    SELECT * FROM escrow.instruction_line AS l WHERE l.institution_id = k.institution_id
      AND l.instruction_id = k.instruction_id OFFSET 0) AS l
  WINDOW o AS (PARTITION BY l.institution_id, l.instruction_id)
), read AS (
  SELECT *, CASE WHEN is_withdrawn THEN 'withdrawn'
      WHEN is_any_open AND its_state IN ('planned', 'claimed', 'sent', 'unknown') THEN its_state
      WHEN is_any_open THEN 'unfinished'
      WHEN is_accepted THEN 'accepted'
      WHEN is_settled THEN 'settled'
      WHEN is_returned THEN 'returned'
      ELSE 'rejected' END AS due,
    CASE WHEN returned_entry_id IS NOT NULL THEN 'returned'
      WHEN booked_entry_id IS NOT NULL AND state <> 'returned' THEN 'settled'
      WHEN is_open THEN its_state ELSE state END AS line_due
  FROM line
), wrong AS (
  SELECT *, concat_ws('/', institution_id, instruction_id) AS key,
    concat_ws('/', institution_id, instruction_id, line_no) AS line_key
  FROM read WHERE its_state <> due OR state <> line_due
)
SELECT DISTINCT f.rule, f.named, f.key, f.found, f.expected, f.other, f.other_key
FROM wrong AS w
CROSS JOIN LATERAL (VALUES
  ('state', 'instruction', w.key, w.its_state, w.due, 'instruction_line',
    CASE WHEN w.is_only THEN w.line_key END),
  ('state', 'instruction_line', w.line_key, w.state, w.line_due, 'instruction',
    CASE WHEN w.is_open AND w.booked_entry_id IS NULL THEN w.key END)
) AS f (rule, named, key, found, expected, other, other_key)
WHERE f.found <> f.expected
ORDER BY f.key LIMIT CAST(:most AS int)
