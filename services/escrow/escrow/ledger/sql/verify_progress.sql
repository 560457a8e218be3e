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
  JOIN escrow.instruction AS i
    ON i.institution_id = k.institution_id AND i.instruction_id = k.instruction_id
  JOIN escrow.instruction_line AS l
    ON l.institution_id = k.institution_id AND l.instruction_id = k.instruction_id
  WHERE l.institution_id = ANY (CAST(:ids AS text[]))
    AND i.institution_id = ANY (CAST(:ids AS text[]))
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
      WHEN is_open THEN its_state ELSE state END AS line_due,
    concat_ws('/', institution_id, instruction_id) AS key
  FROM line
)
SELECT DISTINCT f.rule, f.named, f.key, f.found, f.expected, f.other, x.other_key
FROM read AS r
CROSS JOIN LATERAL (VALUES
  ('state', 'instruction', r.key, r.its_state, r.due,
    CASE WHEN r.is_only THEN 'instruction_line' END),
  ('state', 'instruction_line', concat_ws('/', r.key, r.line_no), r.state, r.line_due,
    CASE WHEN r.is_open AND r.booked_entry_id IS NULL THEN 'instruction' END)
) AS f (rule, named, key, found, expected, other)
CROSS JOIN LATERAL (SELECT CASE f.other WHEN 'instruction' THEN r.key
  WHEN 'instruction_line' THEN concat_ws('/', r.key, r.line_no) END AS other_key) AS x
WHERE f.found <> f.expected
ORDER BY f.key LIMIT CAST(:most AS int)
