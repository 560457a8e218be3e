-- Recount each contract from its lessons, deposits and agreed refunds.
-- Locks: none. Index: tuition_pkey, lesson_pkey, deposit_pkey, refund_contract_id_idx.
-- Rows: the contracts to check, with their lessons, of one chunk of institution_ids.
WITH touched AS (
  SELECT * FROM unnest(CAST(:contract_owners AS text[]), CAST(:contracts AS text[]))
    AS k (institution_id, contract_id)
), taught AS (
  SELECT l.institution_id, l.contract_id, count(*) AS lessons, sum(l.amount_fen) AS amount_fen
  FROM touched AS k
  JOIN escrow.lesson AS l ON (l.institution_id, l.contract_id) = (k.institution_id, k.contract_id)
  WHERE l.institution_id = ANY (CAST(:ids AS text[])) AND l.reversed_by IS NULL
  GROUP BY l.institution_id, l.contract_id
), funded AS (
  SELECT d.institution_id, d.contract_id, sum(d.amount_fen) AS amount_fen
  FROM touched AS k
  JOIN escrow.deposit AS d ON (d.institution_id, d.contract_id) = (k.institution_id, k.contract_id)
  WHERE d.institution_id = ANY (CAST(:ids AS text[]))
  GROUP BY d.institution_id, d.contract_id
), refunded AS (
  SELECT f.institution_id, f.contract_id, sum(f.amount_fen) AS amount_fen
  FROM touched AS k
  JOIN escrow.refund AS f ON (f.institution_id, f.contract_id) = (k.institution_id, k.contract_id)
  WHERE f.institution_id = ANY (CAST(:ids AS text[])) AND f.agreed_at IS NOT NULL
  GROUP BY f.institution_id, f.contract_id
), counted AS (
  SELECT k.institution_id, k.contract_id, t.funded_fen, t.held_fen, t.released_fen,
    t.refunded_fen, t.lessons_released, coalesce(d.amount_fen, 0) AS funded,
    coalesce(l.amount_fen, 0) AS released, coalesce(f.amount_fen, 0) AS refunded,
    coalesce(l.lessons, 0) AS taught
  FROM touched AS k
  LEFT JOIN escrow.tuition AS t ON t.institution_id = k.institution_id
    AND t.contract_id = k.contract_id AND t.institution_id = ANY (CAST(:ids AS text[]))
  LEFT JOIN taught AS l ON (l.institution_id, l.contract_id) = (k.institution_id, k.contract_id)
  LEFT JOIN funded AS d ON (d.institution_id, d.contract_id) = (k.institution_id, k.contract_id)
  LEFT JOIN refunded AS f ON (f.institution_id, f.contract_id) = (k.institution_id, k.contract_id)
)
SELECT f.rule, 'tuition' AS named, concat_ws('/', c.institution_id, c.contract_id) AS key,
  coalesce(f.found, 'none') AS found, f.expected, NULL AS other, NULL AS other_key
FROM counted AS c
CROSS JOIN LATERAL (VALUES
  ('funded_fen', c.funded_fen::text, c.funded::text),
  ('released_fen', c.released_fen::text, c.released::text),
  ('refunded_fen', c.refunded_fen::text, c.refunded::text),
  ('held_fen', c.held_fen::text, (c.funded - c.released - c.refunded)::text),
  ('lessons_released', c.lessons_released::text, c.taught::text)
) AS f (rule, found, expected)
WHERE f.found IS DISTINCT FROM f.expected
ORDER BY c.institution_id, c.contract_id
LIMIT CAST(:most AS int)
