-- Serialise the institutions of a page or a judging, in one order for everybody.
-- Locks: their rows (no key update), until the end of the transaction.
-- Index: institution_pkey. Rows: the institution_ids of one page.
-- Nothing is read here: a wait for a lock does not refresh the statement's snapshot.
SELECT i.institution_id
FROM alerts.institution AS i
WHERE i.institution_id = ANY ($1::text[])
ORDER BY i.institution_id
FOR NO KEY UPDATE
