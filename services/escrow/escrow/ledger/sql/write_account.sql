-- File a custody account and make it the institution's current one.
-- Locks: the institution_id is locked by its balance row. Index: custody_account_pkey.
-- Rows: one per command; another institution's account is left alone, which the count shows.
WITH filed AS (
  INSERT INTO escrow.custody_account AS a (
    institution_id, bank_id, account_number, account_name, opened_on,
    settlement_account_number, settlement_account_name, filed_at)
  SELECT v.*, $8::timestamptz FROM unnest(
    $1::text[], $2::text[], $3::text[], $4::text[], $5::date[], $6::text[], $7::text[]) AS v
  ON CONFLICT (account_number) DO UPDATE SET
    bank_id = excluded.bank_id, account_name = excluded.account_name,
    opened_on = excluded.opened_on, filed_at = excluded.filed_at,
    settlement_account_number = excluded.settlement_account_number,
    settlement_account_name = excluded.settlement_account_name
  WHERE a.institution_id = excluded.institution_id
  RETURNING institution_id, account_number
)
UPDATE escrow.institution AS i
SET account_number = f.account_number
FROM filed AS f
WHERE i.institution_id = f.institution_id
