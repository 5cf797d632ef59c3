-- Also of a row that is current, where a value was left out.
CREATE TEMP TABLE rule_field AS SELECT rule, field FROM silver_rule_fields WHERE table_name = {table} AND rule IN (SELECT rule FROM broken);
INSERT INTO silver_rejects (table_name, activity_id, item, rule, reason, bronze_id, payload, severity, field, value)
SELECT {table}, v.activity_id, {item}, b.rule, b.reason, v.bronze_id, v.payload, b.severity,
       COALESCE(b.field, (SELECT group_concat(r.field, ', ') FROM rule_field AS r WHERE r.rule = b.rule)),
       COALESCE(b.value, (SELECT group_concat(COALESCE(substr(v.payload -> r.field, 1, 60), 'null'), ', ') FROM rule_field AS r WHERE r.rule = b.rule))
FROM {rows} AS v
JOIN broken AS b USING ({key})
WHERE b.severity = 'reject' OR b.field IS NOT NULL OR b.rule IN (SELECT rule FROM silver_rule_empties WHERE table_name = {table});
