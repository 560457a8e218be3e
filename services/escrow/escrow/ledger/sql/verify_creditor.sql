-- See that each instruction pays from an account of the institution to whom it may: a payout to
-- the account filed for it, a refund to a payer of the contract or one a supervisor named, a
-- return to the payer of the entry. What was filed or named anew since says nothing of before.
-- Locks: none. Index: instruction_pkey, custody_account_pkey, deposit_pkey, refund_pkey,
-- bank_entry_pkey. Rows: the instructions to check, of one chunk of institution_ids.
WITH read AS (
  SELECT i.*, a.account_number IS NOT NULL AS is_ours, a.filed_at <= i.created_at AS is_filed,
    a.bank_id AS its_bank_id, a.settlement_account_number, a.settlement_account_name,
    e.counterparty_account, e.counterparty_name, f.contract_id,
    f.payer_account, f.payer_name, i.created_at > f.agreed_at AS is_named
  FROM unnest(CAST(:instruction_owners AS text[]), CAST(:instructions AS uuid[]))
    AS k (institution_id, instruction_id)
  CROSS JOIN LATERAL (
    SELECT * FROM escrow.instruction AS i WHERE i.institution_id = k.institution_id
      AND i.instruction_id = k.instruction_id OFFSET 0) AS i
  LEFT JOIN escrow.custody_account AS a
    ON a.account_number = i.account_number AND a.institution_id = i.institution_id
  LEFT JOIN LATERAL (
    SELECT * FROM escrow.refund AS f
    WHERE f.institution_id = i.institution_id AND f.refund_id = i.refund_id OFFSET 0) AS f ON true
  LEFT JOIN LATERAL (
    SELECT * FROM escrow.bank_entry AS e WHERE e.institution_id = i.institution_id
      AND e.account_number = i.account_number AND e.entry_id = i.entry_id OFFSET 0) AS e ON true
), judged AS (
  SELECT r.*, concat_ws('/', r.institution_id, r.instruction_id) AS key,
    concat_ws('/', r.institution_id, r.account_number) AS account_key,
    NOT r.is_named AND NOT EXISTS (
      SELECT FROM escrow.deposit AS d
      WHERE d.institution_id = r.institution_id AND d.contract_id = r.contract_id
        AND d.payer_account = r.creditor_account
        AND coalesce(d.payer_name, '') = r.creditor_name OFFSET 0) AS is_stranger,
    r.is_named AND NOT EXISTS (
      SELECT FROM escrow.instruction AS n
      WHERE n.institution_id = r.institution_id AND n.refund_id = r.refund_id
        AND n.created_at > r.created_at OFFSET 0) AS is_last_named,
    r.kind = 'payout' AND r.is_filed AS is_to_filed
  FROM read AS r
)
SELECT f.rule, 'instruction' AS named, j.key, coalesce(f.found, 'none') AS found,
  coalesce(f.expected, 'none') AS expected, f.other, f.other_key
FROM judged AS j
CROSS JOIN LATERAL (VALUES
  ('account_number', NOT j.is_ours, j.account_number, 'an account of the institution',
    'custody_account', j.account_key),
  ('bank_id', j.is_filed, j.bank_id, j.its_bank_id, 'custody_account', j.account_key),
  ('creditor_account', j.is_to_filed, j.creditor_account, j.settlement_account_number,
    'custody_account', j.account_key),
  ('creditor_name', j.is_to_filed, j.creditor_name, j.settlement_account_name, 'custody_account',
    j.account_key),
  ('creditor_account', j.is_stranger, j.creditor_account, 'a payer of the contract', NULL, NULL),
  ('creditor_account', j.is_last_named, j.creditor_account, j.payer_account, 'refund',
    concat_ws('/', j.institution_id, j.refund_id)),
  ('creditor_name', j.is_last_named, j.creditor_name, j.payer_name, 'refund',
    concat_ws('/', j.institution_id, j.refund_id)),
  ('creditor_account', j.kind = 'return', j.creditor_account, j.counterparty_account, NULL, NULL),
  ('creditor_name', j.kind = 'return', j.creditor_name, coalesce(j.counterparty_name, ''), NULL,
    NULL)
) AS f (rule, applies, found, expected, other, other_key)
WHERE f.applies AND f.found IS DISTINCT FROM f.expected
ORDER BY j.key LIMIT CAST(:most AS int)
