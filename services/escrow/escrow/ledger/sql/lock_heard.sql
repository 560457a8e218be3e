-- Let what the registry says of an institution_id wait for its registration, and the other way
-- round: it may have no row to be locked by yet. In one order for everybody.
-- Locks: an advisory lock for each until the end of the transaction, before any row; its own
-- where the registry is heard, a shared one where it is registered: those wait for the row.
-- Index: none. Rows: the institutions that a posting hears of or registers.
SELECT
  CASE WHEN k.is_heard THEN pg_advisory_xact_lock(k.number)
    ELSE pg_advisory_xact_lock_shared(k.number) END
FROM (
  SELECT hashtextextended(n.institution_id, 7316803) AS number, n.is_heard
  FROM unnest($1::text[], $2::boolean[]) AS n (institution_id, is_heard)
  ORDER BY n.institution_id
) AS k
