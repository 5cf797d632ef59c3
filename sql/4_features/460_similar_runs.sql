-- stage:    460_similar_runs
-- purpose:  the pace that the runs before a run speak for, weighted by how similar they are; and that of the next run
-- reads:    silver_trainings; silver_corrections, ops_stale, ops_actor, similar_runs, similar_runs_history, ops_watermarks, ops_due, feature_upgrades, similar_runs_versions, ops_upstreams
-- writes:   similar_runs; similar_runs_history, similar_runs_earlier, feature_publications, ops_seen, ops_due
-- follows:  410_activity_features
-- grain:    athlete_id, activity_id
-- params:   -

-- begin: printed by `make stages`
BEGIN IMMEDIATE;

INSERT INTO ops_announced (stage, purpose, inputs, products, follows) VALUES (
    '460_similar_runs',
    'the pace that the runs before a run speak for, weighted by how similar they are; and that of the next run',
    '["silver_trainings"]',
    '["similar_runs"]',
    '["410_activity_features"]');

CREATE TEMP TABLE stage_clock AS
SELECT strftime('%Y-%m-%dT%H:%M:%SZ', 'now') AS started_at, julianday('now') AS started;

CREATE TEMP TABLE changed AS
SELECT athlete_id, position FROM ops_stale WHERE stage = '460_similar_runs'
UNION -- everyone, for a version that has not been published
SELECT w.athlete_id, w.position
FROM feature_upgrades AS g
CROSS JOIN ops_upstreams AS d ON d.stage = g.stage
CROSS JOIN ops_watermarks AS w ON w.stage = d.upstream
WHERE g.stage = '460_similar_runs' AND g.earlier IS NOT NULL;
-- end

-- Runs whose pace says something, in the order in which they were over.
CREATE TEMP TABLE run (
    athlete_id TEXT, activity_id TEXT, start_time TEXT, end_time TEXT, local_date TEXT, available_at TEXT, pace REAL, day REAL, distance_km REAL,
    ln_km REAL, climb REAL, hour REAL, weekday INTEGER, place INTEGER,
    PRIMARY KEY (athlete_id, place)
) WITHOUT ROWID;
INSERT INTO run
SELECT a.athlete_id, a.activity_id, a.start_time, a.end_time, a.local_date, a.available_at, a.pace_min_km, julianday(a.start_time),
       a.distance_m / 1000, portable_ln(a.distance_m / 1000), COALESCE(min(1000 * a.elevation_gain_m / a.distance_m, 300), 0.0),
       substr(a.local_start_time, 12, 2) + substr(a.local_start_time, 15, 2) / 60.0, CAST(strftime('%w', a.local_date) AS INTEGER),
       ROW_NUMBER() OVER (PARTITION BY a.athlete_id ORDER BY a.end_time, a.activity_id)
FROM changed
CROSS JOIN silver_trainings AS a USING (athlete_id)
WHERE a.is_run AND NOT a.is_flagged AND a.distance_m >= 1000 AND a.pace_min_km BETWEEN 2.5 AND 15;
CREATE INDEX temp.run_by_end ON run (athlete_id, end_time, place);

-- How the athlete runs when a run is over.
CREATE TEMP TABLE state AS
SELECT athlete_id, place, end_time, local_date, hour, weekday, pace AS last_pace_min_km, distance_km AS last_distance_km,
       MAX(available_at) OVER earlier AS available_at,
       ewma(pace, 28.853900817779268) OVER earlier / ewma(1.0, 28.853900817779268) OVER earlier AS pace_ewma_20, -- 20 runs / ln 2
       exact_sum(pace) OVER five / COUNT(*) OVER five AS mean_pace_5,
       exact_sum(pace) OVER ten / COUNT(*) OVER ten AS mean_pace_10,
       MIN(pace) OVER twenty AS best_pace_20,
       (exact_sum(pace * pace) OVER twenty - exact_sum(pace) OVER twenty * exact_sum(pace) OVER twenty / COUNT(*) OVER twenty) / COUNT(*) OVER twenty
           AS variance_20,
       portable_exp(exact_sum(ln_km) OVER twenty / COUNT(*) OVER twenty) AS usual_distance_km,
       exact_sum(climb) OVER twenty / COUNT(*) OVER twenty AS usual_elevation_per_km
