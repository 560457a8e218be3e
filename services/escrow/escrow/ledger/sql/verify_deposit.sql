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
  JOIN escrow.movement AS m ON m.institution_id = r.institution_id AND m.sequence > r.since
    AND m.kind = 'allocation'
  WHERE m.institution_id = ANY (CAST(:ids AS text[]))
), deposit AS (
  SELECT d.*, r.since, concat_ws('/', d.institution_id, d.contract_id, d.deposit_id) AS key,
    e.booked_at AS entry_booked_at, e.counterparty_name, e.counterparty_account,
    concat_ws('/', e.institution_id, e.account_number, e.entry_id) AS entry_key
  FROM unnest(CAST(:contract_owners AS text[]), CAST(:contracts AS text[]))
    AS k (institution_id, contract_id)
  JOIN range AS r ON r.institution_id = k.institution_id
  JOIN escrow.deposit AS d
    ON d.institution_id = k.institution_id AND d.contract_id = k.contract_id
  LEFT JOIN escrow.bank_entry AS e ON e.institution_id = d.institution_id
    AND e.account_number = d.account_number AND e.entry_id = d.entry_id
    AND e.institution_id = ANY (CAST(:ids AS text[]))
  WHERE d.institution_id = ANY (CAST(:ids AS text[]))
), pair AS (
  SELECT m.key AS moved_key, m.amount_fen AS moved_fen, m.entry_id AS moved_entry_id,
    m.contract_id AS moved_contract_id, d.*
  FROM moved AS m
  FULL JOIN deposit AS d
    ON d.institution_id = m.institution_id AND d.deposit_id = m.movement_id
)
SELECT f.rule, f.named, CASE f.named WHEN 'movement' THEN p.moved_key ELSE p.key END AS key,
  coalesce(f.found, 'none') AS found, coalesce(f.expected, 'none') AS expected, f.other,
  CASE f.other WHEN 'movement' THEN p.moved_key ELSE p.entry_key END AS other_key
FROM pair AS p
CROSS JOIN LATERAL (VALUES
  ('deposit', 'movement', p.key IS NULL, 'none', 'there', NULL),
  ('movement', 'deposit', p.moved_key IS NULL AND p.since = 0, 'none', 'there', NULL),
  ('entry', 'deposit', p.entry_key = '', 'none', 'there', NULL),
  ('amount_fen', 'deposit', p.moved_key IS NOT NULL, p.amount_fen::text, p.moved_fen::text,
    'movement'),
  ('entry_id', 'deposit', p.moved_key IS NOT NULL, p.entry_id, p.moved_entry_id, 'movement'),
  ('contract_id', 'deposit', p.moved_key IS NOT NULL, p.contract_id, p.moved_contract_id,
    'movement'),
  ('booked_at', 'deposit', p.entry_key <> '', p.booked_at::text, p.entry_booked_at::text,
    'bank_entry'),
  ('payer_name', 'deposit', p.entry_key <> '', p.payer_name, p.counterparty_name, 'bank_entry'),
  ('payer_account', 'deposit', p.entry_key <> '', p.payer_account, p.counterparty_account,
    'bank_entry')
) AS f (rule, named, applies, found, expected, other)
WHERE f.applies AND f.found IS DISTINCT FROM f.expected AND (f.other IS NULL OR p.key IS NOT NULL)
ORDER BY p.key LIMIT CAST(:most AS int)
