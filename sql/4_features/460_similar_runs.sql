-- stage:    460_similar_runs
-- purpose:  the pace that the runs before a run speak for, weighted by how similar they are; and that of the next run
-- reads:    silver_trainings; silver_corrections, ops_stale, ops_actor, similar_runs, similar_runs_history, ops_watermarks, ops_due, feature_upgrades, similar_runs_versions, ops_upstreams
-- writes:   similar_runs; similar_runs_history, similar_runs_earlier, feature_publications, ops_seen, ops_due
-- follows:  410_activity_features
-- grain:    athlete_id, activity_id
-- params:   -
-- rests:    ops_due; feature_groups, feature_publications

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
SELECT athlete_id, position, MIN(since) AS since
FROM (SELECT s.athlete_id, s.position,
             CASE WHEN json_valid(s.position) AND json_extract(s.position, '$[15]') = substr(row_hash(m.position), 1, 32)
                  THEN json_extract(s.position, '$[14]') ELSE '' END AS since
      FROM ops_stale AS s
      LEFT JOIN ops_watermarks AS m ON m.stage = s.stage AND m.athlete_id = s.athlete_id
      WHERE s.stage = '460_similar_runs'
      UNION ALL -- everyone, for a version that has not been published
      SELECT w.athlete_id, w.position, ''
      FROM feature_upgrades AS g
      CROSS JOIN ops_upstreams AS d ON d.stage = '460_similar_runs'
      CROSS JOIN ops_watermarks AS w ON w.stage = d.upstream
      WHERE g.table_name = 'similar_runs' AND g.earlier IS NOT NULL)
GROUP BY athlete_id, position;
-- end

-- Every run whose distance tells it; pace is that of one which says something.
CREATE TEMP TABLE run AS
SELECT a.athlete_id, since, a.activity_id, a.start_time, a.end_time, a.local_date, a.available_at, a.distance_m / 1000 AS distance_km,
       1000 * a.elevation_gain_m / a.distance_m AS elevation_per_km, julianday(a.start_time) AS day,
       substr(a.local_start_time, 12, 2) + substr(a.local_start_time, 15, 2) / 60.0 AS hour, CAST(strftime('%w', a.local_date) AS INTEGER) AS weekday,
       CASE WHEN NOT a.is_flagged AND a.pace_min_km BETWEEN 2.5 AND 15 THEN a.pace_min_km END AS pace
FROM changed
CROSS JOIN silver_trainings AS a USING (athlete_id)
WHERE a.is_run AND a.distance_m >= 1000;

-- Those that say something in the order in which they were over, and when all of them up to each were known.
CREATE TEMP TABLE told (
    athlete_id TEXT, place INTEGER, end_time TEXT, local_date TEXT, hour REAL, weekday INTEGER, available_at TEXT, PRIMARY KEY (athlete_id, place)
) WITHOUT ROWID;
INSERT INTO told
SELECT athlete_id, ROW_NUMBER() OVER earlier, end_time, local_date, hour, weekday, MAX(available_at) OVER earlier
FROM run
WHERE pace IS NOT NULL
WINDOW earlier AS (PARTITION BY athlete_id ORDER BY end_time, activity_id ROWS UNBOUNDED PRECEDING);

-- What is asked: every run of the days that may differ, and an ordinary one on the day after the last.
CREATE TEMP TABLE asked (
    athlete_id TEXT, activity_id TEXT, event_timestamp TEXT, activity_date TEXT, available_at TEXT, day REAL, distance_km REAL, elevation_per_km REAL,
    hour REAL, weekday INTEGER, PRIMARY KEY (athlete_id, activity_id)
) WITHOUT ROWID;
INSERT INTO asked
SELECT athlete_id, activity_id, start_time, local_date, available_at, day, distance_km, elevation_per_km, hour, weekday FROM run WHERE local_date >= since
UNION ALL
SELECT athlete_id, 'next', end_time, date(local_date, '+1 day'), end_time, julianday(end_time) + 1, NULL, NULL, hour, (weekday + 1) % 7
FROM (SELECT athlete_id, MAX(place) AS place FROM told GROUP BY athlete_id)
JOIN told USING (athlete_id, place);

CREATE TEMP TABLE answered AS
SELECT CAST(athlete_id AS TEXT) AS athlete_id, CAST(run AS TEXT) AS activity_id, earlier_runs, similar_pace_min_km, similar_spread_min_km, similar_runs,
       similar_age_days, longer_than_similar, steeper_than_similar, pace_ewma_20, last_pace_min_km, mean_pace_5, mean_pace_10, best_pace_20, pace_spread_20,
       usual_distance_km, usual_elevation_per_km, last_distance_km
