-- Compare the end-to-end id under which the bank booked a line with the line that was booked:
-- the instruction's id with the line's number in its last three digits.
-- Locks: none. Index: movement_pkey, instruction_line_pkey, bank_entry_pkey.
-- Rows: the bookings since, of one chunk of institution_ids.
SELECT 'end_to_end_id' AS rule, 'bank_entry' AS named,
  concat_ws('/', e.institution_id, e.account_number, e.entry_id) AS key,
  coalesce(e.end_to_end_id, 'none') AS found, x.expected, 'instruction_line' AS other,
  concat_ws('/', l.institution_id, l.instruction_id, l.line_no) AS other_key
FROM unnest(CAST(:ids AS text[]), CAST(:since AS bigint[])) AS r (institution_id, since)
JOIN escrow.movement AS m ON m.institution_id = r.institution_id AND m.sequence > r.since
  AND m.kind IN ('booked', 'came_back')
JOIN escrow.instruction_line AS l ON l.institution_id = m.institution_id
  AND l.instruction_id = m.instruction_id AND m.entry_id = CASE m.kind
    WHEN 'booked' THEN l.booked_entry_id ELSE l.returned_entry_id END
JOIN escrow.custody_account AS a ON a.institution_id = m.institution_id
JOIN escrow.bank_entry AS e ON e.institution_id = m.institution_id
  AND e.account_number = a.account_number AND e.entry_id = m.entry_id
  AND e.movement_id = m.movement_id
CROSS JOIN LATERAL (
  SELECT left(replace(l.instruction_id::text, '-', ''), 29) || lpad(to_hex(l.line_no::int), 3, '0')
    AS expected) AS x
WHERE m.institution_id = ANY (CAST(:ids AS text[]))
  AND l.institution_id = ANY (CAST(:ids AS text[]))
  AND a.institution_id = ANY (CAST(:ids AS text[]))
  AND e.institution_id = ANY (CAST(:ids AS text[]))
  AND lower(e.end_to_end_id) IS DISTINCT FROM x.expected
ORDER BY e.institution_id, m.sequence
LIMIT CAST(:most AS int)
