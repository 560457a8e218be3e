-- Find each entry's movement and each booked movement's entry, and compare.
-- Locks: none. Index: movement_pkey, custody_account_institution_id_idx, bank_entry_pkey.
-- Rows: the booked movements since; when whole, every entry, of one chunk of institution_ids.
WITH account AS (
  SELECT a.institution_id, a.account_number,
    count(*) OVER (PARTITION BY a.institution_id) AS accounts
  FROM escrow.custody_account AS a WHERE a.institution_id = ANY (CAST(:ids AS text[]))
), booked AS (
  SELECT m.* FROM unnest(CAST(:ids AS text[]), CAST(:since AS bigint[])) AS r (id, since)
  CROSS JOIN LATERAL (
    SELECT * FROM escrow.movement AS m
    WHERE m.institution_id = r.id AND m.sequence > r.since
      AND m.kind IN ('receipt', 'booked', 'came_back', 'unbacked') OFFSET 0) AS m
), entry AS (
  SELECT DISTINCT e.* FROM booked AS b JOIN account AS a ON a.institution_id = b.institution_id
  CROSS JOIN LATERAL (
    SELECT * FROM escrow.bank_entry AS e WHERE e.institution_id = b.institution_id
      AND e.account_number = a.account_number AND e.entry_id = b.entry_id OFFSET 0) AS e
  WHERE NOT CAST(:is_whole AS boolean)
  UNION ALL
  SELECT e.* FROM escrow.bank_entry AS e
  WHERE e.institution_id = ANY (CAST(:ids AS text[])) AND CAST(:is_whole AS boolean)
), wrong AS (
  SELECT e.*, b.sequence, b.kind, b.amount_fen AS booked_fen, b.occurred_at, b.posted_at,
    b.entry_id AS its_entry_id, x.meant, o.account_number IS NOT NULL AS is_ours,
    concat_ws('/', b.institution_id, b.sequence) AS booked_key,
    concat_ws('/', e.institution_id, e.account_number, e.entry_id) AS key,
    b.institution_id || '/' || a.account_number || '/' || b.entry_id AS its_key
  FROM booked AS b
  FULL JOIN entry AS e ON e.institution_id = b.institution_id AND e.movement_id = b.movement_id
  LEFT JOIN account AS o
    ON o.account_number = e.account_number AND o.institution_id = e.institution_id
  LEFT JOIN account AS a ON a.institution_id = b.institution_id AND a.accounts = 1
  CROSS JOIN LATERAL (SELECT CASE WHEN e.effect = 'instruction_matched'
    THEN CASE e.direction WHEN 'credit' THEN 'came_back' ELSE 'booked' END
    WHEN (e.effect = 'unbacked') = (e.direction = 'debit')
    THEN CASE e.direction WHEN 'credit' THEN 'receipt' ELSE 'unbacked' END END AS meant) AS x
  WHERE (b.sequence IS NOT NULL OR CAST(:is_whole AS boolean)) AND (
    (e.amount_fen, e.booked_at, e.taken_at, e.entry_id, x.meant) IS DISTINCT FROM
      (b.amount_fen, b.occurred_at, b.posted_at, b.entry_id, b.kind) OR o.account_number IS NULL
    OR b.kind <> 'receipt' AND (e.contract_id IS NOT NULL OR e.unallocated_fen > 0))
)
SELECT f.rule, 'bank_entry' AS named, CASE w.key WHEN '' THEN w.its_key ELSE w.key END AS key,
  coalesce(f.found, 'none') AS found, f.expected, 'movement' AS other, w.booked_key AS other_key
FROM wrong AS w
CROSS JOIN LATERAL (VALUES
  ('missing', w.entry_id IS NULL, 'none', 'there'),
  ('movement_id', w.sequence IS NULL, w.movement_id::text, 'a movement'),
  ('account_number', NOT w.is_ours, w.account_number, 'an account of the institution'),
  ('of_contract', w.kind <> 'receipt', concat_ws(' ', w.contract_id, w.unallocated_fen), '0'),
  ('amount_fen', true, w.amount_fen::text, w.booked_fen::text),
  ('booked_at', true, w.booked_at::text, w.occurred_at::text),
  ('taken_at', true, w.taken_at::text, w.posted_at::text),
  ('entry_id', true, w.entry_id, w.its_entry_id),
  ('effect', true, w.meant, w.kind)
) AS f (rule, applies, found, expected)
WHERE f.applies AND f.found IS DISTINCT FROM f.expected
  AND (w.key = '') = (f.rule = 'missing')
  AND (w.sequence IS NOT NULL OR f.rule IN ('movement_id', 'account_number'))
ORDER BY w.key LIMIT CAST(:most AS int)