FROM run
WINDOW earlier AS (PARTITION BY athlete_id ORDER BY place ROWS UNBOUNDED PRECEDING),
       five AS (PARTITION BY athlete_id ORDER BY place ROWS 4 PRECEDING),
       ten AS (PARTITION BY athlete_id ORDER BY place ROWS 9 PRECEDING),
       twenty AS (PARTITION BY athlete_id ORDER BY place ROWS 19 PRECEDING);
CREATE UNIQUE INDEX temp.state_by_place ON state (athlete_id, place);

-- What is asked: every run whose distance tells it, and an ordinary one on the day after the last.
CREATE TEMP TABLE asked (
    request_id INTEGER PRIMARY KEY, athlete_id TEXT, activity_id TEXT, event_timestamp TEXT, activity_date TEXT, available_at TEXT, day REAL,
    distance_km REAL, ln_km REAL, elevation_per_km REAL, climb REAL, hour REAL, weekday INTEGER, place INTEGER
);
INSERT INTO asked
SELECT NULL, a.athlete_id, a.activity_id, a.start_time, a.local_date, a.available_at, julianday(a.start_time),
       a.distance_m / 1000, portable_ln(a.distance_m / 1000), 1000 * a.elevation_gain_m / a.distance_m,
       COALESCE(min(1000 * a.elevation_gain_m / a.distance_m, 300), 0.0),
       substr(a.local_start_time, 12, 2) + substr(a.local_start_time, 15, 2) / 60.0, CAST(strftime('%w', a.local_date) AS INTEGER),
       (SELECT r.place FROM run AS r WHERE r.athlete_id = a.athlete_id AND r.end_time <= a.start_time
        ORDER BY r.end_time DESC, r.place DESC LIMIT 1)
FROM changed
CROSS JOIN silver_trainings AS a USING (athlete_id)
WHERE a.is_run AND a.distance_m >= 1000;
INSERT INTO asked
SELECT NULL, athlete_id, 'next', end_time, date(local_date, '+1 day'), end_time, julianday(end_time) + 1, usual_distance_km, portable_ln(usual_distance_km),
       usual_elevation_per_km, usual_elevation_per_km, hour, (weekday + 1) % 7, place
FROM (SELECT athlete_id, MAX(place) AS place FROM run GROUP BY athlete_id)
JOIN state USING (athlete_id, place);

-- Each of the last 100 runs weighs the less, the less it is like the one asked of: by a factor of e for each 35 % of distance,
-- 120 days, 10 m of climb per km and 3 hours of the day between them, and by half on another day of the week. A metre of climb per
-- km costs 0.5 %. These were chosen on runs of 78 amateurs; what is wrong with them for an athlete, a model learns.
CREATE TEMP TABLE similar (
    request_id INTEGER PRIMARY KEY, pace REAL, variance REAL, runs REAL, age_days REAL, longer REAL, steeper REAL
);
INSERT INTO similar
WITH pair AS (
    SELECT a.request_id, r.pace * (200 + a.climb) / (200 + r.climb) AS level, max(a.day - r.day, 0) AS age, a.ln_km - r.ln_km AS longer,
           a.climb - r.climb AS steeper, abs(a.hour - r.hour) AS hours, a.weekday <> r.weekday AS is_other_day
    FROM asked AS a
    CROSS JOIN run AS r ON r.athlete_id = a.athlete_id AND r.place BETWEEN a.place - 99 AND a.place
),
weighted AS MATERIALIZED ( -- or each sum would compute the weight anew
    SELECT request_id, level, age, longer, steeper,
           1e-12 + portable_exp(-abs(longer) / 0.3 - age / 120 - abs(steeper) / 10 - min(hours, 24 - hours) / 3 - 0.7 * is_other_day) AS w
    FROM pair
)
SELECT request_id, exact_sum(w * level) / exact_sum(w),
       (exact_sum(w * level * level) - exact_sum(w * level) * exact_sum(w * level) / exact_sum(w)) / exact_sum(w),
       exact_sum(w) * exact_sum(w) / exact_sum(w * w), exact_sum(w * age) / exact_sum(w), exact_sum(w * longer) / exact_sum(w),
       exact_sum(w * steeper) / exact_sum(w)
FROM weighted
GROUP BY request_id;

