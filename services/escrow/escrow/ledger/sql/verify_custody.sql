-- Compare an institution's account with the last one filed for it, and each filed account with
-- the banks known; where nothing was filed there is no account.
-- Locks: none. Index: institution_pkey, custody_account_institution_id_idx, bank_pkey.
-- Rows: one institution_id each with its accounts, of one chunk.
WITH filed AS (
  SELECT a.*, a.filed_at = max(a.filed_at) OVER (PARTITION BY a.institution_id) AS is_last,
    b.bank_id IS NOT NULL AS is_at_bank
  FROM escrow.custody_account AS a
  LEFT JOIN escrow.bank AS b ON b.bank_id = a.bank_id
  WHERE a.institution_id = ANY (CAST(:ids AS text[])) AND a.kind = 'custody'
), last AS (
  SELECT institution_id, array_agg(account_number) AS numbers, min(account_number) AS account_number
  FROM filed WHERE is_last GROUP BY institution_id
)
SELECT 'account_number' AS rule, 'institution' AS named, k.institution_id AS key,
  coalesce(i.account_number, 'none') AS found, coalesce(l.account_number, 'none') AS expected,
  CASE WHEN i.account_number IS NOT NULL THEN 'custody_account' END AS other,
  concat_ws('/', k.institution_id, i.account_number) AS other_key
FROM unnest(CAST(:ids AS text[])) AS k (institution_id)
LEFT JOIN escrow.institution AS i ON i.institution_id = k.institution_id
LEFT JOIN last AS l ON l.institution_id = k.institution_id
WHERE CASE WHEN i.account_number IS NULL THEN l.institution_id IS NOT NULL
  ELSE l.institution_id IS NULL OR NOT i.account_number = ANY (l.numbers) END
UNION ALL
SELECT 'bank_id', 'custody_account', concat_ws('/', institution_id, account_number), bank_id,
  'a bank', NULL, NULL
FROM filed WHERE NOT is_at_bank
UNION ALL
SELECT 'registered', 'institution', k.institution_id, 'none', 'there', NULL, NULL
FROM unnest(CAST(:ids AS text[])) AS k (institution_id)
WHERE NOT EXISTS (
  SELECT FROM escrow.institution AS i WHERE i.institution_id = k.institution_id)
ORDER BY key LIMIT CAST(:most AS int)
