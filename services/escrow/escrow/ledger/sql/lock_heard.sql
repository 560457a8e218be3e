-- Let what the registry says of an institution_id wait for its registration, and the other way
-- round: it may have no row to be locked by yet. In one order for everybody.
-- Locks: an advisory lock for each until the end of the transaction, before any row.
-- Index: none. Rows: the institutions that a posting hears of or registers.
SELECT pg_advisory_xact_lock(hashtextextended(k.institution_id, 7316803))
FROM (SELECT n.institution_id FROM unnest($1::text[]) AS n (institution_id) ORDER BY 1) AS k
