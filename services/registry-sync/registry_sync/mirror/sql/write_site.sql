-- Put what a source says now of its sites, and that it names them.
-- Locks: the rows written. Index: site_pkey (institution_id first). Rows: those of a chunk.
INSERT INTO registry.site AS s (
  institution_id, source, licence_no, digest, said, valid_from, statement_no, evidence,
  first_seen_at)
SELECT
  v.institution_id, $2::text, v.licence_no, v.digest,
  ARRAY(SELECT jsonb_array_elements_text(v.said::jsonb)), v.valid_from, v.statement_no,
  $3::text, $4::timestamptz
FROM unnest($1::text[], $5::text[], $6::bytea[], $7::text[], $8::date[], $9::bigint[])
  AS v (institution_id, licence_no, digest, said, valid_from, statement_no)
ON CONFLICT (institution_id, source, licence_no) DO UPDATE SET
  digest = excluded.digest, said = excluded.said, valid_from = excluded.valid_from,
  statement_no = excluded.statement_no, evidence = excluded.evidence, missing_since = NULL,
  missing_fulls = 0
