-- Recompute what running contracts were funded with: what was verified before, and for each
-- contract that moved since, what it counts now less what it counted then.
-- Locks: none. Index: movement_pkey, event_pkey, tuition_pkey, verified_balance_pkey.
-- Rows: the movements and events since and the contracts to check, of one chunk of
-- institution_ids.
WITH range AS (
  SELECT * FROM unnest(CAST(:ids AS text[]), CAST(:since AS bigint[]), CAST(:told AS bigint[]))
    AS r (institution_id, since, told)
), moved AS (
  SELECT m.institution_id, m.contract_id,
    coalesce(sum(m.amount_fen) FILTER (WHERE m.kind = 'allocation'), 0) AS funded_fen,
    count(*) FILTER (WHERE m.kind = 'release')
      - count(DISTINCT m.reverses) FILTER (WHERE m.lesson_no IS NOT NULL) AS lessons
  FROM range AS r
  CROSS JOIN LATERAL (
    SELECT * FROM escrow.movement AS m
    WHERE m.institution_id = r.institution_id AND m.sequence > r.since
      AND m.kind IN ('allocation', 'release', 'reversal') AND m.contract_id IS NOT NULL
    OFFSET 0) AS m
  GROUP BY m.institution_id, m.contract_id
), closed AS (
  SELECT DISTINCT e.institution_id,
    split_part(split_part(e.body, '"contract_id":"', 2), '"', 1) COLLATE "C" AS contract_id
  FROM range AS r
  CROSS JOIN LATERAL (
    SELECT * FROM escrow.event AS e
    WHERE e.institution_id = r.institution_id AND e.sequence > r.told
      AND e.type = 'contract.closed' AND e.body LIKE '%"state":"closed"%' OFFSET 0) AS e
), counted AS (
  SELECT t.institution_id,
    sum(t.funded_fen) FILTER (WHERE t.state IN ('open', 'refunding')) AS now_fen,
    sum(CASE WHEN t.state = 'closed' AND c.contract_id IS NULL
      OR t.lessons_released - coalesce(m.lessons, 0) >= t.lessons THEN 0
      ELSE t.funded_fen - coalesce(m.funded_fen, 0) END) AS then_fen
  FROM unnest(CAST(:contract_owners AS text[]), CAST(:contracts AS text[]))
    AS k (institution_id, contract_id)
  CROSS JOIN LATERAL (
    SELECT * FROM escrow.tuition AS t
    WHERE t.institution_id = k.institution_id AND t.contract_id = k.contract_id OFFSET 0) AS t
  LEFT JOIN moved AS m ON (m.institution_id, m.contract_id) = (k.institution_id, k.contract_id)
  LEFT JOIN closed AS c ON (c.institution_id, c.contract_id) = (k.institution_id, k.contract_id)
  GROUP BY t.institution_id
), compared AS (
  SELECT b.institution_id, b.funded_running_fen AS kept_fen, coalesce(c.now_fen, 0)
    + CASE WHEN r.since > 0 THEN v.funded_running_fen - coalesce(c.then_fen, 0) ELSE 0 END
    AS expected_fen
  FROM range AS r
  JOIN escrow.balance AS b ON b.institution_id = r.institution_id
  LEFT JOIN escrow.verified_balance AS v ON v.institution_id = r.institution_id
  LEFT JOIN counted AS c ON c.institution_id = r.institution_id
)
SELECT 'funded_running_fen' AS rule, 'balance' AS named, institution_id AS key,
  kept_fen::text AS found, expected_fen::text AS expected, NULL AS other, NULL AS other_key
FROM compared WHERE kept_fen <> expected_fen ORDER BY institution_id LIMIT CAST(:most AS int)
