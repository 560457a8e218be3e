-- Compare what the feed told of each instruction with it: first planned with its amount and
-- lines, last in its state.
-- Locks: none. Index: event_pkey, instruction_pkey, instruction_line_pkey.
-- Rows: the events since and the instructions to check, of one chunk of institution_ids.
WITH range AS (
  SELECT * FROM unnest(CAST(:ids AS text[]), CAST(:told AS bigint[]), CAST(:until AS bigint[]))
    AS r (institution_id, told, until)
), told AS (
  SELECT e.institution_id, j.*, concat_ws('/', e.institution_id, e.sequence) AS key,
    lead(e.sequence) OVER (PARTITION BY e.institution_id, j.instruction_id ORDER BY e.sequence)
      IS NULL AS is_last
  FROM range AS r
  CROSS JOIN LATERAL (
    SELECT * FROM escrow.event AS e
    WHERE e.institution_id = r.institution_id AND e.sequence > r.told AND e.sequence <= r.until
      AND e.type IN ('payout.planned', 'instruction.changed') OFFSET 0) AS e
  CROSS JOIN LATERAL jsonb_to_record(e.body::jsonb) AS j (
    instruction_id text, kind text, state text, amount_fen text, lines text)
), instruction AS (
  SELECT i.institution_id, i.instruction_id, i.kind, i.amount_fen::text AS amount_fen, i.state,
    r.told = 0 AS is_due, s.lines, concat_ws('/', i.institution_id, i.instruction_id) AS key
  FROM range AS r
  JOIN unnest(CAST(:instruction_owners AS text[]), CAST(:instructions AS uuid[]))
    AS k (institution_id, instruction_id) ON k.institution_id = r.institution_id
  CROSS JOIN LATERAL (
    SELECT * FROM escrow.instruction AS i WHERE i.institution_id = k.institution_id
      AND i.instruction_id = k.instruction_id OFFSET 0) AS i
  CROSS JOIN LATERAL (
    SELECT count(*)::text AS lines FROM escrow.instruction_line AS l
    WHERE l.institution_id = i.institution_id AND l.instruction_id = i.instruction_id) AS s
)
SELECT f.rule, f.named, f.key, f.found, f.expected, f.other, e.key AS other_key
FROM told AS e
FULL JOIN instruction AS i
  ON i.institution_id = e.institution_id AND i.instruction_id::text = e.instruction_id
CROSS JOIN LATERAL (VALUES
  ('missing', 'instruction', i.key IS NULL, concat_ws('/', e.institution_id, e.instruction_id),
    'none', 'there', 'event'),
  ('untold', 'instruction', e.key IS NULL AND i.is_due, i.key, 'none', 'there', NULL),
  ('told_amount_fen', 'instruction', true, i.key, i.amount_fen, e.amount_fen, 'event'),
  ('told_kind', 'instruction', true, i.key, i.kind, e.kind, 'event'),
  ('told_state', 'instruction', e.is_last, i.key, i.state, e.state, 'event'),
  ('missing', 'instruction_line', e.lines <> i.lines, (
    SELECT concat_ws('/', i.institution_id, i.instruction_id, min(n.n))
    FROM generate_series(1, CAST(e.lines AS int)) AS n
    WHERE NOT EXISTS (
      SELECT FROM escrow.instruction_line AS l WHERE l.institution_id = i.institution_id
        AND l.instruction_id = i.instruction_id AND l.line_no = n.n OFFSET 0)
    HAVING count(*) > 0), 'none', 'there', 'event'),
  ('told_lines', 'instruction', true, i.key, i.lines, e.lines, 'event')
) AS f (rule, named, applies, key, found, expected, other)
WHERE f.applies AND f.found <> f.expected AND (e.key IS NULL OR i.key IS NULL
  OR i.amount_fen <> e.amount_fen OR i.kind <> e.kind OR i.state <> e.state OR i.lines <> e.lines)
ORDER BY f.key LIMIT CAST(:most AS int)
