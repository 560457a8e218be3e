-- Recount each contract from its lessons, deposits and agreed refunds.
-- Locks: none. Index: tuition_pkey, lesson_pkey, deposit_pkey, refund_contract_id_idx.
-- Rows: the contracts to check, with their lessons, of one chunk of institution_ids.
WITH counted AS (
  SELECT k.institution_id, k.contract_id, t.funded_fen, t.held_fen, t.released_fen,
    t.refunded_fen, t.lessons_released, d.funded, l.released, l.taught, f.refunded
  FROM unnest(CAST(:contract_owners AS text[]), CAST(:contracts AS text[]))
    AS k (institution_id, contract_id)
  LEFT JOIN LATERAL (
    SELECT * FROM escrow.tuition AS t
    WHERE t.institution_id = k.institution_id AND t.contract_id = k.contract_id OFFSET 0
  ) AS t ON true
  CROSS JOIN LATERAL (
    SELECT count(*) AS taught, coalesce(sum(l.amount_fen), 0) AS released
    FROM escrow.lesson AS l
    WHERE l.institution_id = k.institution_id AND l.contract_id = k.contract_id
      AND l.reversed_by IS NULL) AS l
  CROSS JOIN LATERAL (
    SELECT coalesce(sum(d.amount_fen), 0) AS funded FROM escrow.deposit AS d
    WHERE d.institution_id = k.institution_id AND d.contract_id = k.contract_id) AS d
  CROSS JOIN LATERAL (
    SELECT coalesce(sum(f.amount_fen), 0) AS refunded FROM escrow.refund AS f
    WHERE f.institution_id = k.institution_id AND f.contract_id = k.contract_id
      AND f.agreed_at IS NOT NULL) AS f
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
