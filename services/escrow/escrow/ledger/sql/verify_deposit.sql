-- Find each allocation's deposit, each deposit's allocation, and the entry the money came in by.
-- Locks: none. Index: movement_pkey, deposit_pkey, bank_entry_pkey.
-- Rows: the allocations since and the deposits of the contracts to check, of one chunk of
-- institution_ids. A deposit made before that is held against its entry alone.
WITH range AS (
  SELECT * FROM unnest(CAST(:ids AS text[]), CAST(:since AS bigint[])) AS r (institution_id, since)
), moved AS (
  SELECT m.institution_id, m.movement_id, m.contract_id, m.entry_id, m.amount_fen,
    concat_ws('/', m.institution_id, m.sequence) AS key
  FROM range AS r
  CROSS JOIN LATERAL (
    SELECT * FROM escrow.movement AS m WHERE m.institution_id = r.institution_id
      AND m.sequence > r.since AND m.kind = 'allocation' OFFSET 0) AS m
), deposit AS (
  SELECT d.*, r.since, concat_ws('/', d.institution_id, d.contract_id, d.deposit_id) AS key,
    e.booked_at AS entry_booked_at, e.counterparty_name, e.counterparty_account,
    concat_ws('/', e.institution_id, e.account_number, e.entry_id) AS entry_key
  FROM range AS r
  JOIN unnest(CAST(:contract_owners AS text[]), CAST(:contracts AS text[]))
    AS k (institution_id, contract_id) ON k.institution_id = r.institution_id
  CROSS JOIN LATERAL (
    SELECT * FROM escrow.deposit AS d WHERE d.institution_id = k.institution_id
      AND d.contract_id = k.contract_id OFFSET 0) AS d
  LEFT JOIN LATERAL (
    SELECT * FROM escrow.bank_entry AS e WHERE e.institution_id = d.institution_id
      AND e.account_number = d.account_number AND e.entry_id = d.entry_id OFFSET 0) AS e ON true
), pair AS (
  SELECT m.key AS moved_key, m.amount_fen AS moved_fen, m.entry_id AS moved_entry_id,
    m.contract_id AS moved_contract_id, d.*, concat_ws('/', d.institution_id, d.account_number,
      d.entry_id) AS its_entry_key,
    concat_ws('/', m.institution_id, m.contract_id, m.movement_id) AS its_key
  FROM moved AS m
  FULL JOIN deposit AS d
    ON d.institution_id = m.institution_id AND d.deposit_id = m.movement_id
)
SELECT f.rule, f.named, coalesce(f.key, p.key) AS key,
  coalesce(f.found, 'none') AS found, coalesce(f.expected, 'none') AS expected, f.other,
  CASE f.other WHEN 'movement' THEN p.moved_key WHEN 'deposit' THEN p.key
    ELSE p.entry_key END AS other_key
FROM pair AS p
CROSS JOIN LATERAL (VALUES
  ('missing', 'deposit', p.its_key, p.key IS NULL, 'none', 'there', 'movement'),
  ('movement', 'deposit', NULL, p.moved_key IS NULL AND p.since = 0, 'none', 'there', NULL),
  ('missing', 'bank_entry', p.its_entry_key, p.entry_key = '', 'none', 'there', 'deposit'),
  ('amount_fen', 'deposit', NULL, p.moved_key IS NOT NULL, p.amount_fen::text, p.moved_fen::text,
    'movement'),
  ('entry_id', 'deposit', NULL, p.moved_key IS NOT NULL, p.entry_id, p.moved_entry_id, 'movement'),
  ('contract_id', 'deposit', NULL, p.moved_key IS NOT NULL, p.contract_id,
    p.moved_contract_id, 'movement'),
  ('booked_at', 'deposit', NULL, p.entry_key <> '', p.booked_at::text, p.entry_booked_at::text,
    'bank_entry'),
  ('payer_name', 'deposit', NULL, p.entry_key <> '', p.payer_name, p.counterparty_name,
    'bank_entry'),
  ('payer_account', 'deposit', NULL, p.entry_key <> '', p.payer_account, p.counterparty_account,
    'bank_entry')
) AS f (rule, named, key, applies, found, expected, other)
WHERE f.applies AND f.found IS DISTINCT FROM f.expected
  AND (f.rule = 'missing' OR p.key IS NOT NULL)
ORDER BY p.key LIMIT CAST(:most AS int)
