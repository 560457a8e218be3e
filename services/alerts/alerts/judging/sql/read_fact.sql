-- Read what is known of institutions, for their views.
-- Locks: none; the caller holds the institutions' rows. Index: fact_pkey.
-- Rows: the facts of the institution_ids of one judging. What a lesson was is read only where its
-- day may still be judged: of older releases the sum is enough. Asked for the past ($3), what was
-- told before we heard it counts as heard then: as if we had been there. Kinds that no rule in
-- question asks for ($4) are left out, but where they say how the floor stood.
SELECT f.institution_id, f.fact_id, f.kind, f.at,
  CASE WHEN $3 THEN least(f.told_at, f.seen_at) ELSE f.seen_at END AS seen_at,
  f.amount_fen, f.ref, f.tag, f.number,
  CASE WHEN f.kind = 'released' AND f.at < $2 AND f.seen_at < $2
    THEN (jsonb_build_object('floor', f.body -> 'floor'))::text ELSE f.body::text END AS body
FROM alerts.fact AS f
WHERE f.institution_id = ANY ($1::text[])
  AND (NOT f.kind = ANY ($4::text[]) OR f.body ? 'floor')
ORDER BY f.institution_id, f.fact_id