CREATE TEMP TABLE computed AS
SELECT a.athlete_id, a.activity_id, a.event_timestamp, a.activity_date, a.distance_km, a.elevation_per_km, a.hour AS start_hour, a.weekday,
       a.place AS earlier_runs, s.pace AS similar_pace_min_km,
       CASE WHEN s.variance > 0 THEN portable_exp(0.5 * portable_ln(s.variance)) ELSE 0.0 END AS similar_spread_min_km,
       s.runs AS similar_runs, s.age_days AS similar_age_days, s.longer AS longer_than_similar, s.steeper AS steeper_than_similar, l.pace_ewma_20,
       l.last_pace_min_km, l.mean_pace_5, l.mean_pace_10, l.best_pace_20,
       CASE WHEN l.variance_20 > 0 THEN portable_exp(0.5 * portable_ln(l.variance_20)) ELSE 0.0 END AS pace_spread_20,
       l.usual_distance_km, l.usual_elevation_per_km, l.last_distance_km,
       CAST(julianday(a.activity_date) - julianday(l.local_date) AS INTEGER) AS days_since_run,
       max(a.available_at, l.available_at) AS available_at
FROM asked AS a
JOIN similar AS s USING (request_id)
JOIN state AS l USING (athlete_id, place);
CREATE UNIQUE INDEX temp.computed_by_activity ON computed (athlete_id, activity_id);

SELECT assert_that((SELECT COUNT(*) FROM computed) = (SELECT COUNT(*) FROM asked WHERE place IS NOT NULL), '460_similar_runs: a run is lost or doubled');
SELECT assert_that(NOT EXISTS (SELECT 1 FROM computed WHERE available_at < event_timestamp OR similar_pace_min_km <= 0),
                   '460_similar_runs: a row known before its time, or a pace of nothing');

-- publish similar_runs, corrected from o.activity_date: printed by `make stages`
-- A row is known from the instant at which its values first stood; what changes or goes stays in the history until then.
-- What moved without news, as by a setting, is known from now on; and as before, where the formula of a version that has not been
-- published moved it: then that version is published over the whole history, and what stood before goes to similar_runs_earlier.
CREATE TEMP TABLE heard AS
SELECT c.athlete_id, json_extract(m.position, '$[10]') AS until, json_extract(c.position, '$[10]') AS until_now
FROM changed AS c
JOIN ops_watermarks AS m ON m.stage = '460_similar_runs' AND m.athlete_id = c.athlete_id;
CREATE UNIQUE INDEX temp.heard_by_athlete ON heard (athlete_id);
CREATE TEMP TABLE standing AS
SELECT o.athlete_id, o.activity_id, o.available_at AS since, n.available_at AS told
FROM changed AS c
CROSS JOIN similar_runs AS o USING (athlete_id)
JOIN computed AS n USING (athlete_id, activity_id);
CREATE UNIQUE INDEX temp.standing_by_key ON standing (athlete_id, activity_id);
UPDATE computed AS n SET available_at = s.since
FROM standing AS s
WHERE (n.athlete_id, n.activity_id) = (s.athlete_id, s.activity_id) AND n.available_at <> s.since;
CREATE TEMP TABLE fresh AS
SELECT athlete_id, activity_id, event_timestamp, activity_date, distance_km, elevation_per_km, start_hour, weekday, earlier_runs, similar_pace_min_km, similar_spread_min_km, similar_runs, similar_age_days, longer_than_similar, steeper_than_similar, pace_ewma_20, last_pace_min_km, mean_pace_5, mean_pace_10, best_pace_20, pace_spread_20, usual_distance_km, usual_elevation_per_km, last_distance_km, days_since_run, available_at FROM computed
EXCEPT
SELECT athlete_id, activity_id, event_timestamp, activity_date, distance_km, elevation_per_km, start_hour, weekday, earlier_runs, similar_pace_min_km, similar_spread_min_km, similar_runs, similar_age_days, longer_than_similar, steeper_than_similar, pace_ewma_20, last_pace_min_km, mean_pace_5, mean_pace_10, best_pace_20, pace_spread_20, usual_distance_km, usual_elevation_per_km, last_distance_km, days_since_run, available_at FROM similar_runs WHERE athlete_id IN (SELECT athlete_id FROM changed);
CREATE TEMP TABLE upgrade AS
SELECT u.*, u.earlier IS NULL OR EXISTS (
           SELECT 1 FROM fresh AS n
           LEFT JOIN standing AS s USING (athlete_id, activity_id)
           LEFT JOIN heard AS h ON h.athlete_id = n.athlete_id
           WHERE h.until_now IS h.until OR COALESCE(s.told, n.available_at) <= max(COALESCE(s.since, ''), COALESCE(h.until, '')))
       OR EXISTS (
           SELECT 1 FROM changed AS c
           CROSS JOIN similar_runs AS o USING (athlete_id)
           LEFT JOIN heard AS h ON h.athlete_id = o.athlete_id
           WHERE NOT EXISTS (SELECT 1 FROM computed AS n WHERE (n.athlete_id, n.activity_id) = (o.athlete_id, o.activity_id))
             AND NOT EXISTS (SELECT 1 FROM silver_corrections AS s
                             WHERE s.athlete_id = o.athlete_id AND s.from_date <= o.activity_date AND s.corrected_at > max(o.available_at, COALESCE(h.until, '')))) AS is_new
