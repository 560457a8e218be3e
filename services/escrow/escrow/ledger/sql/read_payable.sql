-- Read retained lessons, oldest first, up to a bound per institution_id.
-- Locks: none, the institution is locked. Index: payable_pkey.
-- Rows: at most $2 per institution.
SELECT
  p.institution_id, p.release_sequence, p.contract_id, p.lesson_no, p.release_id, p.amount_fen,
  p.tries, p.remittance
FROM unnest($1::text[]) AS k (institution_id)
CROSS JOIN LATERAL (
  SELECT * FROM escrow.payable AS q
  WHERE q.institution_id = k.institution_id
  ORDER BY q.release_sequence
  LIMIT $2::int
) AS p