FROM similar_pace('SELECT athlete_id, end_time, activity_id, pace, day, distance_km, elevation_per_km, hour, weekday FROM temp.run WHERE pace IS NOT NULL
                   UNION ALL
                   SELECT athlete_id, event_timestamp, activity_id, NULL, day, distance_km, elevation_per_km, hour, weekday FROM temp.asked');
SELECT assert_that((SELECT COUNT(*) FROM answered) = (SELECT COUNT(*) FROM asked), '460_similar_runs: a run is lost or doubled');

CREATE TEMP TABLE computed AS
SELECT a.athlete_id, a.activity_id, a.event_timestamp, a.activity_date,
       CASE WHEN a.activity_id = 'next' THEN s.usual_distance_km ELSE a.distance_km END AS distance_km,
       CASE WHEN a.activity_id = 'next' THEN s.usual_elevation_per_km ELSE a.elevation_per_km END AS elevation_per_km, a.hour AS start_hour, a.weekday,
       s.earlier_runs, s.similar_pace_min_km, s.similar_spread_min_km, s.similar_runs, s.similar_age_days, s.longer_than_similar, s.steeper_than_similar,
       s.pace_ewma_20, s.last_pace_min_km, s.mean_pace_5, s.mean_pace_10, s.best_pace_20, s.pace_spread_20, s.usual_distance_km, s.usual_elevation_per_km,
       s.last_distance_km, CAST(julianday(a.activity_date) - julianday(t.local_date) AS INTEGER) AS days_since_run,
       max(a.available_at, t.available_at) AS available_at
FROM answered AS s
CROSS JOIN asked AS a USING (athlete_id, activity_id)
JOIN told AS t ON t.athlete_id = s.athlete_id AND t.place = s.earlier_runs;
CREATE UNIQUE INDEX temp.computed_by_activity ON computed (athlete_id, activity_id);

SELECT assert_that((SELECT COUNT(*) FROM computed) = (SELECT COUNT(*) FROM answered WHERE earlier_runs > 0), '460_similar_runs: a run is not the day after another');
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
FROM computed AS n
CROSS JOIN similar_runs AS o USING (athlete_id, activity_id);
CREATE UNIQUE INDEX temp.standing_by_key ON standing (athlete_id, activity_id);
UPDATE computed AS n SET available_at = s.since
FROM standing AS s
WHERE (n.athlete_id, n.activity_id) = (s.athlete_id, s.activity_id) AND n.available_at <> s.since;
CREATE TEMP TABLE fresh AS
SELECT n.athlete_id, n.activity_id, n.event_timestamp, n.activity_date, n.distance_km, n.elevation_per_km, n.start_hour, n.weekday, n.earlier_runs, n.similar_pace_min_km, n.similar_spread_min_km, n.similar_runs, n.similar_age_days, n.longer_than_similar, n.steeper_than_similar, n.pace_ewma_20, n.last_pace_min_km, n.mean_pace_5, n.mean_pace_10, n.best_pace_20, n.pace_spread_20, n.usual_distance_km, n.usual_elevation_per_km, n.last_distance_km, n.days_since_run, n.available_at
FROM computed AS n
LEFT JOIN similar_runs AS o ON (o.athlete_id, o.activity_id) = (n.athlete_id, n.activity_id)
WHERE (n.athlete_id, n.activity_id, n.event_timestamp, n.activity_date, n.distance_km, n.elevation_per_km, n.start_hour, n.weekday, n.earlier_runs, n.similar_pace_min_km, n.similar_spread_min_km, n.similar_runs, n.similar_age_days, n.longer_than_similar, n.steeper_than_similar, n.pace_ewma_20, n.last_pace_min_km, n.mean_pace_5, n.mean_pace_10, n.best_pace_20, n.pace_spread_20, n.usual_distance_km, n.usual_elevation_per_km, n.last_distance_km, n.days_since_run, n.available_at) IS NOT (o.athlete_id, o.activity_id, o.event_timestamp, o.activity_date, o.distance_km, o.elevation_per_km, o.start_hour, o.weekday, o.earlier_runs, o.similar_pace_min_km, o.similar_spread_min_km, o.similar_runs, o.similar_age_days, o.longer_than_similar, o.steeper_than_similar, o.pace_ewma_20, o.last_pace_min_km, o.mean_pace_5, o.mean_pace_10, o.best_pace_20, o.pace_spread_20, o.usual_distance_km, o.usual_elevation_per_km, o.last_distance_km, o.days_since_run, o.available_at);
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
SELECT o.athlete_id, o.activity_id, f.available_at AS superseded_at
FROM fresh AS f
CROSS JOIN similar_runs AS o USING (athlete_id, activity_id)
UNION ALL
SELECT o.athlete_id, o.activity_id,
       COALESCE((SELECT MAX(corrected_at) FROM silver_corrections AS s
                 WHERE s.athlete_id = o.athlete_id AND s.from_date <= o.activity_date AND s.corrected_at > max(o.available_at, COALESCE(h.until, ''))),
                k.started_at)
FROM stage_clock AS k
CROSS JOIN changed AS c
CROSS JOIN similar_runs AS o USING (athlete_id)
LEFT JOIN heard AS h ON h.athlete_id = o.athlete_id
WHERE o.activity_date >= c.since AND NOT EXISTS (SELECT 1 FROM computed AS n WHERE (n.athlete_id, n.activity_id) = (o.athlete_id, o.activity_id));
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
DROP TABLE temp.answered;
DROP TABLE temp.asked;
DROP TABLE temp.told;
DROP TABLE temp.run;
DROP TABLE temp.changed;
DROP TABLE temp.stage_clock;

COMMIT;
