-- stage:    450_race_results
-- purpose:  official race distance and time of each race, tagged or told: the labels
-- reads:    silver_races, silver_strava_activities, silver_strava_sub_activity; activity_features, run_evidence, unrecorded_race_evidence, race_distances, course_reading, ops_config, ops_stale, race_results, silver_corrections, ops_actor, race_rejects, race_results_history, ops_watermarks, ops_due, feature_upgrades, race_results_versions, ops_upstreams
-- writes:   race_results; race_results_history, race_results_earlier, feature_publications, race_rejects, ops_seen, ops_due
-- follows:  410_activity_features
-- grain:    athlete_id, activity_id
-- params:   max_pause_share, race_gain_max, race_best_gain_max, evidence_tolerance, max_vdot, threshold_lookback_days
-- rests:    ops_due; feature_groups, feature_publications

-- begin: printed by `make stages`
BEGIN IMMEDIATE;

INSERT INTO ops_announced (stage, purpose, inputs, products, follows) VALUES (
    '450_race_results',
    'official race distance and time of each race, tagged or told: the labels',
    '["silver_races", "silver_strava_activities", "silver_strava_sub_activity"]',
    '["race_results"]',
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
      WHERE s.stage = '450_race_results'
      UNION ALL -- everyone, for a version that has not been published
      SELECT w.athlete_id, w.position, ''
      FROM feature_upgrades AS g
      CROSS JOIN ops_upstreams AS d ON d.stage = '450_race_results'
      CROSS JOIN ops_watermarks AS w ON w.stage = d.upstream
      WHERE g.table_name = 'race_results' AND g.earlier IS NOT NULL)
GROUP BY athlete_id, position;
-- end

-- Whether a race is believed, the days of the window after it say.
UPDATE changed SET since = COALESCE(date(since, -((SELECT value FROM ops_config WHERE name = 'threshold_lookback_days') + 2) || ' days'), '')
WHERE since <> '';

-- Races whose official distance or time could not be told, and why.
CREATE TABLE IF NOT EXISTS race_rejects (
    athlete_id  TEXT NOT NULL,
    activity_id TEXT NOT NULL,
    race_date   TEXT NOT NULL,
    measured_m  REAL NOT NULL,
    reason      TEXT NOT NULL,
    PRIMARY KEY (athlete_id, activity_id)
) WITHOUT ROWID;

-- A best effort over the official distance is exact where Strava gives
-- one; of an activity that holds more than its race (warm-up), the effort that proves the most fitness is the race.
-- What its athlete told of a race stands.
CREATE TEMP TABLE timed AS
WITH race AS (
    SELECT r.athlete_id, r.activity_id, r.race_date, r.end_time, r.official_m, r.official_s, r.available_at, COALESCE(a.distance_m, r.official_m) AS measured_m,
           a.elapsed_s, a.moving_s, a.elevation_gain_m, a.is_flagged, a.is_manual, a.is_indoor, d.distance_class AS tagged_class, d.distance_m AS tagged_m,
           a.distance_m BETWEEN w.shortest * r.official_m AND w.longest * r.official_m AS is_measured -- by the watch, and not much besides
    FROM course_reading AS w
    CROSS JOIN changed AS c
    CROSS JOIN silver_races AS r ON r.athlete_id = c.athlete_id AND r.race_date >= c.since
    LEFT JOIN silver_strava_activities AS a ON a.athlete_id = r.athlete_id AND a.activity_id = r.activity_id
    LEFT JOIN race_distances AS d ON CASE WHEN r.official_m IS NULL THEN a.distance_m BETWEEN w.shortest * d.distance_m AND w.longest * d.distance_m
                                          ELSE r.official_m BETWEEN 0.999 * d.distance_m AND 1.001 * d.distance_m END
),
effort AS (
    SELECT r.athlete_id, r.activity_id, d.distance_class, s.elapsed_s,
           ROW_NUMBER() OVER (PARTITION BY r.athlete_id, r.activity_id
                              ORDER BY d.distance_class IS r.tagged_class DESC, vdot(d.distance_m, s.elapsed_s) DESC) AS choice
    FROM race AS r
    JOIN silver_strava_sub_activity AS s ON s.athlete_id = r.athlete_id AND s.activity_id = r.activity_id AND s.kind = 'best_effort'
    JOIN race_distances AS d ON d.effort_name = s.name
    WHERE d.distance_m / s.elapsed_s BETWEEN 1 AND 7 AND (r.tagged_class = d.distance_class OR r.tagged_class IS NULL AND r.official_m IS NULL)
)
SELECT r.*, e.distance_class AS effort_class, COALESCE(e.distance_class, r.tagged_class) AS distance_class,
       CAST(COALESCE(r.official_s, e.elapsed_s, r.elapsed_s) AS REAL) AS seconds
