-- Compare what the feed told of as waiting for a contract with the receipt and with what it told
-- of as matched before.
-- Locks: none. Index: event_pkey, movement_pkey.
-- Rows: the events and the receipts since, of one chunk of institution_ids.
WITH range AS (
  SELECT * FROM unnest(CAST(:ids AS text[]), CAST(:since AS bigint[]), CAST(:told AS bigint[]),
    CAST(:until AS bigint[])) AS r (institution_id, since, told, until)
), told AS (
  SELECT e.institution_id, e.sequence, e.type, e.body::jsonb ->> 'entry_id' AS entry_id,
    e.body::jsonb ->> 'amount_fen' AS amount_fen
  FROM range AS r
  CROSS JOIN LATERAL (
    SELECT * FROM escrow.event AS e
    WHERE e.institution_id = r.institution_id AND e.sequence > r.told AND e.sequence <= r.until
      AND e.type IN ('receipt.matched', 'receipt.unmatched') OFFSET 0) AS e
), received AS (
  SELECT m.institution_id, m.entry_id, m.amount_fen
  FROM range AS r
  CROSS JOIN LATERAL (
    SELECT * FROM escrow.movement AS m WHERE m.institution_id = r.institution_id
      AND m.sequence > r.since AND m.kind = 'receipt' OFFSET 0) AS m
), waiting AS (
  SELECT t.institution_id, t.sequence, t.entry_id, t.amount_fen,
    coalesce(sum(CAST(b.amount_fen AS bigint)), 0) AS matched_fen
  FROM told AS t
  LEFT JOIN told AS b ON b.institution_id = t.institution_id AND b.entry_id = t.entry_id
    AND b.type = 'receipt.matched' AND b.sequence < t.sequence
  WHERE t.type = 'receipt.unmatched'
  GROUP BY t.institution_id, t.sequence, t.entry_id, t.amount_fen
), judged AS (
  SELECT w.institution_id, w.sequence, w.amount_fen,
    string_agg(r.amount_fen::text, ' or ') AS received_fen,
    bool_or(w.amount_fen IN (r.amount_fen::text, (r.amount_fen - w.matched_fen)::text)) AS is_right
  FROM waiting AS w
  LEFT JOIN received AS r ON r.institution_id = w.institution_id AND r.entry_id = w.entry_id
  GROUP BY w.institution_id, w.sequence, w.amount_fen
)
SELECT 'told_waiting' AS rule, 'event' AS named,
  concat_ws('/', institution_id, sequence) AS key, coalesce(amount_fen, 'none') AS found,
  'of ' || coalesce(received_fen, 'none') AS expected, NULL AS other, NULL AS other_key
FROM judged WHERE is_right IS NOT TRUE
ORDER BY 3 LIMIT CAST(:most AS int)
