-- stage:    415_stream_features
-- purpose:  what the recording by the second says of every training that has one
-- reads:    activity_features, silver_stream_facts, silver_same_training; ops_config, silver_corrections, ops_stale, ops_actor, activity_stream_features, activity_stream_features_history, ops_watermarks, ops_due, feature_upgrades, activity_stream_features_versions, ops_upstreams
-- writes:   activity_stream_features; activity_stream_features_history, activity_stream_features_earlier, feature_publications, ops_seen, ops_due
-- follows:  410_activity_features
-- grain:    athlete_id, activity_id
-- params:   heart_rate_min_share
-- rests:    ops_due; feature_groups, feature_publications

-- begin: printed by `make stages`
BEGIN IMMEDIATE;

INSERT INTO ops_announced (stage, purpose, inputs, products, follows) VALUES (
    '415_stream_features',
    'what the recording by the second says of every training that has one',
    '["activity_features", "silver_stream_facts", "silver_same_training"]',
    '["activity_stream_features"]',
    '["410_activity_features"]');

CREATE TEMP TABLE stage_clock AS
SELECT strftime('%Y-%m-%dT%H:%M:%SZ', 'now') AS started_at, julianday('now') AS started;

CREATE TEMP TABLE changed AS
SELECT athlete_id, position, MIN(since) AS since
FROM (SELECT s.athlete_id, s.position,
             CASE WHEN json_valid(s.position) AND json_extract(s.position, '$[15]') = substr(row_hash(m.position), 1, 32)
                  THEN json_extract(s.position, '$[14]') ELSE '' END AS since
      FROM ops_stale AS s
      LEFT JOIN ops_watermarks AS m ON m.stage = s.stage AND m.athlete_id = s.athlete_id
      WHERE s.stage = '415_stream_features'
      UNION ALL -- everyone, for a version that has not been published
      SELECT w.athlete_id, w.position, ''
      FROM feature_upgrades AS g
      CROSS JOIN ops_upstreams AS d ON d.stage = '415_stream_features'
      CROSS JOIN ops_watermarks AS w ON w.stage = d.upstream
      WHERE g.table_name = 'activity_stream_features' AND g.earlier IS NOT NULL)
GROUP BY athlete_id, position;
-- end

-- Of the activity that counts, or else of another one of the same training, as 410_activity_features chooses.
CREATE TEMP TABLE recorded AS
SELECT f.*, COALESCE(t.same_training_as, f.activity_id) AS training_id,
       ROW_NUMBER() OVER (PARTITION BY f.athlete_id, COALESCE(t.same_training_as, f.activity_id)
                          ORDER BY t.same_training_as IS NOT NULL, length(f.activity_id), f.activity_id) AS choice
FROM changed
CROSS JOIN silver_stream_facts AS f USING (athlete_id)
LEFT JOIN silver_same_training AS t ON t.athlete_id = f.athlete_id AND t.activity_id = f.activity_id;

CREATE TEMP TABLE concerned AS
SELECT 1 AS is_concerned FROM recorded
UNION ALL SELECT 1 FROM changed CROSS JOIN activity_stream_features USING (athlete_id)
UNION ALL SELECT 1 FROM feature_upgrades WHERE table_name = 'activity_stream_features'
LIMIT 1;