FROM race AS r
LEFT JOIN effort AS e ON e.athlete_id = r.athlete_id AND e.activity_id = r.activity_id AND e.choice = 1;

-- Since when a race is believed whose time was not told: at once, if it is not too good beside the threshold pace of its day, or none was
-- known; else from the first day on whose threshold pace is near enough, the runner having shown more. Nor may it be much better than the
-- best run around it that is no race, unless what was shown is worth as much; doubtful runs are no better than what was shown.
CREATE TEMP TABLE evidence (athlete_id TEXT, activity_id TEXT, local_date TEXT, known_date TEXT, vdot REAL, standing INTEGER);
INSERT INTO evidence
WITH asked AS MATERIALIZED (
    SELECT t.athlete_id, date(MIN(t.race_date), -l.value || ' days') AS since
    FROM timed AS t
    JOIN ops_config AS l ON l.name = 'threshold_lookback_days'
    WHERE t.official_s IS NULL
    GROUP BY t.athlete_id
),
run AS MATERIALIZED (
    SELECT e.athlete_id, e.activity_id, e.local_date, e.known_date, e.moving_s, e.distance_m, e.climb_m, e.standing
    FROM asked AS a
    CROSS JOIN run_evidence AS e ON e.athlete_id = a.athlete_id AND e.local_date >= a.since
)
SELECT athlete_id, activity_id, local_date, known_date, vdot(distance_m, moving_s), standing FROM run
UNION ALL
SELECT athlete_id, activity_id, local_date, known_date, vdot(flat_distance(distance_m, climb_m), moving_s), 0 FROM run WHERE climb_m IS NOT NULL
UNION ALL
SELECT e.athlete_id, e.activity_id, e.local_date, e.known_date, vdot(e.distance_m, e.moving_s), e.standing
FROM asked AS a
CROSS JOIN unrecorded_race_evidence AS e ON e.athlete_id = a.athlete_id AND e.local_date >= a.since;
CREATE INDEX temp.evidence_by_day ON evidence (athlete_id, local_date);
-- reach of timed where r.official_s IS NULL: printed by `make stages`
-- Threshold pace and single run that make each race credible, and which days speak of it.
CREATE TEMP TABLE reach AS
SELECT r.athlete_id, r.activity_id, r.race_date, -l.value || ' days' AS lookback, date(r.race_date, -l.value || ' days') AS since, date(r.race_date, l.value || ' days') AS until,
       threshold_pace(vdot(d.distance_m, r.seconds) / (1 + g.value)) AS slowest_min_km, threshold_pace(vdot(d.distance_m, r.seconds) / (1 + e.value)) AS equal_min_km,
       vdot(d.distance_m, r.seconds) / (1 + b.value) AS best_vdot
FROM ops_config AS l
CROSS JOIN ops_config AS g ON g.name = 'race_gain_max'
CROSS JOIN ops_config AS b ON b.name = 'race_best_gain_max'
CROSS JOIN ops_config AS e ON e.name = 'evidence_tolerance'
CROSS JOIN timed AS r
JOIN race_distances AS d ON d.distance_class = r.distance_class
WHERE l.name = 'threshold_lookback_days' AND vdot(d.distance_m, r.seconds) > 0 AND r.official_s IS NULL;
-- end

CREATE TEMP TABLE believed AS
WITH fast AS MATERIALIZED (
    SELECT s.athlete_id, s.activity_id, e.known_date, CASE WHEN e.standing IN (0, 2) THEN threshold_pace(e.vdot) END AS pace_min_km
    FROM reach AS s
    CROSS JOIN evidence AS e ON e.athlete_id = s.athlete_id AND e.local_date BETWEEN s.since AND s.until
    WHERE e.vdot >= s.best_vdot AND e.activity_id <> s.activity_id
)
SELECT s.athlete_id, s.activity_id, MIN(CASE WHEN f.activity_date = s.race_date THEN '' ELSE f.available_at END) AS since
FROM reach AS s
CROSS JOIN activity_features AS f ON f.athlete_id = s.athlete_id AND f.activity_date BETWEEN s.race_date AND s.until
WHERE CASE f.threshold_source WHEN 'default' THEN f.activity_date = s.race_date
      ELSE f.threshold_pace_min_km <= s.slowest_min_km
           AND (f.threshold_pace_min_km <= s.equal_min_km
                OR EXISTS (SELECT 1 FROM fast AS e
                           WHERE (e.athlete_id, e.activity_id) = (s.athlete_id, s.activity_id) AND e.known_date < f.activity_date
                             AND (e.pace_min_km IS NULL OR e.pace_min_km >= f.threshold_pace_min_km))) END
