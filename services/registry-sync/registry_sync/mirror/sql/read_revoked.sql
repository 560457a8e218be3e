-- Read whom a source took a licence from lately, but for what two persons let through.
-- tidy: allow sql-institution - a whole source is judged at once.
-- Locks: none. Index: statement_recorded_at_idx. Rows: revocations of a day.
SELECT DISTINCT s.institution_id, s.licence_no
FROM registry.statement AS s
JOIN registry.statement AS before
  ON before.institution_id = s.institution_id AND before.source = s.source
  AND before.licence_no = s.licence_no AND before.statement_no = s.statement_no - 1
WHERE s.source = $1::text AND s.recorded_at >= $2::timestamptz AND s.statement_no > 1
  AND (s.said[5] = 'revoked' OR s.said[10] = 'yes')
  AND NOT coalesce(before.said[5] = 'revoked' OR before.said[10] = 'yes', false)
  AND NOT EXISTS (
    SELECT FROM registry.hold AS h
    JOIN registry.held_site AS seen ON seen.hold_id = h.hold_id
    WHERE h.source = $1::text AND h.reason = 'mass_revocation' AND h.state = 'applied'
      AND h.ended_at >= $2::timestamptz
      AND seen.institution_id = s.institution_id AND seen.licence_no = s.licence_no)
