-- Read what the registry said last of each institution_id.
-- Locks: none, whoever hears or registers an institution holds lock_heard.
-- Index: registry_word_pkey. Rows: at most one per institution.
SELECT
  w.institution_id, w.sequence, w.event_id, w.type, w.status, w.effect, w.white_listed,
  w.black_listed, w.is_stale, w.objections, w.heard_at
FROM escrow.registry_word AS w
WHERE w.institution_id = ANY ($1::text[])