GROUP BY s.athlete_id, s.activity_id;
CREATE UNIQUE INDEX temp.believed_by_activity ON believed (athlete_id, activity_id);

CREATE TEMP TABLE candidate AS
SELECT r.athlete_id, r.activity_id, r.race_date, r.distance_class, r.seconds,
       CASE WHEN r.official_s IS NOT NULL THEN 'told' WHEN r.effort_class IS NOT NULL THEN 'best_effort' ELSE 'race_tag' END AS source,
       r.measured_m, r.end_time AS event_timestamp,
       max(r.available_at, COALESCE(b.since, ''),
           COALESCE((SELECT MAX(s.available_at) FROM silver_strava_sub_activity AS s -- efforts are corrected, too
                     WHERE s.athlete_id = r.athlete_id AND s.activity_id = r.activity_id AND s.kind = 'best_effort'), ''))
           AS available_at,
       CASE
           WHEN r.official_s IS NOT NULL AND r.distance_class IS NULL THEN 'no official distance that times are estimated for'
           WHEN r.official_s IS NOT NULL THEN CASE WHEN d.distance_m < r.seconds OR vdot(d.distance_m, r.seconds) > m.value THEN 'a time that was told and that nobody walks or runs' END
           WHEN r.is_flagged THEN 'flagged as not credible'
           WHEN r.is_manual THEN 'entered by hand'
           WHEN r.is_indoor THEN 'indoors: the distance is not a course'
           WHEN r.tagged_class IS NULL AND r.official_m IS NULL AND r.effort_class IS NULL THEN 'no official distance within 1 % below and 3 % above, and no best effort'
           WHEN r.distance_class IS NULL THEN 'no official distance that times are estimated for'
           WHEN vdot(d.distance_m, r.seconds) > m.value THEN 'faster than any world record'
           WHEN b.activity_id IS NULL THEN 'much faster than all else that is known of its runner'
           WHEN r.effort_class IS NOT NULL THEN NULL
           WHEN r.is_measured = 0 THEN 'the watch measured another distance, there is no best effort and no time was told'
           WHEN r.measured_m < 1 * r.elapsed_s THEN 'slower than walking'
           WHEN r.elapsed_s - r.moving_s > p.value * r.elapsed_s THEN 'paused for more than ' || CAST(100 * p.value + 0.5 AS INTEGER) || ' % of the time'
           WHEN r.elevation_gain_m > 0.02 * r.measured_m THEN 'climbs more than 20 m per km'
       END AS reason
FROM ops_config AS p
CROSS JOIN ops_config AS m ON m.name = 'max_vdot'
CROSS JOIN timed AS r
LEFT JOIN race_distances AS d ON d.distance_class = r.distance_class
LEFT JOIN believed AS b ON b.athlete_id = r.athlete_id AND b.activity_id = r.activity_id
WHERE p.name = 'max_pause_share';

CREATE TEMP TABLE computed AS
SELECT athlete_id, activity_id, race_date, distance_class, seconds, source, measured_m, event_timestamp, available_at
FROM candidate WHERE reason IS NULL;
CREATE UNIQUE INDEX temp.computed_by_activity ON computed (athlete_id, activity_id);
CREATE TEMP TABLE computed_rejects AS
SELECT athlete_id, activity_id, race_date, measured_m, reason FROM candidate WHERE reason IS NOT NULL;
CREATE UNIQUE INDEX temp.computed_rejects_by_activity ON computed_rejects (athlete_id, activity_id);

SELECT assert_that(
    (SELECT COUNT(*) FROM computed) + (SELECT COUNT(*) FROM computed_rejects)
    = (SELECT COUNT(*) FROM changed AS c CROSS JOIN silver_races AS r ON r.athlete_id = c.athlete_id AND r.race_date >= c.since),
    '450_race_results: a race is neither a result nor a reject, or both');
SELECT assert_that(NOT EXISTS (SELECT 1 FROM computed WHERE available_at < event_timestamp OR seconds <= 0),
                   '450_race_results: a result known before the finish, or without a time');

