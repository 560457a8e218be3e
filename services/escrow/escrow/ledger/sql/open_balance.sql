-- Make the rows that institutions about to be registered are locked by.
-- Locks: a concurrent registration of the same institution_id waits here.
-- Index: balance_pkey. Rows: new institutions of one posting.
INSERT INTO escrow.balance (institution_id)
SELECT n.institution_id
FROM unnest($1::text[]) AS n (institution_id)
ORDER BY n.institution_id
ON CONFLICT DO NOTHING
