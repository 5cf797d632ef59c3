-- A value for which a rule has no answer, such as a text that is no JSON, breaks it. A rule that may not be asked judges nothing.
CREATE TEMP TABLE judged AS
SELECT * FROM broken_rules({query},
                           'SELECT rule, predicate FROM silver_rules WHERE table_name = ''{rules}''');
CREATE TEMP TABLE broken_rule AS
SELECT CAST(j.key AS INTEGER) AS {key}, r.rule, r.severity, r.reason || CASE WHEN j.error IS NULL THEN '' ELSE ' (or has no answer)' END AS reason
FROM judged AS j
JOIN silver_rules AS r USING (rule)
WHERE r.table_name = {table} AND j.refusal IS NULL;
DELETE FROM silver_rule_rejects
WHERE table_name = {table}
  AND NOT EXISTS (SELECT 1 FROM silver_rules AS r JOIN judged AS j USING (rule)
                  WHERE (r.table_name, r.rule, r.predicate) = (silver_rule_rejects.table_name, silver_rule_rejects.rule, silver_rule_rejects.predicate)
                    AND j.refusal IS NOT NULL);
INSERT OR IGNORE INTO silver_rule_rejects (table_name, rule, predicate, reason, rejected_at)
SELECT r.table_name, rule, r.predicate, j.refusal, started_at
FROM stage_clock, judged AS j
JOIN silver_rules AS r USING (rule)
WHERE r.table_name = {table} AND j.refusal IS NOT NULL;
