-- Count how often a lesson's payout was tried: each line one more than the last that the bank
-- refused or returned, unless an account was filed anew in between.
-- Locks: none. Index: instruction_pkey, instruction_line_pkey,
-- custody_account_institution_id_idx.
-- Rows: the lines of the instructions to check, of one chunk of institution_ids; only lessons
-- released since, all of whose lines are among them.
WITH line AS (
  SELECT l.institution_id, l.instruction_id, l.line_no, l.tries, a.filed_at,
    lag(i.created_at) OVER o AS before_at,
    lag(l.tries + CASE WHEN l.state IN ('rejected', 'returned') THEN 1 ELSE 0 END) OVER o AS before
  FROM unnest(CAST(:ids AS text[]), CAST(:since AS bigint[])) AS r (institution_id, since)
  JOIN unnest(CAST(:instruction_owners AS text[]), CAST(:instructions AS uuid[]))
    AS k (institution_id, instruction_id) ON k.institution_id = r.institution_id
  CROSS JOIN LATERAL (
    SELECT * FROM escrow.instruction AS i WHERE i.institution_id = k.institution_id
      AND i.instruction_id = k.instruction_id OFFSET 0) AS i
  CROSS JOIN LATERAL (
    SELECT * FROM escrow.instruction_line AS l WHERE l.institution_id = k.institution_id
      AND l.instruction_id = k.instruction_id AND l.release_sequence > r.since OFFSET 0) AS l
  LEFT JOIN (
    SELECT institution_id, max(filed_at) AS filed_at FROM escrow.custody_account
    WHERE institution_id = ANY (CAST(:ids AS text[])) GROUP BY institution_id) AS a
    ON a.institution_id = r.institution_id
  WINDOW o AS (PARTITION BY l.institution_id, l.release_id
    ORDER BY i.created_at, l.state <> 'withdrawn', i.instruction_id)
)
SELECT 'tries' AS rule, 'instruction_line' AS named,
  concat_ws('/', institution_id, instruction_id, line_no) AS key, tries::text AS found,
  coalesce(before, 0)::text AS expected, NULL AS other, NULL AS other_key
FROM line
WHERE tries <> coalesce(before, 0) AND NOT (tries = 0 AND coalesce(filed_at >= before_at, false))
ORDER BY key LIMIT CAST(:most AS int)
