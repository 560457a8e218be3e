-- Hold each retained payable against the release it names and the last payout it came back
-- from; the tries are forgotten when an account is filed anew.
-- Locks: none. Index: payable_pkey, lesson_pkey, movement_pkey, instruction_line_pkey.
-- Rows: what is retained and the reversals since, of one chunk of institution_ids.
WITH range AS (
  SELECT * FROM unnest(CAST(:ids AS text[]), CAST(:since AS bigint[])) AS r (institution_id, since)
), back AS (
  SELECT DISTINCT ON (m.institution_id, l.release_id) m.institution_id, l.release_id,
    m.posted_at, l.tries + CASE WHEN l.state = 'withdrawn' THEN 0 ELSE 1 END AS tries
  FROM range AS r
  CROSS JOIN LATERAL (
    SELECT * FROM escrow.movement AS m
    WHERE m.institution_id = r.institution_id AND m.sequence > r.since
      AND m.kind = 'reversal' AND m.credit = 'institution_payable' OFFSET 0) AS m
  CROSS JOIN LATERAL (
    SELECT * FROM escrow.instruction_line AS l
    WHERE l.institution_id = m.institution_id AND l.instruction_id = m.instruction_id
      AND l.state IN ('withdrawn', 'rejected', 'returned') OFFSET 0) AS l
  ORDER BY m.institution_id, l.release_id, m.sequence DESC
), filed AS (
  SELECT a.institution_id, max(a.filed_at) AS filed_at
  FROM escrow.custody_account AS a
  WHERE a.institution_id = ANY (CAST(:ids AS text[])) GROUP BY a.institution_id
), read AS (
  SELECT p.*, l.attempt, l.movement_id, l.amount_fen AS fee_fen,
    p.contract_id || ' ' || p.lesson_no || '/' || t.lessons AS told,
    CASE WHEN b.tries IS NULL AND p.release_sequence <= r.since
      OR p.tries = 0 AND f.filed_at >= b.posted_at THEN p.tries
      ELSE coalesce(b.tries, 0) END AS tries_before,
    concat_ws('/', l.institution_id, l.contract_id, l.lesson_no, l.attempt) AS lesson_key
  FROM range AS r
  CROSS JOIN LATERAL (
    SELECT * FROM escrow.payable AS p WHERE p.institution_id = r.institution_id OFFSET 0) AS p
  LEFT JOIN LATERAL (
    SELECT * FROM escrow.lesson AS l
    WHERE l.institution_id = p.institution_id AND l.contract_id = p.contract_id
      AND l.lesson_no = p.lesson_no AND l.release_sequence = p.release_sequence OFFSET 0
  ) AS l ON true
  LEFT JOIN LATERAL (
    SELECT * FROM escrow.tuition AS t WHERE t.institution_id = p.institution_id
      AND t.contract_id = p.contract_id OFFSET 0) AS t ON true
  LEFT JOIN back AS b ON b.institution_id = p.institution_id AND b.release_id = p.release_id
  LEFT JOIN filed AS f ON f.institution_id = p.institution_id
)
SELECT f.rule, 'payable' AS named, concat_ws('/', r.institution_id, r.release_sequence) AS key,
  f.found, f.expected, f.other, f.other_key
FROM read AS r
CROSS JOIN LATERAL (VALUES
  ('lesson', CASE WHEN r.attempt IS NULL THEN 'none' ELSE 'there' END, 'there', NULL, NULL),
  ('release_id', r.release_id::text, coalesce(r.movement_id, r.release_id)::text, 'lesson',
    r.lesson_key),
  ('amount_fen', r.amount_fen::text, least(r.amount_fen, r.fee_fen)::text, NULL, NULL),
  ('remittance', r.remittance, coalesce(r.told, r.remittance), NULL, NULL),
  ('tries', r.tries::text, r.tries_before::text, NULL, NULL)
) AS f (rule, found, expected, other, other_key)
WHERE f.found IS DISTINCT FROM f.expected
ORDER BY r.institution_id, r.release_sequence LIMIT CAST(:most AS int)
