-- Write facts; those of an event that was taken in before are left as they are.
-- Locks: none beyond the institutions' rows, which the caller holds.
-- Index: fact_event_key. Rows: the facts of one page, by institution_id and event.
INSERT INTO alerts.fact
  (institution_id, event_id, part, kind, at, seen_at, told_at, amount_fen, ref, tag, number, body)
SELECT t.institution_id, t.event_id, t.part, t.kind, t.at, $11, t.told_at, t.amount_fen, t.ref,
  t.tag, t.number, t.body::jsonb
FROM unnest($1::text[], $2::uuid[], $3::int[], $4::text[], $5::timestamptz[], $6::bigint[],
  $7::text[], $8::text[], $9::int[], $10::text[], $12::timestamptz[])
  WITH ORDINALITY
  AS t (institution_id, event_id, part, kind, at, amount_fen, ref, tag, number, body, told_at,
    place)
ORDER BY t.place
ON CONFLICT (institution_id, event_id, part) DO NOTHING
RETURNING institution_id, fact_id, kind
