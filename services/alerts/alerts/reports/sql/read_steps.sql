-- Count the steps that officers took in a district's cases in a span of days.
-- Locks: none. Index: case_event_pkey, by case. Rows: one for each step there is.
SELECT e.step, count(*) AS number, count(DISTINCT e.case_id) AS cases
FROM alerts."case" AS c
JOIN alerts.case_event AS e
  ON e.institution_id = c.institution_id AND e.case_id = c.case_id
WHERE starts_with(c.district_code, :stem) AND e.at >= :from_at AND e.at < :until_at
GROUP BY 1