FROM feature_upgrades AS u
WHERE u.table_name = 'similar_runs';
CREATE TEMP TABLE formula AS SELECT * FROM upgrade WHERE is_new AND earlier IS NOT NULL;
UPDATE fresh AS n SET available_at = max(n.available_at, k.started_at)
FROM heard AS h, stage_clock AS k
WHERE h.athlete_id = n.athlete_id AND n.available_at <= h.until AND NOT EXISTS (SELECT 1 FROM formula);
UPDATE fresh AS n SET available_at = CASE WHEN EXISTS (SELECT 1 FROM formula) AND (h.until_now IS h.until OR s.told <= max(s.since, COALESCE(h.until, ''))) THEN s.since
                                         WHEN s.told > s.since AND s.told > COALESCE(h.until, '') THEN s.told ELSE max(s.since, k.started_at) END
FROM standing AS s, stage_clock AS k
LEFT JOIN heard AS h ON h.athlete_id = s.athlete_id
WHERE (n.athlete_id, n.activity_id) = (s.athlete_id, s.activity_id);
INSERT INTO similar_runs_earlier (publication_id, athlete_id, activity_id, event_timestamp, activity_date, distance_km, elevation_per_km, start_hour, weekday, earlier_runs, similar_pace_min_km, similar_spread_min_km, similar_runs, similar_age_days, longer_than_similar, steeper_than_similar, pace_ewma_20, last_pace_min_km, mean_pace_5, mean_pace_10, best_pace_20, pace_spread_20, usual_distance_km, usual_elevation_per_km, last_distance_km, days_since_run, available_at, superseded_at, superseded_by)
SELECT f.earlier, o.athlete_id, o.activity_id, o.event_timestamp, o.activity_date, o.distance_km, o.elevation_per_km, o.start_hour, o.weekday, o.earlier_runs, o.similar_pace_min_km, o.similar_spread_min_km, o.similar_runs, o.similar_age_days, o.longer_than_similar, o.steeper_than_similar, o.pace_ewma_20, o.last_pace_min_km, o.mean_pace_5, o.mean_pace_10, o.best_pace_20, o.pace_spread_20, o.usual_distance_km, o.usual_elevation_per_km, o.last_distance_km, o.days_since_run, o.available_at, o.superseded_at, o.superseded_by FROM formula AS f CROSS JOIN similar_runs_versions AS o;
DELETE FROM similar_runs_history WHERE EXISTS (SELECT 1 FROM formula);
UPDATE fresh AS n SET available_at = max(available_at, COALESCE((SELECT MAX(superseded_at) FROM similar_runs_history AS h WHERE (h.athlete_id, h.activity_id) = (n.athlete_id, n.activity_id)), ''))
WHERE EXISTS (SELECT 1 FROM similar_runs_history AS h WHERE (h.athlete_id, h.activity_id) = (n.athlete_id, n.activity_id));
CREATE TEMP TABLE outdated AS
SELECT o.athlete_id, o.activity_id,
       COALESCE(f.available_at,
                (SELECT MAX(corrected_at) FROM silver_corrections AS s
                 WHERE s.athlete_id = o.athlete_id AND s.from_date <= o.activity_date AND s.corrected_at > max(o.available_at, COALESCE(h.until, ''))),
                k.started_at) AS superseded_at
