-- Read the stored answers of the requests of a posting, after the wait.
-- Locks: none. Index: request_pkey. Rows: at most one per request.
-- tidy: allow sql-institution - requests are keyed by who asked what, not by institution.
SELECT r.request_digest, r.body_digest, r.status, r.answer
FROM unnest($1::bytea[]) AS k (request_digest)
CROSS JOIN LATERAL (
  SELECT * FROM escrow.request AS q
  WHERE q.request_digest = k.request_digest
  OFFSET 0
) AS r
