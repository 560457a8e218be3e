-- Read whether banks are known and which institution_id an account number belongs to.
-- Locks: none. Index: bank_pkey, custody_account_pkey. Rows: one per account to be filed.
SELECT b.bank_id, k.account_number, a.institution_id
FROM unnest($1::text[], $2::text[]) AS k (bank_id, account_number)
LEFT JOIN escrow.bank AS b ON b.bank_id = k.bank_id
LEFT JOIN escrow.custody_account AS a ON a.account_number = k.account_number
