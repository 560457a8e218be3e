-- Append what a source says now of its sites, put it as the last of each, and that it names them.
-- What is said comes joined by chr(31), chr(30) where nothing is: see `mirror/chunk.py`.
-- Locks: the rows written. Index: statement_pkey, site_pkey (institution_id first).
-- Rows: those of a chunk.
WITH v AS MATERIALIZED (
  SELECT
    u.institution_id, u.licence_no, u.digest, string_to_array(u.said, chr(31), chr(30)) AS said,
    u.valid_from, u.statement_no, u.place
  FROM unnest(
    $5::text[], $6::text[], $7::bytea[], $8::text[], $9::date[], $10::bigint[], $11::text[]
  ) AS u (institution_id, licence_no, digest, said, valid_from, statement_no, place)
),
appended AS (
  INSERT INTO registry.statement (
    institution_id, source, licence_no, statement_no, said, valid_from, recorded_at, fetch_id,
    place)
  SELECT
    v.institution_id, $1::text, v.licence_no, v.statement_no, v.said, v.valid_from,
    $3::timestamptz, $4::uuid, v.place
  FROM v
)
INSERT INTO registry.site AS s (
  institution_id, source, licence_no, digest, said, valid_from, statement_no, evidence,
  first_seen_at)
SELECT
  v.institution_id, $1::text, v.licence_no, v.digest, v.said, v.valid_from, v.statement_no,
  $2::text, $3::timestamptz
FROM v
ON CONFLICT (institution_id, source, licence_no) DO UPDATE SET
  digest = excluded.digest, said = excluded.said, valid_from = excluded.valid_from,
  statement_no = excluded.statement_no, evidence = excluded.evidence, missing_since = NULL,
  missing_fulls = 0
