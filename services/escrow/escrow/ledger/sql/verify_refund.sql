-- Hold each refund against its movement and instructions: what was agreed is sent or waits.
-- Locks: none. Index: refund_pkey, movement_pkey, instruction_refund_id_idx,
-- instruction_line_pkey. Rows: the refunds to check, of one chunk of institution_ids.
WITH range AS (
  SELECT * FROM unnest(CAST(:ids AS text[]), CAST(:since AS bigint[])) AS r (institution_id, since)
), moved AS (
  SELECT m.institution_id, m.refund_id, m.amount_fen, m.contract_id, m.posted_at,
    concat_ws('/', m.institution_id, m.sequence) AS key
  FROM range AS r
  CROSS JOIN LATERAL (
    SELECT * FROM escrow.movement AS m
    WHERE m.institution_id = r.institution_id AND m.sequence > r.since
      AND m.kind = 'refund' AND m.instruction_id IS NULL OFFSET 0) AS m
), refund AS (
  SELECT f.*, r.since, concat_ws('/', f.institution_id, f.refund_id) AS key, s.*
  FROM range AS r
  JOIN unnest(CAST(:refund_owners AS text[]), CAST(:refunds AS uuid[]))
    AS k (institution_id, refund_id) ON k.institution_id = r.institution_id
  CROSS JOIN LATERAL (
    SELECT * FROM escrow.refund AS f WHERE f.institution_id = k.institution_id
      AND f.refund_id = k.refund_id OFFSET 0) AS f
  CROSS JOIN LATERAL (
    SELECT coalesce(sum(l.amount_fen) FILTER (
        WHERE l.state NOT IN ('rejected', 'returned', 'withdrawn')), 0) AS sent_fen,
      coalesce(bool_or(l.state IN ('planned', 'claimed', 'sent', 'unknown', 'accepted')), false)
        AS is_unfinished
    FROM escrow.instruction AS i
    CROSS JOIN LATERAL (
      SELECT * FROM escrow.instruction_line AS l WHERE l.institution_id = i.institution_id
        AND l.instruction_id = i.instruction_id OFFSET 0) AS l
    WHERE i.institution_id = f.institution_id AND i.refund_id = f.refund_id) AS s
), pair AS (
  SELECT m.key AS moved_key, m.amount_fen AS moved_fen, m.contract_id AS moved_contract_id,
    m.posted_at, concat_ws('/', m.institution_id, m.refund_id) AS its_key, r.*
  FROM moved AS m
  FULL JOIN refund AS r ON r.institution_id = m.institution_id AND r.refund_id = m.refund_id
)
SELECT f.rule, f.named, CASE f.rule WHEN 'missing' THEN p.its_key ELSE p.key END AS key,
  coalesce(f.found, 'none') AS found, coalesce(f.expected, 'none') AS expected, f.other,
  p.moved_key AS other_key
FROM pair AS p
CROSS JOIN LATERAL (VALUES
  ('missing', 'refund', p.key IS NULL, 'none', 'there', 'movement'),
  ('movement', 'refund', p.agreed_at IS NOT NULL AND p.amount_fen > 0 AND p.moved_key IS NULL
    AND p.since = 0, 'none', 'there', NULL),
  ('amount_fen', 'refund', p.moved_key IS NOT NULL, p.amount_fen::text, p.moved_fen::text,
    'movement'),
  ('contract_id', 'refund', p.moved_key IS NOT NULL, p.contract_id, p.moved_contract_id,
    'movement'),
  ('agreed_at', 'refund', p.moved_key IS NOT NULL, p.agreed_at::text, p.posted_at::text,
    'movement'),
  ('waiting_fen', 'refund', true, p.waiting_fen::text,
    CASE WHEN p.agreed_at IS NULL THEN 0 ELSE p.amount_fen - p.sent_fen END::text, NULL),
  ('state', 'refund', true, p.state, CASE WHEN p.agreed_at IS NULL AND p.contested_at IS NULL
    THEN 'requested' WHEN p.agreed_at IS NULL THEN 'contested'
    WHEN p.amount_fen > p.sent_fen THEN 'payer_unknown'
    WHEN p.is_unfinished THEN 'instructed' ELSE 'paid' END, NULL)
) AS f (rule, named, applies, found, expected, other)
WHERE f.applies AND f.found IS DISTINCT FROM f.expected AND (f.rule = 'missing' OR p.key <> '')
ORDER BY p.key LIMIT CAST(:most AS int)
