-- Read each institution's events in order: numbered without a gap up to the counter, in the
-- order of time and of the feed, none from a transaction that has not begun.
-- Locks: none. Index: event_pkey, balance_pkey. Rows: the events since, of one chunk of
-- institution_ids.
WITH read AS (
  SELECT e.institution_id, e.sequence, e.time, e.epoch, e.order_xid, b.sequence AS counted,
    coalesce(lag(e.sequence) OVER o, r.told) AS before,
    greatest(e.time, coalesce(lag(e.time) OVER o, p.time)) AS time_after,
    coalesce(lag(e.epoch) OVER o, p.epoch, e.epoch) AS epoch_before,
    coalesce(lag(e.order_xid) OVER o, p.order_xid, e.order_xid) AS order_before,
    (SELECT max(x.epoch) FROM escrow.feed_epoch AS x) AS epoch_now,
    row_number() OVER (PARTITION BY e.institution_id ORDER BY e.sequence DESC) = 1 AS is_last,
    b.order_xid AS balance_order, b.posted_at
  FROM unnest(CAST(:ids AS text[]), CAST(:told AS bigint[])) AS r (institution_id, told)
  JOIN escrow.event AS e ON e.institution_id = r.institution_id AND e.sequence > r.told
  JOIN escrow.balance AS b ON b.institution_id = r.institution_id
  LEFT JOIN escrow.event AS p ON p.institution_id = r.institution_id AND p.sequence = r.told
  WHERE e.institution_id = ANY (CAST(:ids AS text[]))
  WINDOW o AS (PARTITION BY e.institution_id ORDER BY e.sequence)
)
SELECT f.rule, f.named, concat_ws('/', r.institution_id, f.sequence) AS key, f.found, f.expected,
  NULL AS other, NULL AS other_key
FROM read AS r
CROSS JOIN LATERAL (VALUES
  ('missing', 'event', r.before + 1, r.sequence <> r.before + 1, 'none', 'there'),
  ('counted', 'event', r.sequence, r.sequence > r.counted, r.sequence::text,
    'at most ' || r.counted),
  ('time', 'event', r.sequence, r.time <> r.time_after, r.time::text, r.time_after::text),
  ('epoch', 'event', r.sequence, r.epoch NOT BETWEEN r.epoch_before AND r.epoch_now,
    r.epoch::text, r.epoch_before || ' to ' || r.epoch_now),
  ('order_xid', 'event', r.sequence, r.epoch = r.epoch_before AND r.order_xid < r.order_before,
    r.order_xid::text, 'at least ' || r.order_before::text),
  ('order_xid', 'event', r.sequence, r.epoch = r.epoch_now
    AND r.order_xid >= pg_snapshot_xmax(pg_current_snapshot()), r.order_xid::text, 'begun'),
  ('order_xid', 'balance', NULL, r.is_last AND r.balance_order < r.order_xid,
    r.balance_order::text, 'at least ' || r.order_xid::text),
  ('posted_at', 'balance', NULL, r.is_last AND r.posted_at < r.time, r.posted_at::text,
    'at least ' || r.time::text)
) AS f (rule, named, sequence, is_wrong, found, expected)
WHERE f.is_wrong
ORDER BY r.institution_id, r.sequence LIMIT CAST(:most AS int)
