-- Say what state a contract's counts and refunds put it in, and what refund it names.
-- A refund agreed when nothing was held closes the contract, unless every lesson was released.
-- Locks: none. Index: tuition_pkey, refund_contract_id_idx.
-- Rows: the contracts to check, of one chunk of institution_ids.
WITH touched AS (
  SELECT * FROM unnest(CAST(:contract_owners AS text[]), CAST(:contracts AS text[]))
    AS k (institution_id, contract_id)
), refund AS (
  SELECT f.institution_id, f.contract_id, f.refund_id, f.requested_at, f.agreed_at, f.amount_fen,
    bool_or(f.agreed_at IS NULL) OVER c AS is_asked,
    bool_or(f.agreed_at IS NOT NULL AND f.amount_fen > 0) OVER c AS is_paid,
    lead(f.refund_id) OVER o IS NULL AS is_last
  FROM touched AS k
  JOIN escrow.refund AS f ON (f.institution_id, f.contract_id) = (k.institution_id, k.contract_id)
  WHERE f.institution_id = ANY (CAST(:ids AS text[]))
  WINDOW c AS (PARTITION BY f.institution_id, f.contract_id),
    o AS (PARTITION BY f.institution_id, f.contract_id ORDER BY f.requested_at, f.refund_id)
), read AS (
  SELECT t.*, f.requested_at, f.is_asked, f.is_paid, f.refund_id AS last_id,
    f.agreed_at IS NOT NULL AND f.amount_fen = 0 AS is_empty
  FROM touched AS k
  JOIN escrow.tuition AS t ON (t.institution_id, t.contract_id) = (k.institution_id, k.contract_id)
  LEFT JOIN refund AS f
    ON (f.institution_id, f.contract_id) = (k.institution_id, k.contract_id) AND f.is_last
  WHERE t.institution_id = ANY (CAST(:ids AS text[]))
)
SELECT f.rule, 'tuition' AS named, concat_ws('/', r.institution_id, r.contract_id) AS key,
  coalesce(f.found, 'none') AS found, coalesce(f.expected, 'none') AS expected, NULL AS other,
  NULL AS other_key
FROM read AS r
CROSS JOIN LATERAL (VALUES
  ('state', r.state, CASE
    WHEN r.is_paid THEN 'closed'
    WHEN r.lessons_released = r.lessons THEN 'completed'
    WHEN r.is_empty AND r.refund_id = r.last_id THEN 'closed'
    WHEN r.is_asked THEN 'refunding'
    WHEN r.funded_fen > 0 THEN 'open'
    ELSE 'accepted' END),
  ('is_frozen', r.is_frozen::text, 'false'),
  ('refund_id', r.refund_id::text,
    CASE WHEN r.is_empty AND r.refund_id IS NULL THEN NULL ELSE r.last_id END::text),
  ('refund_requested_at', r.refund_requested_at::text,
    CASE WHEN r.refund_id = r.last_id THEN r.requested_at END::text)
) AS f (rule, found, expected)
WHERE f.found IS DISTINCT FROM f.expected
ORDER BY r.institution_id, r.contract_id
LIMIT CAST(:most AS int)
