-- Write cases as they stand after a step; one that moved on meanwhile stays, and is not returned.
-- Locks: the rows written. Index: case_pkey (institution_id first), one_open_case.
-- Rows: those of a batch.
INSERT INTO alerts."case" AS c (
  institution_id, case_id, rule, scope, district_code, severity, state, class, version, opened_at,
  changed_at, closed_at, milestone, due_at, owner, sentence, amount_fen, newest_fact, last_hash,
  opened_severity, body)
SELECT *
FROM unnest(
  $1::text[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
  $9::integer[], $10::timestamptz[], $11::timestamptz[], $12::timestamptz[], $13::text[],
  $14::timestamptz[], $15::text[], $16::text[], $17::bigint[], $18::bigint[], $19::text[],
  $20::text[], $21::jsonb[])
ON CONFLICT (institution_id, case_id) DO UPDATE SET
  severity = excluded.severity, state = excluded.state, class = excluded.class,
  version = excluded.version, changed_at = excluded.changed_at, closed_at = excluded.closed_at,
  milestone = excluded.milestone, due_at = excluded.due_at, owner = excluded.owner,
  sentence = excluded.sentence, amount_fen = excluded.amount_fen,
  newest_fact = excluded.newest_fact, last_hash = excluded.last_hash, body = excluded.body
WHERE c.version = excluded.version - 1
RETURNING c.case_id
