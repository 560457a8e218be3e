-- Read the lines of the instructions that were read.
-- Locks: none, the institution_id is locked. Index: instruction_line_pkey.
-- Rows: up to 1,000 per instruction.
SELECT
  l.institution_id, l.instruction_id, l.line_no, l.amount_fen, l.remittance, l.state,
  l.contract_id, l.lesson_no, l.release_sequence, l.release_id, l.tries, l.booked_entry_id,
  l.returned_entry_id, l.reason
FROM unnest($1::text[], $2::uuid[]) AS k (institution_id, instruction_id)
CROSS JOIN LATERAL (
  SELECT * FROM escrow.instruction_line AS q
  WHERE q.institution_id = k.institution_id
    AND q.instruction_id = k.instruction_id
  OFFSET 0
) AS l
ORDER BY l.institution_id, l.instruction_id, l.line_no
