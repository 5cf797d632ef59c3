-- A row is known from the instant at which its values first stood; what changes or goes stays in the history until then.
-- What moved without news, as by a setting, is known from now on; and as before, where the formula of a version that has not been
-- published moved it: then that version is published over the whole history, and what stood before goes to {table}_earlier.
CREATE TEMP TABLE heard AS
SELECT c.athlete_id, json_extract(m.position, '$[10]') AS until, {until_now} AS until_now
FROM changed AS c
JOIN ops_watermarks AS m ON m.stage = {stage} AND m.athlete_id = c.athlete_id;
CREATE UNIQUE INDEX temp.heard_by_athlete ON heard (athlete_id);
CREATE TEMP TABLE standing AS
SELECT {o_key}, o.{available} AS since, n.{available} AS told
FROM computed AS n
CROSS JOIN {table} AS o USING ({key});
CREATE UNIQUE INDEX temp.standing_by_key ON standing ({key});
UPDATE computed AS n SET {available} = s.since
FROM standing AS s
WHERE ({n_key}) = ({s_key}) AND n.{available} <> s.since;
CREATE TEMP TABLE fresh AS
SELECT {n_columns}
FROM computed AS n
LEFT JOIN {table} AS o ON ({o_key}) = ({n_key})
WHERE ({n_columns}) IS NOT ({o_columns});
CREATE TEMP TABLE upgrade AS
SELECT u.*, u.earlier IS NULL OR EXISTS (
           SELECT 1 FROM fresh AS n
           LEFT JOIN standing AS s USING ({key})
           LEFT JOIN heard AS h ON h.athlete_id = n.athlete_id
           WHERE h.until_now IS h.until OR COALESCE(s.told, n.{available}) <= max(COALESCE(s.since, ''), COALESCE(h.until, '')))
       OR EXISTS (
           SELECT 1 FROM changed AS c
           CROSS JOIN {table} AS o USING (athlete_id)
           LEFT JOIN heard AS h ON h.athlete_id = o.athlete_id
           WHERE NOT EXISTS (SELECT 1 FROM computed AS n WHERE ({n_key}) = ({o_key}))
             AND NOT EXISTS (SELECT 1 FROM silver_corrections AS s
                             WHERE s.athlete_id = o.athlete_id AND s.from_date <= {last_day} AND s.corrected_at > max(o.{available}, COALESCE(h.until, '')))) AS is_new
FROM feature_upgrades AS u
WHERE u.table_name = '{table}';
CREATE TEMP TABLE formula AS SELECT * FROM upgrade WHERE is_new AND earlier IS NOT NULL;
UPDATE fresh AS n SET {available} = max(n.{available}, k.started_at)
FROM heard AS h, stage_clock AS k
WHERE h.athlete_id = n.athlete_id AND n.{available} <= h.until AND NOT EXISTS (SELECT 1 FROM formula);
UPDATE fresh AS n SET {available} = CASE WHEN EXISTS (SELECT 1 FROM formula) AND (h.until_now IS h.until OR s.told <= max(s.since, COALESCE(h.until, ''))) THEN s.since
                                         WHEN s.told > s.since AND s.told > COALESCE(h.until, '') THEN s.told ELSE max(s.since, k.started_at) END
FROM standing AS s, stage_clock AS k
LEFT JOIN heard AS h ON h.athlete_id = s.athlete_id
WHERE ({n_key}) = ({s_key});
INSERT INTO {table}_earlier (publication_id, {columns}, superseded_at, superseded_by)
SELECT f.earlier, {o_columns}, o.superseded_at, o.superseded_by FROM formula AS f CROSS JOIN {table}_versions AS o;
DELETE FROM {table}_history WHERE EXISTS (SELECT 1 FROM formula);
UPDATE fresh AS n SET {available} = max({available}, COALESCE((SELECT MAX(superseded_at) FROM {table}_history AS h WHERE ({h_key}) = ({n_key})), ''))
WHERE EXISTS (SELECT 1 FROM {table}_history AS h WHERE ({h_key}) = ({n_key}));
CREATE TEMP TABLE outdated AS
SELECT {o_key}, f.{available} AS superseded_at
FROM fresh AS f
CROSS JOIN {table} AS o USING ({key})
UNION ALL
SELECT {o_key},
       COALESCE((SELECT MAX(corrected_at) FROM silver_corrections AS s
                 WHERE s.athlete_id = o.athlete_id AND s.from_date <= {last_day} AND s.corrected_at > max(o.{available}, COALESCE(h.until, ''))),
                k.started_at)
FROM stage_clock AS k
CROSS JOIN changed AS c
CROSS JOIN {table} AS o USING (athlete_id)
LEFT JOIN heard AS h ON h.athlete_id = o.athlete_id
WHERE {since}NOT EXISTS (SELECT 1 FROM computed AS n WHERE ({n_key}) = ({o_key}));
INSERT INTO {table}_history ({columns}, superseded_at, superseded_by)
SELECT {o_columns}, d.superseded_at, (SELECT who FROM ops_actor)
FROM outdated AS d
JOIN {table} AS o USING ({key});
DELETE FROM {table}
WHERE ({key}) IN (SELECT {key} FROM outdated);
DELETE FROM {table}_history -- what was never believed leaves no version
WHERE ({key}) IN (SELECT {key} FROM outdated) AND superseded_at <= {available} OR EXISTS (SELECT 1 FROM formula);
INSERT INTO {table} ({columns}) SELECT {columns} FROM fresh;
INSERT INTO feature_publications (group_name, major, minor, patch, build, is_new, published_at)
SELECT name, major, minor, patch, max(1, builds + is_new), is_new, started_at FROM upgrade, stage_clock;
