-- Compare what the feed told last of each refund with it.
-- Locks: none. Index: event_pkey, refund_pkey.
-- Rows: the events since and the refunds to check, of one chunk of institution_ids.
WITH range AS (
  SELECT * FROM unnest(CAST(:ids AS text[]), CAST(:told AS bigint[]), CAST(:until AS bigint[]))
    AS r (institution_id, told, until)
), read AS (
  SELECT e.institution_id, e.sequence, e.body::jsonb AS body,
    e.body::jsonb ->> 'refund_id' AS refund_id,
    concat_ws('/', e.institution_id, e.sequence) AS key
  FROM range AS r
  JOIN escrow.event AS e ON e.institution_id = r.institution_id
    AND e.sequence > r.told AND e.sequence <= r.until AND e.type = 'refund.changed'
  WHERE e.institution_id = ANY (CAST(:ids AS text[]))
), told AS (
  SELECT institution_id, refund_id, key, body, sequence = max(sequence) OVER o AS is_last
  FROM read WINDOW o AS (PARTITION BY institution_id, refund_id)
), refund AS (
  SELECT f.*, r.told = 0 AS is_due, concat_ws('/', f.institution_id, f.refund_id) AS key
  FROM range AS r
  JOIN unnest(CAST(:refund_owners AS text[]), CAST(:refunds AS uuid[]))
    AS k (institution_id, refund_id) ON k.institution_id = r.institution_id
  JOIN escrow.refund AS f ON f.institution_id = k.institution_id AND f.refund_id = k.refund_id
  WHERE f.institution_id = ANY (CAST(:ids AS text[]))
)
SELECT f.rule, f.named, CASE f.named WHEN 'event' THEN e.key ELSE r.key END AS key, f.found,
  f.expected, f.other, e.key AS other_key
FROM told AS e
FULL JOIN refund AS r
  ON r.institution_id = e.institution_id AND r.refund_id::text = e.refund_id
CROSS JOIN LATERAL (VALUES
  ('refund', 'event', r.key IS NULL, 'none', 'there', NULL),
  ('untold', 'refund', e.key IS NULL AND r.is_due, 'none', 'there', NULL),
  ('told_amount_fen', 'refund', e.is_last, r.amount_fen::text, e.body ->> 'amount_fen', 'event'),
  ('told_state', 'refund', e.is_last, r.state, e.body ->> 'state', 'event'),
  ('told_contract_id', 'refund', true, r.contract_id, e.body ->> 'contract_id', 'event'),
  ('told_cause', 'refund', true, r.cause, e.body ->> 'cause', 'event')
) AS f (rule, named, applies, found, expected, other)
WHERE f.applies AND f.found <> f.expected
ORDER BY 3 LIMIT CAST(:most AS int)
