-- A value for which a rule has no answer, such as a text that is no JSON, breaks it. A rule that may not be asked judges nothing.
-- Where nothing is new and no rule has changed, nothing is asked: what was said of the rules stands.
CREATE TEMP TABLE judging AS
SELECT 1 FROM stage_clock WHERE position IS NOT position_before OR EXISTS (SELECT 1 FROM version);
CREATE TEMP TABLE judged AS
SELECT r.*
FROM judging
CROSS JOIN broken_rules({query},
                        'SELECT rule, predicate FROM silver_rules WHERE table_name = ''{rules}''') AS r;
CREATE TEMP TABLE broken_rule AS
SELECT CAST(j.key AS INTEGER) AS {key}, r.rule, r.severity, r.reason || CASE WHEN j.error IS NULL THEN '' ELSE ' (or has no answer)' END AS reason
FROM judged AS j
JOIN silver_rules AS r USING (rule)
WHERE r.table_name = {table} AND j.refusal IS NULL;
DELETE FROM silver_rule_rejects
WHERE table_name = {table} AND EXISTS (SELECT 1 FROM judging)
  AND NOT EXISTS (SELECT 1 FROM silver_rules AS r JOIN judged AS j USING (rule)
                  WHERE (r.table_name, r.rule, r.predicate) = (silver_rule_rejects.table_name, silver_rule_rejects.rule, silver_rule_rejects.predicate)
                    AND j.refusal IS NOT NULL);
INSERT OR IGNORE INTO silver_rule_rejects (table_name, rule, predicate, reason, rejected_at)
SELECT r.table_name, rule, r.predicate, j.refusal, started_at
FROM stage_clock, judged AS j
JOIN silver_rules AS r USING (rule)
WHERE r.table_name = {table} AND j.refusal IS NOT NULL;
