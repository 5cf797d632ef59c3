CREATE TEMP TABLE emptied AS
SELECT b.{key}, ',' || group_concat(DISTINCT e.column_name) || ',' AS columns
FROM broken AS b
JOIN silver_rule_empties AS e ON e.table_name = {table} AND e.rule = b.rule
GROUP BY b.{key};
CREATE UNIQUE INDEX temp.emptied_by_version ON emptied ({key});