-- publish race_results, corrected from o.race_date: printed by `make stages`
-- A row is known from the instant at which its values first stood; what changes or goes stays in the history until then.
-- What moved without news, as by a setting, is known from now on; and as before, where the formula of a version that has not been
-- published moved it: then that version is published over the whole history, and what stood before goes to race_results_earlier.
CREATE TEMP TABLE heard AS
SELECT c.athlete_id, json_extract(m.position, '$[10]') AS until, json_extract(c.position, '$[10]') AS until_now
FROM changed AS c
JOIN ops_watermarks AS m ON m.stage = '450_race_results' AND m.athlete_id = c.athlete_id;
CREATE UNIQUE INDEX temp.heard_by_athlete ON heard (athlete_id);
CREATE TEMP TABLE standing AS
SELECT o.athlete_id, o.activity_id, o.available_at AS since, n.available_at AS told
FROM computed AS n
CROSS JOIN race_results AS o USING (athlete_id, activity_id);
CREATE UNIQUE INDEX temp.standing_by_key ON standing (athlete_id, activity_id);
UPDATE computed AS n SET available_at = s.since
FROM standing AS s
WHERE (n.athlete_id, n.activity_id) = (s.athlete_id, s.activity_id) AND n.available_at <> s.since;
CREATE TEMP TABLE fresh AS
SELECT n.athlete_id, n.activity_id, n.race_date, n.distance_class, n.seconds, n.source, n.measured_m, n.event_timestamp, n.available_at
FROM computed AS n
LEFT JOIN race_results AS o ON (o.athlete_id, o.activity_id) = (n.athlete_id, n.activity_id)
WHERE (n.athlete_id, n.activity_id, n.race_date, n.distance_class, n.seconds, n.source, n.measured_m, n.event_timestamp, n.available_at) IS NOT (o.athlete_id, o.activity_id, o.race_date, o.distance_class, o.seconds, o.source, o.measured_m, o.event_timestamp, o.available_at);
CREATE TEMP TABLE upgrade AS
SELECT u.*, u.earlier IS NULL OR EXISTS (
           SELECT 1 FROM fresh AS n
           LEFT JOIN standing AS s USING (athlete_id, activity_id)
           LEFT JOIN heard AS h ON h.athlete_id = n.athlete_id
           WHERE h.until_now IS h.until OR COALESCE(s.told, n.available_at) <= max(COALESCE(s.since, ''), COALESCE(h.until, '')))
       OR EXISTS (
           SELECT 1 FROM changed AS c
           CROSS JOIN race_results AS o USING (athlete_id)
           LEFT JOIN heard AS h ON h.athlete_id = o.athlete_id
           WHERE NOT EXISTS (SELECT 1 FROM computed AS n WHERE (n.athlete_id, n.activity_id) = (o.athlete_id, o.activity_id))
             AND NOT EXISTS (SELECT 1 FROM silver_corrections AS s
                             WHERE s.athlete_id = o.athlete_id AND s.from_date <= o.race_date AND s.corrected_at > max(o.available_at, COALESCE(h.until, '')))) AS is_new
FROM feature_upgrades AS u
WHERE u.table_name = 'race_results';
CREATE TEMP TABLE formula AS SELECT * FROM upgrade WHERE is_new AND earlier IS NOT NULL;
UPDATE fresh AS n SET available_at = max(n.available_at, k.started_at)
FROM heard AS h, stage_clock AS k
WHERE h.athlete_id = n.athlete_id AND n.available_at <= h.until AND NOT EXISTS (SELECT 1 FROM formula);
UPDATE fresh AS n SET available_at = CASE WHEN EXISTS (SELECT 1 FROM formula) AND (h.until_now IS h.until OR s.told <= max(s.since, COALESCE(h.until, ''))) THEN s.since
                                         WHEN s.told > s.since AND s.told > COALESCE(h.until, '') THEN s.told ELSE max(s.since, k.started_at) END
FROM standing AS s, stage_clock AS k
LEFT JOIN heard AS h ON h.athlete_id = s.athlete_id
WHERE (n.athlete_id, n.activity_id) = (s.athlete_id, s.activity_id);
INSERT INTO race_results_earlier (publication_id, athlete_id, activity_id, race_date, distance_class, seconds, source, measured_m, event_timestamp, available_at, superseded_at, superseded_by)
SELECT f.earlier, o.athlete_id, o.activity_id, o.race_date, o.distance_class, o.seconds, o.source, o.measured_m, o.event_timestamp, o.available_at, o.superseded_at, o.superseded_by FROM formula AS f CROSS JOIN race_results_versions AS o;
DELETE FROM race_results_history WHERE EXISTS (SELECT 1 FROM formula);
UPDATE fresh AS n SET available_at = max(available_at, COALESCE((SELECT MAX(superseded_at) FROM race_results_history AS h WHERE (h.athlete_id, h.activity_id) = (n.athlete_id, n.activity_id)), ''))
WHERE EXISTS (SELECT 1 FROM race_results_history AS h WHERE (h.athlete_id, h.activity_id) = (n.athlete_id, n.activity_id));
CREATE TEMP TABLE outdated AS
SELECT o.athlete_id, o.activity_id, f.available_at AS superseded_at
FROM fresh AS f
CROSS JOIN race_results AS o USING (athlete_id, activity_id)
UNION ALL
SELECT o.athlete_id, o.activity_id,
       COALESCE((SELECT MAX(corrected_at) FROM silver_corrections AS s
                 WHERE s.athlete_id = o.athlete_id AND s.from_date <= o.race_date AND s.corrected_at > max(o.available_at, COALESCE(h.until, ''))),
                k.started_at)
