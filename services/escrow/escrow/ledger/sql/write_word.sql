-- Write what the registry said last of each institution_id.
-- Locks: whoever hears or registers an institution holds lock_heard.
-- Index: registry_word_pkey. Rows: the institutions that a posting hears of; an older word
-- leaves a newer one alone, which the count shows.
INSERT INTO escrow.registry_word AS w (
  institution_id, sequence, event_id, type, status, effect, white_listed, black_listed,
  is_stale, objections, heard_at)
SELECT
  v.institution_id, v.sequence, v.event_id, v.type, v.status, v.effect, v.white_listed,
  v.black_listed, v.is_stale, string_to_array(v.objections, ' '), v.heard_at
FROM unnest(
  $1::text[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[], $7::boolean[],
  $8::boolean[], $9::boolean[], $10::text[], $11::timestamptz[]
) AS v (
  institution_id, sequence, event_id, type, status, effect, white_listed, black_listed,
  is_stale, objections, heard_at
)
ON CONFLICT (institution_id) DO UPDATE SET
  sequence = excluded.sequence, event_id = excluded.event_id, type = excluded.type,
  status = excluded.status, effect = excluded.effect, white_listed = excluded.white_listed,
  black_listed = excluded.black_listed, is_stale = excluded.is_stale,
  objections = excluded.objections, heard_at = excluded.heard_at
WHERE w.sequence < excluded.sequence
