-- Read each institution's events in order: numbered without a gap up to the counter, in the
-- order of time and of the feed, of known types, none from a transaction that has not begun.
-- Locks: none. Index: event_pkey, balance_pkey. Rows: the events since, of one chunk of
-- institution_ids.
WITH range AS (
  SELECT r.*, b.sequence AS counted, b.order_xid AS balance_order, b.posted_at,
    p.time AS first_time, p.epoch AS first_epoch, p.order_xid AS first_order,
    (SELECT max(x.epoch) FROM escrow.feed_epoch AS x) AS epoch_now
  FROM unnest(CAST(:ids AS text[]), CAST(:told AS bigint[])) AS r (institution_id, told)
  JOIN escrow.balance AS b ON b.institution_id = r.institution_id
  LEFT JOIN LATERAL (
    SELECT * FROM escrow.event AS p
    WHERE p.institution_id = r.institution_id AND p.sequence = r.told OFFSET 0) AS p ON true
), read AS (
  SELECT r.*, e.sequence, e.type, e.time, e.epoch, e.order_xid,
    coalesce(lag(e.sequence) OVER o, r.told) AS before,
    coalesce(lag(e.time) OVER o, r.first_time, e.time) AS time_before,
    coalesce(lag(e.epoch) OVER o, r.first_epoch, e.epoch) AS epoch_before,
    coalesce(lag(e.order_xid) OVER o, r.first_order, e.order_xid) AS order_before,
    lead(e.sequence) OVER o IS NULL AS is_last
  FROM range AS r
  CROSS JOIN LATERAL (
    SELECT e.sequence, e.type, e.time, e.epoch, e.order_xid FROM escrow.event AS e
    WHERE e.institution_id = r.institution_id AND e.sequence > r.told OFFSET 0) AS e
  WINDOW o AS (PARTITION BY r.institution_id ORDER BY e.sequence)
)
SELECT f.rule, f.named, concat_ws('/', r.institution_id, f.sequence) AS key, f.found, f.expected,
  CASE WHEN f.rule IN ('time', 'order_xid') AND f.named = 'event' THEN 'event' END AS other,
  concat_ws('/', r.institution_id, r.before) AS other_key
FROM read AS r
CROSS JOIN LATERAL (VALUES
  ('gap', 'event', r.before + 1, r.sequence <> r.before + 1, 'none', 'there'),
  ('counted', 'event', r.sequence, r.sequence > r.counted, r.sequence::text,
    'at most ' || r.counted),
  ('time', 'event', r.sequence, r.time < r.time_before, r.time::text,
    'at least ' || r.time_before),
  ('type', 'event', r.sequence, NOT r.type = ANY (CAST(:types AS text[])), r.type, 'a known type'),
  ('epoch', 'event', r.sequence, r.epoch NOT BETWEEN r.epoch_before AND r.epoch_now,
    r.epoch::text, r.epoch_before || ' to ' || r.epoch_now),
  ('order_xid', 'event', r.sequence, r.epoch = r.epoch_before AND r.order_xid < r.order_before,
    r.order_xid::text, 'at least ' || r.order_before::text),
  ('begun', 'event', r.sequence, r.epoch = r.epoch_now
    AND r.order_xid >= pg_snapshot_xmax(pg_current_snapshot()), r.order_xid::text, 'begun'),
  ('order_xid', 'balance', NULL, r.is_last AND r.epoch = r.epoch_now
    AND r.balance_order < r.order_xid, r.balance_order::text, 'at least ' || r.order_xid::text),
  ('posted_at', 'balance', NULL, r.is_last AND r.posted_at < r.time, r.posted_at::text,
    'at least ' || r.time::text),
  ('last_time', 'event', r.sequence, r.is_last AND r.posted_at < r.time, r.time::text,
    'at most ' || r.posted_at::text)
) AS f (rule, named, sequence, is_wrong, found, expected)
WHERE f.is_wrong AND (r.sequence <> r.before + 1 OR r.sequence > r.counted
  OR r.time < r.time_before OR r.epoch <> r.epoch_before OR r.epoch > r.epoch_now
  OR r.order_xid < r.order_before OR r.order_xid >= pg_snapshot_xmax(pg_current_snapshot())
  OR NOT r.type = ANY (CAST(:types AS text[])) OR r.is_last)
ORDER BY r.institution_id, r.sequence LIMIT CAST(:most AS int)
