-- Name the contracts, instructions and refunds to check: all, or those that moved since.
-- Locks: none. Index: movement_pkey, event_pkey; a whole check reads tables by institution_id.
-- Rows: the distinct keys of one chunk. Ids are cut out of event bodies as text, so that a
-- body that is no longer JSON does not stop the check.
WITH range AS (
  SELECT * FROM unnest(CAST(:ids AS text[]), CAST(:since AS bigint[]), CAST(:told AS bigint[]))
    AS r (institution_id, since, told)
), moved AS (
  SELECT DISTINCT m.institution_id, m.contract_id, m.instruction_id::text, m.refund_id::text
  FROM range AS r
  CROSS JOIN LATERAL (
    SELECT * FROM escrow.movement AS m
    WHERE m.institution_id = r.institution_id AND m.sequence > r.since OFFSET 0) AS m
), told AS (
  SELECT e.institution_id,
    CASE WHEN e.type LIKE 'contract.%' OR e.type LIKE 'refund.%'
      THEN split_part(split_part(e.body, '"contract_id":"', 2), '"', 1) END AS contract_id,
    CASE WHEN e.type LIKE 'payout.%' OR e.type LIKE 'instruction.%'
      THEN split_part(split_part(e.body, '"instruction_id":"', 2), '"', 1) END AS instruction_id,
    CASE WHEN e.type LIKE 'refund.%'
      THEN split_part(split_part(e.body, '"refund_id":"', 2), '"', 1) END AS refund_id
  FROM range AS r
  CROSS JOIN LATERAL (
    SELECT * FROM escrow.event AS e
    WHERE e.institution_id = r.institution_id AND e.sequence > r.told OFFSET 0) AS e
  WHERE NOT CAST(:is_whole AS boolean) AND e.type IN ('contract.accepted', 'contract.closed',
    'payout.planned', 'instruction.changed', 'refund.changed')
)
SELECT 'contract' AS kind, institution_id, contract_id AS id FROM moved
UNION SELECT 'contract', institution_id, contract_id FROM told
UNION SELECT 'contract', institution_id, contract_id FROM escrow.tuition
WHERE institution_id = ANY (CAST(:ids AS text[])) AND CAST(:is_whole AS boolean)
UNION SELECT 'contract', institution_id, contract_id FROM escrow.contract
WHERE institution_id = ANY (CAST(:ids AS text[])) AND CAST(:is_whole AS boolean)
UNION SELECT 'contract', institution_id, contract_id FROM escrow.lesson
WHERE institution_id = ANY (CAST(:ids AS text[])) AND CAST(:is_whole AS boolean)
UNION SELECT 'contract', institution_id, contract_id FROM escrow.deposit
WHERE institution_id = ANY (CAST(:ids AS text[])) AND CAST(:is_whole AS boolean)
UNION SELECT 'instruction', institution_id, instruction_id FROM moved
UNION SELECT 'instruction', institution_id, instruction_id FROM told
UNION SELECT 'instruction', institution_id, instruction_id::text FROM escrow.instruction
WHERE institution_id = ANY (CAST(:ids AS text[])) AND CAST(:is_whole AS boolean)
UNION SELECT 'instruction', institution_id, instruction_id::text FROM escrow.instruction_line
WHERE institution_id = ANY (CAST(:ids AS text[])) AND CAST(:is_whole AS boolean)
UNION SELECT 'refund', institution_id, refund_id FROM moved
UNION SELECT 'refund', institution_id, refund_id FROM told
UNION SELECT 'refund', institution_id, refund_id::text FROM escrow.refund
WHERE institution_id = ANY (CAST(:ids AS text[])) AND CAST(:is_whole AS boolean)