FROM stage_clock AS k
CROSS JOIN changed AS c
CROSS JOIN similar_runs AS o USING (athlete_id)
LEFT JOIN fresh AS f USING (athlete_id, activity_id)
LEFT JOIN heard AS h ON h.athlete_id = o.athlete_id
WHERE f.athlete_id IS NOT NULL OR NOT EXISTS (SELECT 1 FROM computed AS n WHERE (n.athlete_id, n.activity_id) = (o.athlete_id, o.activity_id));
INSERT INTO similar_runs_history (athlete_id, activity_id, event_timestamp, activity_date, distance_km, elevation_per_km, start_hour, weekday, earlier_runs, similar_pace_min_km, similar_spread_min_km, similar_runs, similar_age_days, longer_than_similar, steeper_than_similar, pace_ewma_20, last_pace_min_km, mean_pace_5, mean_pace_10, best_pace_20, pace_spread_20, usual_distance_km, usual_elevation_per_km, last_distance_km, days_since_run, available_at, superseded_at, superseded_by)
SELECT o.athlete_id, o.activity_id, o.event_timestamp, o.activity_date, o.distance_km, o.elevation_per_km, o.start_hour, o.weekday, o.earlier_runs, o.similar_pace_min_km, o.similar_spread_min_km, o.similar_runs, o.similar_age_days, o.longer_than_similar, o.steeper_than_similar, o.pace_ewma_20, o.last_pace_min_km, o.mean_pace_5, o.mean_pace_10, o.best_pace_20, o.pace_spread_20, o.usual_distance_km, o.usual_elevation_per_km, o.last_distance_km, o.days_since_run, o.available_at, d.superseded_at, (SELECT who FROM ops_actor)
FROM outdated AS d
JOIN similar_runs AS o USING (athlete_id, activity_id);
DELETE FROM similar_runs
WHERE (athlete_id, activity_id) IN (SELECT athlete_id, activity_id FROM outdated);
DELETE FROM similar_runs_history -- what was never believed leaves no version
WHERE (athlete_id, activity_id) IN (SELECT athlete_id, activity_id FROM outdated) AND superseded_at <= available_at OR EXISTS (SELECT 1 FROM formula);
INSERT INTO similar_runs (athlete_id, activity_id, event_timestamp, activity_date, distance_km, elevation_per_km, start_hour, weekday, earlier_runs, similar_pace_min_km, similar_spread_min_km, similar_runs, similar_age_days, longer_than_similar, steeper_than_similar, pace_ewma_20, last_pace_min_km, mean_pace_5, mean_pace_10, best_pace_20, pace_spread_20, usual_distance_km, usual_elevation_per_km, last_distance_km, days_since_run, available_at) SELECT athlete_id, activity_id, event_timestamp, activity_date, distance_km, elevation_per_km, start_hour, weekday, earlier_runs, similar_pace_min_km, similar_spread_min_km, similar_runs, similar_age_days, longer_than_similar, steeper_than_similar, pace_ewma_20, last_pace_min_km, mean_pace_5, mean_pace_10, best_pace_20, pace_spread_20, usual_distance_km, usual_elevation_per_km, last_distance_km, days_since_run, available_at FROM fresh;
INSERT INTO feature_publications (group_name, major, minor, patch, build, is_new, published_at)
SELECT name, major, minor, patch, max(1, builds + is_new), is_new, started_at FROM upgrade, stage_clock;
-- end

CREATE TEMP TABLE counted AS
SELECT (SELECT COUNT(*) FROM asked) AS rows_in, (SELECT COUNT(*) FROM computed) AS rows_out, 0 AS rows_rejected, NULL AS message;

-- finish: printed by `make stages`
INSERT INTO ops_runs (stage, started_at, duration_ms, rows_in, rows_out, rows_rejected, outcome, message)
SELECT '460_similar_runs', started_at, (julianday('now') - started) * 86400000, rows_in, rows_out, rows_rejected, 'ok', message
FROM stage_clock, counted;

INSERT INTO ops_seen (stage, athlete_id, position) SELECT '460_similar_runs', athlete_id, position FROM changed;

DELETE FROM ops_due WHERE stage = '460_similar_runs';

DROP TABLE temp.counted;
DROP TABLE temp.outdated;
DROP TABLE temp.formula;
DROP TABLE temp.upgrade;
DROP TABLE temp.fresh;
DROP TABLE temp.standing;
DROP TABLE temp.heard;
DROP TABLE temp.computed;
DROP TABLE temp.similar;
DROP TABLE temp.asked;
DROP TABLE temp.state;
DROP TABLE temp.run;
DROP TABLE temp.changed;
DROP TABLE temp.stage_clock;

COMMIT;
