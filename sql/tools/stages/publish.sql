-- What changes or goes stays in the history, with the instant of the correction that ended the belief in it.
CREATE TEMP TABLE fresh AS
SELECT * FROM computed
EXCEPT
SELECT * FROM {table} WHERE athlete_id IN (SELECT athlete_id FROM changed);
CREATE TEMP TABLE outdated AS
SELECT {o_key},
       COALESCE(CASE WHEN f.{available} > o.{available} THEN f.{available} END,
                (SELECT MAX(corrected_at) FROM silver_corrections AS s
                 WHERE s.athlete_id = o.athlete_id AND s.from_date <= {last_day} AND s.corrected_at > o.{available}),
                k.started_at) AS superseded_at
FROM stage_clock AS k
CROSS JOIN changed AS c
CROSS JOIN {table} AS o USING (athlete_id)
LEFT JOIN fresh AS f USING ({key})
WHERE f.athlete_id IS NOT NULL OR NOT EXISTS (SELECT 1 FROM computed AS n WHERE ({n_key}) = ({o_key}));
INSERT INTO {table}_history
SELECT o.*, d.superseded_at, (SELECT who FROM ops_actor)
FROM outdated AS d
JOIN {table} AS o USING ({key})
WHERE d.superseded_at > o.{available};
DELETE FROM {table}
WHERE ({key}) IN (SELECT {key} FROM outdated);
INSERT INTO {table} SELECT * FROM fresh;
