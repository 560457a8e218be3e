-- Put facts into the evidence of cases.
-- Locks: none beyond the rows'. Index: case_evidence_pkey (institution_id first).
-- Rows: those of a batch.
INSERT INTO alerts.case_evidence (
  institution_id, case_id, kind, fact_id, evaluation_id, added_at)
SELECT u.institution_id, u.case_id, 'fact', u.fact_id, u.evaluation_id, $5::timestamptz
FROM unnest($1::text[], $2::uuid[], $3::bigint[], $4::uuid[])
  AS u (institution_id, case_id, fact_id, evaluation_id)
ON CONFLICT DO NOTHING
