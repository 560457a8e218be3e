-- Compare what the feed told of each refund with it: first when it was asked for, then each
-- state with its time, last the state and amount it is in.
-- Locks: none. Index: event_pkey, refund_pkey.
-- Rows: the events since and the refunds to check, of one chunk of institution_ids.
WITH range AS (
  SELECT * FROM unnest(CAST(:ids AS text[]), CAST(:told AS bigint[]), CAST(:until AS bigint[]))
    AS r (institution_id, told, until)
), told AS (
  SELECT e.institution_id, e.time, j.*, concat_ws('/', e.institution_id, e.sequence) AS key,
    e.sequence = max(e.sequence) OVER o AS is_last,
    max(e.time) FILTER (WHERE j.state = 'contested') OVER o AS contested_at
  FROM range AS r
  CROSS JOIN LATERAL (
    SELECT * FROM escrow.event AS e
    WHERE e.institution_id = r.institution_id AND e.sequence > r.told AND e.sequence <= r.until
      AND e.type = 'refund.changed' OFFSET 0) AS e
  CROSS JOIN LATERAL jsonb_to_record(e.body::jsonb) AS j (
    refund_id text, state text, amount_fen text, contract_id text, cause text)
  WINDOW o AS (PARTITION BY e.institution_id, j.refund_id)
), refund AS (
  SELECT f.*, r.told = 0 AS is_due, concat_ws('/', f.institution_id, f.refund_id) AS key
  FROM range AS r
  JOIN unnest(CAST(:refund_owners AS text[]), CAST(:refunds AS uuid[]))
    AS k (institution_id, refund_id) ON k.institution_id = r.institution_id
  CROSS JOIN LATERAL (
    SELECT * FROM escrow.refund AS f WHERE f.institution_id = k.institution_id
      AND f.refund_id = k.refund_id OFFSET 0) AS f
)
SELECT f.rule, f.named, CASE WHEN f.rule <> 'missing' THEN r.key
    ELSE concat_ws('/', e.institution_id, e.refund_id) END AS key,
  coalesce(f.found, 'none') AS found, coalesce(f.expected, 'none') AS expected,
  'event' AS other, e.key AS other_key
FROM told AS e
FULL JOIN refund AS r
  ON r.institution_id = e.institution_id AND r.refund_id::text = e.refund_id
CROSS JOIN LATERAL (VALUES
  ('missing', 'refund', r.key IS NULL, 'none', 'there'),
  ('untold', 'refund', e.key IS NULL AND r.is_due, 'none', 'there'),
  ('told_amount_fen', 'refund', e.is_last, r.amount_fen::text, e.amount_fen),
  ('told_state', 'refund', e.is_last, r.state, e.state),
  ('told_requested_at', 'refund', e.state = 'requested', r.requested_at::text, e.time::text),
  ('told_contested_at', 'refund', e.is_last AND r.is_due, r.contested_at::text,
    e.contested_at::text),
  ('told_contract_id', 'refund', e.contract_id IS NOT NULL, r.contract_id, e.contract_id),
  ('told_cause', 'refund', e.cause IS NOT NULL, r.cause, e.cause)
) AS f (rule, named, applies, found, expected)
WHERE f.applies AND f.found IS DISTINCT FROM f.expected AND (f.rule = 'missing' OR r.key <> '')
ORDER BY 3 LIMIT CAST(:most AS int)
