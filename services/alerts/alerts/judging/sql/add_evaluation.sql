-- Write what judging found; what rests on the same facts and says the same was written before.
-- Locks: none; the caller holds the institutions' rows. Index: evaluation_once_idx.
-- Rows: the outcomes of the institution_ids of one judging that are no `no_hit`.
INSERT INTO alerts.evaluation
  (institution_id, evaluation_id, rule, rule_version, district_code, version, params_hash, mode,
   as_of, outcome, severity, scope, reason, inputs, fact_ids, newest_fact, sentence)
SELECT t.institution_id, t.evaluation_id, t.rule, t.rule_version, t.district_code, t.version,
  t.params_hash, t.mode, $16, t.outcome, nullif(t.severity, ''), t.scope, t.reason,
  t.inputs::jsonb, t.fact_ids::bigint[], t.newest_fact, t.sentence
FROM unnest($1::text[], $2::uuid[], $3::text[], $4::int[], $5::text[], $6::int[], $7::text[],
  $8::text[], $9::text[], $10::text[], $11::text[], $12::text[], $13::text[], $14::text[],
  $15::text[], $17::bigint[])
  AS t (institution_id, evaluation_id, rule, rule_version, district_code, version, params_hash,
    mode, outcome, severity, scope, reason, inputs, fact_ids, sentence, newest_fact)
ON CONFLICT DO NOTHING
RETURNING evaluation_id
