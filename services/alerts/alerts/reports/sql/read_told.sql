-- Count what was told of a district's institutions in a span of days, by kind and tag.
-- Locks: none. Index: fact_pkey, by institution. Rows: a few dozen; read are the facts of the
-- district, of which an entry or a state of a refund that was told twice counts once, as it
-- was heard last.
WITH told AS (
  SELECT DISTINCT ON (f.institution_id, f.kind,
      CASE WHEN f.kind IN ('credit', 'debit') THEN f.ref
        WHEN f.kind = 'refund' THEN f.ref || ' ' || f.tag ELSE f.fact_id::text END)
    f.institution_id, f.kind, f.tag, f.amount_fen, f.number, f.ref, f.at
  FROM alerts.fact AS f
  JOIN alerts.institution AS i ON i.institution_id = f.institution_id
  WHERE starts_with(i.district_code, :stem)
    AND f.at < :until_at AND f.at >= :from_at
    AND f.kind IN ('credit', 'debit', 'funded', 'contract', 'contract_closed', 'released',
      'reversed', 'claim_refused', 'refund', 'unallocated', 'registry', 'freeze', 'statement',
      'tip', 'inspection', 'bank_warning')
  ORDER BY f.institution_id, f.kind,
    CASE WHEN f.kind IN ('credit', 'debit') THEN f.ref
        WHEN f.kind = 'refund' THEN f.ref || ' ' || f.tag ELSE f.fact_id::text END,
    f.seen_at DESC, f.fact_id DESC
)
SELECT t.kind, t.tag, count(*) AS number, coalesce(sum(t.amount_fen), 0)::bigint AS amount_fen,
  coalesce(sum(t.number), 0)::bigint AS units,
  count(DISTINCT t.institution_id) AS institutions
FROM told AS t GROUP BY 1, 2
