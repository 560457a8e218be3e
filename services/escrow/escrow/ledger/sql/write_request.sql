-- Store the answers of a posting's requests, once each.
-- Locks: waits for another posting that stores the same request, and then adds nothing.
-- Index: request_pkey. Rows: the requests of one posting.
-- tidy: allow sql-institution - requests are keyed by who asked what, not by institution.
INSERT INTO escrow.request (request_digest, body_digest, status, answer, answered_at)
SELECT r.request_digest, r.body_digest, r.status, r.answer, $5::timestamptz
FROM unnest($1::bytea[], $2::bytea[], $3::smallint[], $4::bytea[])
  AS r (request_digest, body_digest, status, answer)
ORDER BY r.request_digest
ON CONFLICT DO NOTHING
