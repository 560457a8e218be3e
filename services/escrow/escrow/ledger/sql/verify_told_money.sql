-- Compare the receipts and debits that the feed told of with the journal: the n-th time an entry
-- was told for a contract, or a debit told, is its n-th movement.
-- Locks: none. Index: event_pkey, movement_pkey.
-- Rows: the events and the movements since, of one chunk of institution_ids.
WITH range AS (
  SELECT * FROM unnest(CAST(:ids AS text[]), CAST(:since AS bigint[]), CAST(:told AS bigint[]),
    CAST(:until AS bigint[])) AS r (institution_id, since, told, until)
), read AS (
  SELECT e.institution_id, e.sequence, e.type, e.body::jsonb AS body
  FROM range AS r
  CROSS JOIN LATERAL (
    SELECT * FROM escrow.event AS e
    WHERE e.institution_id = r.institution_id AND e.sequence > r.told AND e.sequence <= r.until
      AND e.type IN ('receipt.matched', 'debit.booked', 'debit.unbacked') OFFSET 0) AS e
), told AS (
  SELECT institution_id, concat_ws('/', institution_id, sequence) AS key, kind, entry_id,
    contract_id, row_number() OVER (
      PARTITION BY institution_id, kind, entry_id, contract_id ORDER BY sequence) AS nth,
    ROW(body ->> 'amount_fen', CASE WHEN kind = 'booked' THEN body ->> 'instruction_id' END,
      CASE WHEN kind <> 'allocation' THEN CAST(body ->> 'booked_at' AS timestamptz) END)::text
      AS told
  FROM read
  CROSS JOIN LATERAL (VALUES (
    CASE type WHEN 'receipt.matched' THEN 'allocation' WHEN 'debit.booked' THEN 'booked'
      ELSE 'unbacked' END, body ->> 'entry_id',
    CASE WHEN type = 'receipt.matched' THEN body ->> 'contract_id' ELSE '' END
  )) AS x (kind, entry_id, contract_id)
), moved AS (
  SELECT m.institution_id, m.kind, m.entry_id, x.contract_id, row_number() OVER (
      PARTITION BY m.institution_id, m.kind, m.entry_id, x.contract_id ORDER BY m.sequence) AS nth,
    concat_ws('/', m.institution_id, m.sequence) AS key,
    ROW(m.amount_fen, m.instruction_id, CASE WHEN m.kind <> 'allocation' THEN m.occurred_at END
      )::text AS told
  FROM range AS r
  CROSS JOIN LATERAL (
    SELECT * FROM escrow.movement AS m
    WHERE m.institution_id = r.institution_id AND m.sequence > r.since
      AND m.kind IN ('allocation', 'booked', 'unbacked') OFFSET 0) AS m
  CROSS JOIN LATERAL (
    SELECT CASE WHEN m.kind = 'allocation' THEN m.contract_id ELSE '' END AS contract_id) AS x
)
SELECT 'told' AS rule, CASE WHEN m.key IS NULL THEN 'event' ELSE 'movement' END AS named,
  coalesce(m.key, t.key) AS key, coalesce(m.told, 'none') AS found,
  coalesce(t.told, 'none') AS expected, CASE WHEN m.key IS NOT NULL THEN 'event' END AS other,
  t.key AS other_key
FROM told AS t
FULL JOIN moved AS m ON (m.institution_id, m.kind, m.entry_id, m.contract_id, m.nth)
  = (t.institution_id, t.kind, t.entry_id, t.contract_id, t.nth)
WHERE m.told IS DISTINCT FROM t.told
ORDER BY 3 LIMIT CAST(:most AS int)