-- rests here without concerned
CREATE TEMP TABLE computed AS
SELECT a.athlete_id, a.activity_id, a.event_timestamp, a.activity_date, r.activity_id AS recorded_as,
       CASE WHEN a.is_run THEN r.graded_pace_min_km END AS graded_pace_min_km,
       CASE WHEN a.is_run THEN r.minetti_pace_min_km END AS minetti_pace_min_km,
       CASE WHEN a.is_run THEN r.normalized_graded_pace_min_km END AS normalized_graded_pace_min_km,
       CASE WHEN a.is_run THEN r.decoupling_pct END AS decoupling_pct,
       r.avg_hr AS recorded_avg_hr, r.heart_rate_s / nullif(r.heart_rate_s + r.heart_rate_lost_s, 0) AS heart_rate_share,
       r.normalized_power_w, r.temperature_c,
       CASE a.load_source WHEN 'told' THEN 'told' WHEN 'rpe' THEN 'told'
            WHEN 'pace' THEN CASE WHEN r.normalized_graded_pace_min_km IS NOT NULL THEN 'seconds' ELSE 'averages' END
            WHEN 'power' THEN CASE WHEN r.normalized_power_w IS NOT NULL THEN 'seconds' ELSE 'averages' END
            WHEN 'heart_rate' THEN CASE WHEN r.heart_rate_s >= (SELECT value FROM ops_config WHERE name = 'heart_rate_min_share') * (r.heart_rate_s + r.heart_rate_lost_s) AND r.heart_rate_s > 0 THEN 'seconds' ELSE 'averages' END
            ELSE 'none' END AS load_basis,
       max(a.available_at, r.known_at) AS available_at
FROM recorded AS r
JOIN activity_features AS a ON a.athlete_id = r.athlete_id AND a.activity_id = r.training_id
WHERE r.choice = 1;
CREATE UNIQUE INDEX temp.computed_by_activity ON computed (athlete_id, activity_id);

SELECT assert_that(NOT EXISTS (SELECT 1 FROM computed WHERE available_at < event_timestamp),
                   '415_stream_features: a row is known before it happened');

-- publish activity_stream_features, corrected from o.activity_date: printed by `make stages`
-- A row is known from the instant at which its values first stood; what changes or goes stays in the history until then.
-- What moved without news, as by a setting, is known from now on; and as before, where the formula of a version that has not been
-- published moved it: then that version is published over the whole history, and what stood before goes to activity_stream_features_earlier.
CREATE TEMP TABLE heard AS
SELECT c.athlete_id, json_extract(m.position, '$[10]') AS until, json_extract(c.position, '$[10]') AS until_now
FROM changed AS c
JOIN ops_watermarks AS m ON m.stage = '415_stream_features' AND m.athlete_id = c.athlete_id;
CREATE UNIQUE INDEX temp.heard_by_athlete ON heard (athlete_id);
CREATE TEMP TABLE standing AS
SELECT o.athlete_id, o.activity_id, o.available_at AS since, n.available_at AS told
FROM computed AS n
CROSS JOIN activity_stream_features AS o USING (athlete_id, activity_id);
CREATE UNIQUE INDEX temp.standing_by_key ON standing (athlete_id, activity_id);
UPDATE computed AS n SET available_at = s.since
FROM standing AS s
WHERE (n.athlete_id, n.activity_id) = (s.athlete_id, s.activity_id) AND n.available_at <> s.since;
CREATE TEMP TABLE fresh AS
SELECT n.athlete_id, n.activity_id, n.event_timestamp, n.activity_date, n.recorded_as, n.graded_pace_min_km, n.minetti_pace_min_km, n.normalized_graded_pace_min_km, n.decoupling_pct, n.recorded_avg_hr, n.heart_rate_share, n.normalized_power_w, n.temperature_c, n.load_basis, n.available_at
FROM computed AS n
LEFT JOIN activity_stream_features AS o ON (o.athlete_id, o.activity_id) = (n.athlete_id, n.activity_id)
WHERE (n.athlete_id, n.activity_id, n.event_timestamp, n.activity_date, n.recorded_as, n.graded_pace_min_km, n.minetti_pace_min_km, n.normalized_graded_pace_min_km, n.decoupling_pct, n.recorded_avg_hr, n.heart_rate_share, n.normalized_power_w, n.temperature_c, n.load_basis, n.available_at) IS NOT (o.athlete_id, o.activity_id, o.event_timestamp, o.activity_date, o.recorded_as, o.graded_pace_min_km, o.minetti_pace_min_km, o.normalized_graded_pace_min_km, o.decoupling_pct, o.recorded_avg_hr, o.heart_rate_share, o.normalized_power_w, o.temperature_c, o.load_basis, o.available_at);
CREATE TEMP TABLE upgrade AS
SELECT u.*, u.earlier IS NULL OR EXISTS (
           SELECT 1 FROM fresh AS n
           LEFT JOIN standing AS s USING (athlete_id, activity_id)
           LEFT JOIN heard AS h ON h.athlete_id = n.athlete_id
           WHERE h.until_now IS h.until OR COALESCE(s.told, n.available_at) <= max(COALESCE(s.since, ''), COALESCE(h.until, '')))
       OR EXISTS (
           SELECT 1 FROM changed AS c
           CROSS JOIN activity_stream_features AS o USING (athlete_id)
           LEFT JOIN heard AS h ON h.athlete_id = o.athlete_id
           WHERE NOT EXISTS (SELECT 1 FROM computed AS n WHERE (n.athlete_id, n.activity_id) = (o.athlete_id, o.activity_id))
             AND NOT EXISTS (SELECT 1 FROM silver_corrections AS s
                             WHERE s.athlete_id = o.athlete_id AND s.from_date <= o.activity_date AND s.corrected_at > max(o.available_at, COALESCE(h.until, '')))) AS is_new
