-- Put the events of a chunk on the feed.
-- Locks: none beyond the rows'. Index: event_pkey (institution_id first), event_order_idx.
-- Rows: a few per institution.
INSERT INTO registry.event (
  institution_id, sequence, event_id, type, body, time, epoch, order_xid)
SELECT
  v.institution_id, v.sequence, v.event_id, v.type, v.body, $6::timestamptz,
  (SELECT max(e.epoch) FROM registry.feed_epoch AS e), i.order_xid
FROM unnest($1::text[], $2::bigint[], $3::uuid[], $4::text[], $5::text[])
  AS v (institution_id, sequence, event_id, type, body)
CROSS JOIN LATERAL (
  SELECT q.order_xid FROM registry.institution AS q
  WHERE q.institution_id = v.institution_id
  OFFSET 0
) AS i
