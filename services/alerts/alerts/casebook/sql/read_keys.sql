-- Find for each (institution, rule, scope) its open case, which of the facts named it has in
-- evidence, and what the key's cases, closed ones included, rest on.
-- Facts come as one array's text per key, so that keys and facts are never compared all with all.
-- Locks: none; the caller holds the institutions. Index: one_open_case, case_key_idx,
-- case_evidence_pkey (institution_id first). Rows: one per key.
SELECT
  c.institution_id, c.case_id, c.rule, c.scope, c.district_code, c.severity, c.state, c.class,
  c.version, c.opened_at, c.changed_at, c.closed_at, c.milestone, c.due_at, c.owner, c.sentence,
  c.amount_fen, c.newest_fact, c.last_hash, c.opened_severity, c.body, e.known, p.past,
  p.rests_on
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[])
  WITH ORDINALITY AS k (institution_id, rule, scope, facts, place)
LEFT JOIN alerts."case" AS c
  ON c.institution_id = k.institution_id AND c.rule = k.rule AND c.scope = k.scope
  AND c.state NOT IN ('closed', 'recheck', 'archived')
CROSS JOIN LATERAL (
  SELECT count(*) AS past, max(q.newest_fact) AS rests_on
  FROM alerts."case" AS q
  WHERE q.institution_id = k.institution_id AND q.rule = k.rule AND q.scope = k.scope
) AS p
CROSS JOIN LATERAL (
  SELECT array_agg(v.fact_id) AS known
  FROM unnest(k.facts::bigint[]) AS f (fact_id)
  JOIN alerts.case_evidence AS v
    ON v.institution_id = k.institution_id AND v.case_id = c.case_id
    AND v.kind = 'fact' AND v.fact_id = f.fact_id
) AS e
ORDER BY k.place
