-- Write what became of the lines of changed instructions.
-- Locks: rows of locked institutions (institution_id). Index: instruction_line_pkey.
-- Rows: the lines of the instructions of one posting.
UPDATE escrow.instruction_line AS l
SET state = v.state, booked_entry_id = v.booked_entry_id,
  returned_entry_id = v.returned_entry_id, reason = v.reason
FROM unnest(
  $1::text[], $2::uuid[], $3::smallint[], $4::text[], $5::text[], $6::text[], $7::text[]
) AS v (
  institution_id, instruction_id, line_no, state, booked_entry_id, returned_entry_id, reason
)
WHERE l.institution_id = v.institution_id AND l.instruction_id = v.instruction_id
  AND l.line_no = v.line_no
