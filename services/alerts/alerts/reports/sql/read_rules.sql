-- Count a district's cases that were opened in a span of days, by rule.
-- Locks: none. Index: case_open_idx for what is not archived. Rows: one for each rule.
SELECT c.rule, count(*) AS number FROM alerts."case" AS c
WHERE starts_with(c.district_code, :stem) AND c.opened_at >= :from_at AND c.opened_at < :until_at
GROUP BY 1
