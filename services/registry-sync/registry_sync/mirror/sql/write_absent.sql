-- Note that the absence of institutions was told, and where their events have come to.
-- Locks: the rows written. Index: institution_pkey (institution_id). Rows: few.
UPDATE registry.institution AS i
SET
  missing_told = true, sequence = i.sequence + 1,
  order_xid = greatest(pg_current_xact_id(), i.order_xid)
WHERE i.institution_id = ANY ($1::text[])
