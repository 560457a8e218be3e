-- See that the end-to-end id under which the bank booked a line names that line: the
-- instruction's id with the line's number in its last three digits.
-- Locks: none. Index: movement_pkey, custody_account_institution_id_idx, bank_entry_pkey,
-- instruction_line_pkey. Rows: the bookings since, of one chunk of institution_ids.
WITH booked AS (
  SELECT m.institution_id, m.sequence, m.kind, m.instruction_id, m.entry_id, e.account_number,
    e.end_to_end_id, CASE WHEN e.end_to_end_id ~* '^[0-9a-f]{32}$'
      THEN ('x' || right(e.end_to_end_id, 3))::bit(12)::int ELSE 0 END AS line_no
  FROM unnest(CAST(:ids AS text[]), CAST(:since AS bigint[])) AS r (institution_id, since)
  CROSS JOIN LATERAL (
    SELECT * FROM escrow.movement AS m
    WHERE m.institution_id = r.institution_id AND m.sequence > r.since
      AND m.kind IN ('booked', 'came_back') OFFSET 0) AS m
  JOIN escrow.custody_account AS a ON a.institution_id = m.institution_id
  CROSS JOIN LATERAL (
    SELECT * FROM escrow.bank_entry AS e WHERE e.institution_id = m.institution_id
      AND e.account_number = a.account_number AND e.entry_id = m.entry_id
      AND e.movement_id = m.movement_id OFFSET 0) AS e
)
SELECT 'end_to_end_id' AS rule, 'bank_entry' AS named,
  concat_ws('/', b.institution_id, b.account_number, b.entry_id) AS key,
  coalesce(b.end_to_end_id, 'none') AS found,
  left(replace(b.instruction_id::text, '-', ''), 29) || ' and the line booked' AS expected,
  CASE WHEN l.line_no IS NOT NULL THEN 'instruction_line' END AS other,
  concat_ws('/', l.institution_id, l.instruction_id, l.line_no) AS other_key
FROM booked AS b
LEFT JOIN LATERAL (
  SELECT * FROM escrow.instruction_line AS l WHERE l.institution_id = b.institution_id
    AND l.instruction_id = b.instruction_id AND l.line_no = b.line_no OFFSET 0) AS l ON true
WHERE lower(left(b.end_to_end_id, 29)) IS DISTINCT FROM
    left(replace(b.instruction_id::text, '-', ''), 29)
  OR b.entry_id IS DISTINCT FROM
    CASE b.kind WHEN 'booked' THEN l.booked_entry_id ELSE l.returned_entry_id END
ORDER BY b.institution_id, b.sequence
LIMIT CAST(:most AS int)