FROM feature_upgrades AS u
WHERE u.table_name = 'activity_stream_features';
CREATE TEMP TABLE formula AS SELECT * FROM upgrade WHERE is_new AND earlier IS NOT NULL;
UPDATE fresh AS n SET available_at = max(n.available_at, k.started_at)
FROM heard AS h, stage_clock AS k
WHERE h.athlete_id = n.athlete_id AND n.available_at <= h.until AND NOT EXISTS (SELECT 1 FROM formula);
UPDATE fresh AS n SET available_at = CASE WHEN EXISTS (SELECT 1 FROM formula) AND (h.until_now IS h.until OR s.told <= max(s.since, COALESCE(h.until, ''))) THEN s.since
                                         WHEN s.told > s.since AND s.told > COALESCE(h.until, '') THEN s.told ELSE max(s.since, k.started_at) END
FROM standing AS s, stage_clock AS k
LEFT JOIN heard AS h ON h.athlete_id = s.athlete_id
WHERE (n.athlete_id, n.activity_id) = (s.athlete_id, s.activity_id);
INSERT INTO activity_stream_features_earlier (publication_id, athlete_id, activity_id, event_timestamp, activity_date, recorded_as, graded_pace_min_km, minetti_pace_min_km, normalized_graded_pace_min_km, decoupling_pct, recorded_avg_hr, heart_rate_share, normalized_power_w, temperature_c, load_basis, available_at, superseded_at, superseded_by)
SELECT f.earlier, o.athlete_id, o.activity_id, o.event_timestamp, o.activity_date, o.recorded_as, o.graded_pace_min_km, o.minetti_pace_min_km, o.normalized_graded_pace_min_km, o.decoupling_pct, o.recorded_avg_hr, o.heart_rate_share, o.normalized_power_w, o.temperature_c, o.load_basis, o.available_at, o.superseded_at, o.superseded_by FROM formula AS f CROSS JOIN activity_stream_features_versions AS o;
DELETE FROM activity_stream_features_history WHERE EXISTS (SELECT 1 FROM formula);
UPDATE fresh AS n SET available_at = max(available_at, COALESCE((SELECT MAX(superseded_at) FROM activity_stream_features_history AS h WHERE (h.athlete_id, h.activity_id) = (n.athlete_id, n.activity_id)), ''))
WHERE EXISTS (SELECT 1 FROM activity_stream_features_history AS h WHERE (h.athlete_id, h.activity_id) = (n.athlete_id, n.activity_id));
CREATE TEMP TABLE outdated AS
SELECT o.athlete_id, o.activity_id, f.available_at AS superseded_at
FROM fresh AS f
CROSS JOIN activity_stream_features AS o USING (athlete_id, activity_id)
UNION ALL
SELECT o.athlete_id, o.activity_id,
       COALESCE((SELECT MAX(corrected_at) FROM silver_corrections AS s
                 WHERE s.athlete_id = o.athlete_id AND s.from_date <= o.activity_date AND s.corrected_at > max(o.available_at, COALESCE(h.until, ''))),
                k.started_at)
