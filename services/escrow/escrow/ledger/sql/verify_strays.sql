-- Find rows of institutions that no balance row stands for: nothing else would look at them.
-- Locks: none. Index: none needed. For whole checks only: every table is read once.
-- Rows: the first few of those whose institution_id is unknown.
WITH kept (named, institution_id, a, b, c) AS (
  SELECT 'movement', institution_id, sequence::text, NULL, NULL
  FROM escrow.movement
  UNION ALL SELECT 'event', institution_id, sequence::text, NULL, NULL
  FROM escrow.event
  UNION ALL SELECT 'contract', institution_id, contract_id, NULL, NULL
  FROM escrow.contract
  UNION ALL SELECT 'tuition', institution_id, contract_id, NULL, NULL
  FROM escrow.tuition
  UNION ALL SELECT 'lesson', institution_id, contract_id, lesson_no::text, attempt::text
  FROM escrow.lesson
  UNION ALL SELECT 'payable', institution_id, release_sequence::text, NULL, NULL
  FROM escrow.payable
  UNION ALL SELECT 'instruction', institution_id, instruction_id::text, NULL, NULL
  FROM escrow.instruction
  UNION ALL SELECT 'instruction_line', institution_id, instruction_id::text, line_no::text, NULL
  FROM escrow.instruction_line
  UNION ALL SELECT 'bank_entry', institution_id, account_number, entry_id, NULL
  FROM escrow.bank_entry
  UNION ALL SELECT 'deposit', institution_id, contract_id, deposit_id::text, NULL
  FROM escrow.deposit
  UNION ALL SELECT 'refund', institution_id, refund_id::text, NULL, NULL
  FROM escrow.refund
  UNION ALL SELECT 'freeze', institution_id, freeze_id::text, NULL, NULL
  FROM escrow.freeze
  UNION ALL SELECT 'freeze_confirmation', institution_id, freeze_id::text, NULL, NULL
  FROM escrow.freeze_confirmation
  UNION ALL SELECT 'floor', institution_id, floor_id::text, NULL, NULL
  FROM escrow.floor
  UNION ALL SELECT 'institution', institution_id, NULL, NULL, NULL
  FROM escrow.institution
  UNION ALL SELECT 'verified_balance', institution_id, NULL, NULL, NULL
  FROM escrow.verified_balance
  UNION ALL SELECT 'custody_account', institution_id, account_number, NULL, NULL
  FROM escrow.custody_account
  UNION ALL SELECT 'bank_statement', institution_id, account_number, statement_id, NULL
  FROM escrow.bank_statement
)
SELECT 'stray' AS rule, k.named, concat_ws('/', k.institution_id, k.a, k.b, k.c) AS key,
  'no balance' AS found, 'a balance' AS expected, NULL AS other, NULL AS other_key
FROM kept AS k
WHERE NOT EXISTS (SELECT FROM escrow.balance AS b WHERE b.institution_id = k.institution_id)
LIMIT CAST(:most AS int)
