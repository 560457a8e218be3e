-- Compare the receipts, debits and returns that the feed told of with the journal: the n-th time an
-- entry was told for a contract, or a debit or a return told, is its n-th movement.
-- Locks: none. Index: event_pkey, movement_pkey.
-- Rows: the events and the movements since, of one chunk of institution_ids.
WITH range AS (
  SELECT * FROM unnest(CAST(:ids AS text[]), CAST(:since AS bigint[]), CAST(:told AS bigint[]),
    CAST(:until AS bigint[])) AS r (institution_id, since, told, until)
), told AS (
  SELECT e.institution_id, concat_ws('/', e.institution_id, e.sequence) AS key, x.kind, j.entry_id,
    x.contract_id, row_number() OVER (
      PARTITION BY e.institution_id, x.kind, j.entry_id, x.contract_id ORDER BY e.sequence) AS nth,
    j.amount_fen,
    CASE WHEN x.kind IN ('booked', 'came_back') THEN j.instruction_id END AS instruction_id,
    CASE WHEN x.kind <> 'allocation' THEN j.booked_at END AS occurred_at
  FROM range AS r
  CROSS JOIN LATERAL (
    SELECT * FROM escrow.event AS e
    WHERE e.institution_id = r.institution_id AND e.sequence > r.told AND e.sequence <= r.until
      AND e.type IN ('receipt.matched', 'receipt.returned', 'debit.booked', 'debit.unbacked')
    OFFSET 0) AS e
  CROSS JOIN LATERAL jsonb_to_record(e.body::jsonb) AS j (entry_id text, contract_id text,
    amount_fen bigint, instruction_id uuid, booked_at timestamptz)
  CROSS JOIN LATERAL (
    SELECT CASE e.type WHEN 'receipt.matched' THEN 'allocation' WHEN 'debit.booked' THEN 'booked'
        WHEN 'receipt.returned' THEN 'came_back' ELSE 'unbacked' END AS kind,
      CASE e.type WHEN 'receipt.matched' THEN j.contract_id ELSE '' END AS contract_id) AS x
), moved AS (
  SELECT m.institution_id, m.kind, m.entry_id, x.contract_id, row_number() OVER (
      PARTITION BY m.institution_id, m.kind, m.entry_id, x.contract_id ORDER BY m.sequence) AS nth,
    m.sequence, m.amount_fen, m.instruction_id,
    CASE WHEN m.kind <> 'allocation' THEN m.occurred_at END AS occurred_at
  FROM range AS r
  CROSS JOIN LATERAL (
    SELECT * FROM escrow.movement AS m
    WHERE m.institution_id = r.institution_id AND m.sequence > r.since
      AND m.kind IN ('allocation', 'booked', 'came_back', 'unbacked') OFFSET 0) AS m
  CROSS JOIN LATERAL (
    SELECT CASE WHEN m.kind = 'allocation' THEN m.contract_id ELSE '' END AS contract_id) AS x
)
SELECT 'told' AS rule, 'movement' AS named,
  CASE WHEN m.sequence IS NOT NULL THEN concat_ws('/', m.institution_id, m.sequence) END AS key,
  ROW(m.amount_fen, m.instruction_id, m.occurred_at)::text AS found,
  ROW(t.amount_fen, t.instruction_id, t.occurred_at)::text AS expected,
  'event' AS other, t.key AS other_key
FROM told AS t
FULL JOIN moved AS m ON (m.institution_id, m.kind, m.entry_id, m.contract_id, m.nth)
  = (t.institution_id, t.kind, t.entry_id, t.contract_id, t.nth)
WHERE (m.amount_fen, m.instruction_id, m.occurred_at)
  IS DISTINCT FROM (t.amount_fen, t.instruction_id, t.occurred_at)
ORDER BY 3 LIMIT CAST(:most AS int)
