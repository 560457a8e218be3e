-- Read the retained payables of single releases, wherever they stand in the queue.
-- Locks: none, the institution_id is locked. Index: payable_pkey.
-- Rows: at most one per release to be put back.
SELECT
  p.institution_id, p.release_sequence, p.contract_id, p.lesson_no, p.release_id, p.amount_fen,
  p.tries, p.remittance
FROM unnest($1::text[], $2::bigint[]) AS k (institution_id, release_sequence)
CROSS JOIN LATERAL (
  SELECT * FROM escrow.payable AS q
  WHERE q.institution_id = k.institution_id
    AND q.release_sequence = k.release_sequence
  OFFSET 0
) AS p
