-- Note where institutions stand, as judged.
-- Locks: rows the caller holds. Index: institution_pkey. Rows: the institution_ids of one judging.
UPDATE alerts.institution AS i
SET touched_at = NULL, judged_at = $8, custody_fen = t.custody_fen, held_fen = t.held_fen,
  required_fen = t.required_fen, outflow_fen = t.outflow_fen, refunded_fen = t.refunded_fen,
  risk = t.risk
FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[],
  $7::text[])
  AS t (institution_id, custody_fen, held_fen, required_fen, outflow_fen, refunded_fen, risk)
WHERE i.institution_id = t.institution_id
