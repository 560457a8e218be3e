-- Find each entry's movement and each booked movement's entry, and compare.
-- Locks: none. Index: movement_pkey, custody_account_institution_id_idx, bank_entry_pkey.
-- Rows: the booked movements since and, when whole, every entry, of one chunk of
-- institution_ids.
WITH booked AS (
  SELECT m.institution_id, m.sequence, m.movement_id, m.kind, m.entry_id, m.amount_fen,
    m.occurred_at, concat_ws('/', m.institution_id, m.sequence) AS key
  FROM unnest(CAST(:ids AS text[]), CAST(:since AS bigint[])) AS r (institution_id, since)
  JOIN escrow.movement AS m ON m.institution_id = r.institution_id AND m.sequence > r.since
    AND m.kind IN ('receipt', 'booked', 'came_back', 'unbacked')
  WHERE m.institution_id = ANY (CAST(:ids AS text[]))
), entry AS (
  SELECT DISTINCT e.* FROM booked AS b
  JOIN escrow.custody_account AS a ON a.institution_id = b.institution_id
  JOIN escrow.bank_entry AS e ON e.institution_id = b.institution_id
    AND e.account_number = a.account_number AND e.entry_id = b.entry_id
  WHERE e.institution_id = ANY (CAST(:ids AS text[])) AND NOT CAST(:is_whole AS boolean)
    AND a.institution_id = ANY (CAST(:ids AS text[]))
  UNION ALL
  SELECT e.* FROM escrow.bank_entry AS e
  WHERE e.institution_id = ANY (CAST(:ids AS text[])) AND CAST(:is_whole AS boolean)
), pair AS (
  SELECT b.key AS booked_key, b.kind, b.amount_fen AS booked_fen, b.occurred_at,
    b.entry_id AS its_entry_id, e.amount_fen, e.booked_at, e.entry_id, e.movement_id,
    CASE WHEN e.effect = 'instruction_matched' AND e.direction = 'credit' THEN 'came_back'
      WHEN e.effect = 'instruction_matched' THEN 'booked'
      WHEN e.effect = 'unbacked' AND e.direction = 'debit' THEN 'unbacked'
      WHEN e.direction = 'credit' AND e.effect <> 'unbacked' THEN 'receipt' END AS meant,
    concat_ws('/', e.institution_id, e.account_number, e.entry_id) AS key
  FROM booked AS b
  FULL JOIN entry AS e
    ON e.institution_id = b.institution_id AND e.movement_id = b.movement_id
  WHERE b.key IS NOT NULL OR CAST(:is_whole AS boolean)
)
SELECT f.rule, f.named, CASE f.named WHEN 'movement' THEN p.booked_key ELSE p.key END AS key,
  coalesce(f.found, 'none') AS found, coalesce(f.expected, 'none') AS expected, f.other,
  p.booked_key AS other_key
FROM pair AS p
CROSS JOIN LATERAL (VALUES
  ('entry', 'movement', p.key = '', 'none', 'there', NULL),
  ('movement_id', 'bank_entry', p.booked_key IS NULL, p.movement_id::text, 'a movement', NULL),
  ('amount_fen', 'bank_entry', true, p.amount_fen::text, p.booked_fen::text, 'movement'),
  ('booked_at', 'bank_entry', true, p.booked_at::text, p.occurred_at::text, 'movement'),
  ('entry_id', 'bank_entry', true, p.entry_id, p.its_entry_id, 'movement'),
  ('effect', 'bank_entry', true, p.meant, p.kind, 'movement')
) AS f (rule, named, applies, found, expected, other)
WHERE f.applies AND f.found IS DISTINCT FROM f.expected
  AND (f.other IS NULL OR p.booked_key IS NOT NULL AND p.key <> '')
ORDER BY p.key LIMIT CAST(:most AS int)
