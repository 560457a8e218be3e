-- Serialise the institutions of a posting, in one order for everybody.
-- Locks: their balance rows (no key update), until the end of the transaction.
-- Index: balance_pkey. Rows: the institution_ids of one posting, at most 1,000.
-- Nothing is read here: a wait for a lock does not refresh the statement's snapshot.
SELECT b.institution_id
FROM escrow.balance AS b
WHERE b.institution_id = ANY ($1::text[])
ORDER BY b.institution_id
FOR NO KEY UPDATE
