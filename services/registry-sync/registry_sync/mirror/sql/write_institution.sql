-- Put how institutions are believed to stand, and where their events have come to.
-- Terms come joined by chr(31), see `mirror/chunk.py`.
-- `valid_until` is the first day that ends a site in good standing: what lapses is found by it.
-- Locks: the rows written. Index: institution_pkey (institution_id). Rows: those of a chunk.
INSERT INTO registry.institution AS i (
  institution_id, name, district_code, status, valid_until, terms, body, missing_told,
  changed_at, sequence, order_xid)
SELECT
  v.institution_id, v.name, v.district_code, v.status, v.valid_until,
  string_to_array(v.terms, chr(31)), v.body, false, $1::timestamptz, v.sequence,
  pg_current_xact_id()
FROM unnest(
  $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
  $9::bigint[]
) AS v (
  institution_id, name, district_code, status, valid_until, terms, body, sequence)
ON CONFLICT (institution_id) DO UPDATE SET
  name = excluded.name, district_code = excluded.district_code, status = excluded.status,
  valid_until = excluded.valid_until, terms = excluded.terms, body = excluded.body,
  missing_told = excluded.missing_told, changed_at = excluded.changed_at,
  sequence = excluded.sequence, order_xid = greatest(excluded.order_xid, i.order_xid)