FROM stage_clock AS k
CROSS JOIN changed AS c
CROSS JOIN race_results AS o USING (athlete_id)
LEFT JOIN heard AS h ON h.athlete_id = o.athlete_id
WHERE o.race_date >= c.since AND NOT EXISTS (SELECT 1 FROM computed AS n WHERE (n.athlete_id, n.activity_id) = (o.athlete_id, o.activity_id));
INSERT INTO race_results_history (athlete_id, activity_id, race_date, distance_class, seconds, source, measured_m, event_timestamp, available_at, superseded_at, superseded_by)
SELECT o.athlete_id, o.activity_id, o.race_date, o.distance_class, o.seconds, o.source, o.measured_m, o.event_timestamp, o.available_at, d.superseded_at, (SELECT who FROM ops_actor)
FROM outdated AS d
JOIN race_results AS o USING (athlete_id, activity_id);
DELETE FROM race_results
WHERE (athlete_id, activity_id) IN (SELECT athlete_id, activity_id FROM outdated);
DELETE FROM race_results_history -- what was never believed leaves no version
WHERE (athlete_id, activity_id) IN (SELECT athlete_id, activity_id FROM outdated) AND superseded_at <= available_at OR EXISTS (SELECT 1 FROM formula);
INSERT INTO race_results (athlete_id, activity_id, race_date, distance_class, seconds, source, measured_m, event_timestamp, available_at) SELECT athlete_id, activity_id, race_date, distance_class, seconds, source, measured_m, event_timestamp, available_at FROM fresh;
INSERT INTO feature_publications (group_name, major, minor, patch, build, is_new, published_at)
SELECT name, major, minor, patch, max(1, builds + is_new), is_new, started_at FROM upgrade, stage_clock;
-- end

DELETE FROM race_rejects
WHERE EXISTS (SELECT 1 FROM changed AS c WHERE c.athlete_id = race_rejects.athlete_id AND c.since <= race_rejects.race_date)
  AND NOT EXISTS (SELECT 1 FROM computed_rejects AS n WHERE (n.athlete_id, n.activity_id) = (race_rejects.athlete_id, race_rejects.activity_id));
INSERT OR REPLACE INTO race_rejects
SELECT * FROM computed_rejects
EXCEPT
SELECT * FROM race_rejects WHERE athlete_id IN (SELECT athlete_id FROM changed);

CREATE TEMP TABLE counted AS
SELECT (SELECT COUNT(*) FROM candidate) AS rows_in,
       (SELECT COUNT(*) FROM computed) AS rows_out,
       (SELECT COUNT(*) FROM computed_rejects) AS rows_rejected, NULL AS message;

-- finish: printed by `make stages`
INSERT INTO ops_runs (stage, started_at, duration_ms, rows_in, rows_out, rows_rejected, outcome, message)
SELECT '450_race_results', started_at, (julianday('now') - started) * 86400000, rows_in, rows_out, rows_rejected, 'ok', message
FROM stage_clock, counted;

INSERT INTO ops_seen (stage, athlete_id, position) SELECT '450_race_results', athlete_id, position FROM changed;

DELETE FROM ops_due WHERE stage = '450_race_results';

DROP TABLE temp.counted;
DROP TABLE temp.outdated;
DROP TABLE temp.formula;
DROP TABLE temp.upgrade;
DROP TABLE temp.fresh;
DROP TABLE temp.standing;
DROP TABLE temp.heard;
DROP TABLE temp.computed_rejects;
DROP TABLE temp.computed;
DROP TABLE temp.candidate;
DROP TABLE temp.believed;
DROP TABLE temp.reach;
DROP TABLE temp.evidence;
DROP TABLE temp.timed;
DROP TABLE temp.changed;
DROP TABLE temp.stage_clock;

COMMIT;
