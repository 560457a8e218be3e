-- Find one case with what else its key has open; the caller holds its institution.
-- Locks: none. Index: case_pkey (institution_id first), one_open_case. Rows: one.
SELECT
  c.institution_id, c.case_id, c.rule, c.scope, c.district_code, c.severity, c.state, c.class,
  c.version, c.opened_at, c.changed_at, c.closed_at, c.milestone, c.due_at, c.owner, c.sentence,
  c.amount_fen, c.newest_fact, c.last_hash, c.opened_severity, c.body,
  EXISTS (
    SELECT 1 FROM alerts."case" AS q
    WHERE q.institution_id = c.institution_id AND q.rule = c.rule AND q.scope = c.scope
      AND q.case_id <> c.case_id AND q.state NOT IN ('closed', 'recheck', 'archived')
  ) AS has_successor
FROM alerts."case" AS c
WHERE c.institution_id = $1::text AND c.case_id = $2::uuid
