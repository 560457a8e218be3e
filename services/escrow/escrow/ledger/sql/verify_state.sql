-- Say what state a contract's counts and refunds put it in, and what refund it names.
-- A refund agreed when nothing was held closes the contract, unless every lesson was released.
-- Locks: none. Index: tuition_pkey, refund_contract_id_idx.
-- Rows: the contracts to check, of one chunk of institution_ids.
WITH read AS (
  SELECT t.*, f.requested_at, f.is_asked, f.is_paid, f.refund_id AS last_id, f.is_empty
  FROM unnest(CAST(:contract_owners AS text[]), CAST(:contracts AS text[]))
    AS k (institution_id, contract_id)
  CROSS JOIN LATERAL (
    SELECT * FROM escrow.tuition AS t
    WHERE t.institution_id = k.institution_id AND t.contract_id = k.contract_id OFFSET 0) AS t
  LEFT JOIN LATERAL (
    SELECT f.refund_id, f.requested_at, f.agreed_at IS NOT NULL AND f.amount_fen = 0 AS is_empty,
      bool_or(f.agreed_at IS NULL) OVER () AS is_asked,
      bool_or(f.agreed_at IS NOT NULL AND f.amount_fen > 0) OVER () AS is_paid
    FROM escrow.refund AS f
    WHERE f.institution_id = k.institution_id AND f.contract_id = k.contract_id
    ORDER BY f.requested_at DESC, f.refund_id DESC
    LIMIT 1) AS f ON true
)
SELECT f.rule, 'tuition' AS named, concat_ws('/', r.institution_id, r.contract_id) AS key,
  coalesce(f.found, 'none') AS found, coalesce(f.expected, 'none') AS expected, f.other,
  concat_ws('/', r.institution_id, f.refund_id) AS other_key
FROM read AS r
CROSS JOIN LATERAL (VALUES
  ('state', r.state, CASE
    WHEN r.is_paid THEN 'closed'
    WHEN r.lessons_released = r.lessons THEN 'completed'
    WHEN r.is_empty AND r.refund_id = r.last_id THEN 'closed'
    WHEN r.is_asked THEN 'refunding'
    WHEN r.funded_fen > 0 THEN 'open'
    ELSE 'accepted' END, NULL, NULL),
  ('is_frozen', r.is_frozen::text, 'false', NULL, NULL),
  ('refund_id', r.refund_id::text,
    CASE WHEN r.is_empty AND r.refund_id IS NULL THEN NULL ELSE r.last_id END::text,
    CASE WHEN r.refund_id IS NOT NULL THEN 'refund' END, r.refund_id),
  ('refund_requested_at', r.refund_requested_at::text,
    CASE WHEN r.refund_id = r.last_id THEN r.requested_at END::text, 'refund', r.last_id)
) AS f (rule, found, expected, other, refund_id)
WHERE f.found IS DISTINCT FROM f.expected
ORDER BY r.institution_id, r.contract_id
LIMIT CAST(:most AS int)
