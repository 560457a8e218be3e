-- Put a posting's events on the feed, in the order that write_balance gave its institutions.
-- Locks: none beyond the institution_id's. Index: event_pkey, event_order_idx.
-- Rows: a few per institution and posting.
INSERT INTO escrow.event (
  institution_id, sequence, event_id, type, body, time, epoch, order_xid)
SELECT v.institution_id, v.sequence, v.event_id, v.type, v.body, $6::timestamptz,
  (SELECT max(e.epoch) FROM escrow.feed_epoch AS e), b.order_xid
FROM unnest($1::text[], $2::bigint[], $3::uuid[], $4::text[], $5::text[])
  AS v (institution_id, sequence, event_id, type, body)
CROSS JOIN LATERAL (
  SELECT q.order_xid FROM escrow.balance AS q WHERE q.institution_id = v.institution_id OFFSET 0
) AS b