FROM stage_clock AS k
CROSS JOIN changed AS c
CROSS JOIN activity_stream_features AS o USING (athlete_id)
LEFT JOIN heard AS h ON h.athlete_id = o.athlete_id
WHERE o.activity_date >= c.since AND NOT EXISTS (SELECT 1 FROM computed AS n WHERE (n.athlete_id, n.activity_id) = (o.athlete_id, o.activity_id));
INSERT INTO activity_stream_features_history (athlete_id, activity_id, event_timestamp, activity_date, recorded_as, graded_pace_min_km, minetti_pace_min_km, normalized_graded_pace_min_km, decoupling_pct, recorded_avg_hr, heart_rate_share, normalized_power_w, temperature_c, load_basis, available_at, superseded_at, superseded_by)
SELECT o.athlete_id, o.activity_id, o.event_timestamp, o.activity_date, o.recorded_as, o.graded_pace_min_km, o.minetti_pace_min_km, o.normalized_graded_pace_min_km, o.decoupling_pct, o.recorded_avg_hr, o.heart_rate_share, o.normalized_power_w, o.temperature_c, o.load_basis, o.available_at, d.superseded_at, (SELECT who FROM ops_actor)
FROM outdated AS d
JOIN activity_stream_features AS o USING (athlete_id, activity_id);
DELETE FROM activity_stream_features
WHERE (athlete_id, activity_id) IN (SELECT athlete_id, activity_id FROM outdated);
DELETE FROM activity_stream_features_history -- what was never believed leaves no version
WHERE (athlete_id, activity_id) IN (SELECT athlete_id, activity_id FROM outdated) AND superseded_at <= available_at OR EXISTS (SELECT 1 FROM formula);
INSERT INTO activity_stream_features (athlete_id, activity_id, event_timestamp, activity_date, recorded_as, graded_pace_min_km, minetti_pace_min_km, normalized_graded_pace_min_km, decoupling_pct, recorded_avg_hr, heart_rate_share, normalized_power_w, temperature_c, load_basis, available_at) SELECT athlete_id, activity_id, event_timestamp, activity_date, recorded_as, graded_pace_min_km, minetti_pace_min_km, normalized_graded_pace_min_km, decoupling_pct, recorded_avg_hr, heart_rate_share, normalized_power_w, temperature_c, load_basis, available_at FROM fresh;
INSERT INTO feature_publications (group_name, major, minor, patch, build, is_new, published_at)
SELECT name, major, minor, patch, max(1, builds + is_new), is_new, started_at FROM upgrade, stage_clock;
-- end

CREATE TEMP TABLE counted AS
SELECT (SELECT COUNT(*) FROM recorded) AS rows_in, (SELECT COUNT(*) FROM computed) AS rows_out, 0 AS rows_rejected, NULL AS message;

-- finish: printed by `make stages`
INSERT INTO ops_runs (stage, started_at, duration_ms, rows_in, rows_out, rows_rejected, outcome, message)
SELECT '415_stream_features', started_at, (julianday('now') - started) * 86400000, rows_in, rows_out, rows_rejected, 'ok', message
FROM stage_clock, counted;

INSERT INTO ops_seen (stage, athlete_id, position) SELECT '415_stream_features', athlete_id, position FROM changed;

DELETE FROM ops_due WHERE stage = '415_stream_features';

DROP TABLE temp.counted;
DROP TABLE temp.outdated;
DROP TABLE temp.formula;
DROP TABLE temp.upgrade;
DROP TABLE temp.fresh;
DROP TABLE temp.standing;
DROP TABLE temp.heard;
DROP TABLE temp.computed;
DROP TABLE temp.concerned;
DROP TABLE temp.recorded;
DROP TABLE temp.changed;
DROP TABLE temp.stage_clock;

COMMIT;
