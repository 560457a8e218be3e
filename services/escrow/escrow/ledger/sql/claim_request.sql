-- Mark a posting's requests as running, for other processes that get the same ones.
-- Locks: one advisory lock per request until the end of the transaction; never waits.
-- Index: none. Rows: the requests of one posting.
-- tidy: allow sql-institution - requests are keyed by who asked what, not by institution.
SELECT k.request_digest
FROM unnest($1::bytea[], $2::bigint[]) AS k (request_digest, number)
WHERE NOT pg_try_advisory_xact_lock(k.number)
