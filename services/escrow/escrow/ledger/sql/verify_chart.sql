-- Hold each movement against the chart: the accounts of its kind, the references of its kind
-- (c contract, l lesson, i instruction, e entry, f refund, r reversed); what has no time of its
-- own in the world happened when it was posted.
-- Locks: none. Index: movement_pkey. Rows: the movements since, of one chunk of institution_ids.
WITH chart (kind, debit, credit, refs, is_dated) AS (VALUES
  ('receipt', 'custody_cash', 'unmatched_receipt', 'e', true),
  ('allocation', 'unmatched_receipt', 'tuition_held', 'ce', false),
  ('release', 'tuition_held', 'institution_payable', 'cl', true),
  ('payout', 'institution_payable', 'payment_clearing', 'i', false),
  ('booked', 'payment_clearing', 'custody_cash', 'cie', true),
  ('booked', 'payment_clearing', 'custody_cash', 'ie', true),
  ('came_back', 'custody_cash', 'payment_clearing', 'cie', true),
  ('came_back', 'custody_cash', 'payment_clearing', 'ie', true),
  ('refund', 'tuition_held', 'refund_payable', 'cf', false),
  ('refund', 'refund_payable', 'payment_clearing', 'cif', false),
  ('give_back', 'unmatched_receipt', 'payment_clearing', 'ie', false),
  ('recovery', 'institution_payable', 'institution_receivable', 'cl', false),
  ('reversal', 'institution_payable', 'tuition_held', 'clr', false),
  ('reversal', 'institution_receivable', 'tuition_held', 'clr', false),
  ('reversal', 'payment_clearing', 'institution_payable', 'cir', false),
  ('reversal', 'payment_clearing', 'refund_payable', 'cifr', false),
  ('reversal', 'payment_clearing', 'unmatched_receipt', 'ier', false),
  ('unbacked', 'unbacked_debit', 'custody_cash', 'e', true)
), read AS (
  SELECT m.institution_id, m.sequence, m.kind, m.debit, m.credit, m.occurred_at, m.posted_at,
    CASE WHEN m.contract_id IS NULL THEN '' ELSE 'c' END
    || CASE WHEN m.lesson_no IS NULL THEN '' ELSE 'l' END
    || CASE WHEN m.instruction_id IS NULL THEN '' ELSE 'i' END
    || CASE WHEN m.entry_id IS NULL THEN '' ELSE 'e' END
    || CASE WHEN m.refund_id IS NULL THEN '' ELSE 'f' END
    || CASE WHEN m.reverses IS NULL THEN '' ELSE 'r' END AS refs
  FROM unnest(CAST(:ids AS text[]), CAST(:since AS bigint[])) AS r (institution_id, since)
  CROSS JOIN LATERAL (
    SELECT * FROM escrow.movement AS m
    WHERE m.institution_id = r.institution_id AND m.sequence > r.since OFFSET 0) AS m
)
SELECT f.rule, 'movement' AS named, concat_ws('/', r.institution_id, r.sequence) AS key,
  f.found, coalesce(f.expected, 'a kind of the chart') AS expected, NULL AS other,
  NULL AS other_key
FROM read AS r
LEFT JOIN chart AS c ON (c.kind, c.debit, c.credit, c.refs) = (r.kind, r.debit, r.credit, r.refs)
CROSS JOIN LATERAL (VALUES
  ('chart', concat_ws(' ', r.kind, r.debit, r.credit, r.refs), (
    SELECT string_agg(concat_ws(' ', x.debit, x.credit, x.refs), ' or ')
    FROM chart AS x WHERE x.kind = r.kind)),
  ('occurred_at', r.occurred_at::text, r.posted_at::text)
) AS f (rule, found, expected)
WHERE (c.kind IS NULL OR NOT c.is_dated AND r.occurred_at <> r.posted_at)
  AND CASE f.rule WHEN 'chart' THEN c.kind IS NULL ELSE NOT c.is_dated END
ORDER BY r.institution_id, r.sequence
LIMIT CAST(:most AS int)
