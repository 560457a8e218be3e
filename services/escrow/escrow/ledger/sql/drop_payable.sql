-- Take payables out of the queue of retained lessons.
-- Locks: rows of locked institutions (institution_id). Index: payable_pkey.
-- Rows: what one posting instructs or changes.
DELETE FROM escrow.payable AS p
USING unnest($1::text[], $2::bigint[]) AS v (institution_id, release_sequence)
WHERE p.institution_id = v.institution_id AND p.release_sequence = v.release_sequence
