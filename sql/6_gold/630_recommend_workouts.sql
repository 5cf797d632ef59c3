-- stage:    630_recommend_workouts
-- purpose:  each athlete's next workout: candidates simulated by the kernel that computes the load, held against the limits, chosen for a goal
-- reads:    athlete_rolling_features, ml_models_current; athlete_plan_now, ml_aliases, ml_looks, ml_model_versions, ops_config, ops_due, ops_stale, ops_watermarks, training_done, training_done_unusable, gold_training_recommendations
-- writes:   gold_training_recommendations; ml_looks, ops_seen, ops_due
-- follows:  430_rolling_features
-- grain:    model, athlete_id, recommendation_date
-- params:   acwr_risk_threshold, acwr_min_history_days, monotony_risk_threshold, unknown_load_max_share
-- rests:    ops_due; ml_aliases, ml_looks, ml_model_versions, ml_models

-- begin: printed by `make stages`
BEGIN IMMEDIATE;

INSERT INTO ops_announced (stage, purpose, inputs, products, follows) VALUES (
    '630_recommend_workouts',
    'each athlete''s next workout: candidates simulated by the kernel that computes the load, held against the limits, chosen for a goal',
    '["athlete_rolling_features", "ml_models_current"]',
    '["gold_training_recommendations"]',
    '["430_rolling_features"]');

CREATE TEMP TABLE stage_clock AS
SELECT strftime('%Y-%m-%dT%H:%M:%SZ', 'now') AS started_at, julianday('now') AS started;
-- end

-- What was recommended for a day, with what would follow from it and what else there was. Another run, or another champion, adds
-- nothing to a day that was answered.
CREATE TABLE IF NOT EXISTS gold_training_recommendations (
    recommendation_id        INTEGER PRIMARY KEY,
    model                    TEXT NOT NULL,
    version                  INTEGER NOT NULL,
    athlete_id               TEXT NOT NULL,
    recommendation_date      TEXT NOT NULL,
    recommended_workout_type TEXT NOT NULL, -- rest, or one of the definition's workouts
    intensity                REAL NOT NULL, -- speed as a share of threshold speed; 0: rest
    duration                 REAL NOT NULL, -- minutes; 0: rest
    pace_min_km              REAL,          -- NULL: rest, or no runner
    load_tss                 REAL NOT NULL,
    goal                     TEXT NOT NULL, -- race or steady
    race_date                TEXT,
    reason                   TEXT NOT NULL,
    ctl_after                REAL NOT NULL, -- on the evening of the day
    atl_after                REAL NOT NULL,
    tsb_after                REAL,          -- NULL: too much load is unknown; so those below
    acwr_after               REAL,
    monotony_after           REAL,
    strain_after             REAL,
    is_risk_after            INTEGER,
    candidates               TEXT NOT NULL, -- JSON: every workout that was tried, with its load, its cost and the limit that it breaks
    known_at                 TEXT NOT NULL,
    recommended_at           TEXT NOT NULL,
    UNIQUE (model, athlete_id, recommendation_date)
);
CREATE INDEX IF NOT EXISTS gold_training_recommendations_by_athlete ON gold_training_recommendations (athlete_id, recommendation_date);
-- append-only gold_training_recommendations: printed by `make stages`
CREATE TRIGGER IF NOT EXISTS gold_training_recommendations_keep BEFORE UPDATE ON gold_training_recommendations
BEGIN SELECT RAISE(ABORT, 'gold_training_recommendations is append-only'); END;
CREATE TRIGGER IF NOT EXISTS gold_training_recommendations_stay BEFORE DELETE ON gold_training_recommendations
BEGIN SELECT RAISE(ABORT, 'gold_training_recommendations is append-only'); END;
CREATE TRIGGER IF NOT EXISTS gold_training_recommendations_once BEFORE INSERT ON gold_training_recommendations
WHEN EXISTS (SELECT 1 FROM gold_training_recommendations AS o WHERE (o.recommendation_id) = (new.recommendation_id) OR (o.model, o.athlete_id, o.recommendation_date) = (new.model, new.athlete_id, new.recommendation_date))
BEGIN SELECT RAISE(ABORT, 'gold_training_recommendations is append-only'); END;
-- end

CREATE TEMP TABLE policy AS
SELECT v.model, v.version, v.model_json AS options, w.seen IS NOT json_array(v.version) AS is_new,
       COALESCE(v.model_json ->> '$.days_in_a_row', 6) AS days_in_a_row, COALESCE(v.model_json ->> '$.hard_gap_days', 2) AS hard_gap_days,
       COALESCE(exact_real(v.model_json -> '$.hard_intensity'), 0.85) AS hard_intensity, COALESCE(exact_real(v.model_json -> '$.longest_growth'), 1.1) AS longest_growth,
       COALESCE(exact_real(v.model_json -> '$.week_share.steady'), 1.0) AS steady_share, COALESCE(exact_real(v.model_json -> '$.week_share.race'), 1.0) AS race_share
FROM ml_models_current AS m
JOIN ml_aliases AS a ON a.model = m.model AND a.alias = 'champion' AND m.learner = 'simulation'
JOIN ml_model_versions AS v ON v.model = a.model AND v.version = a.version
LEFT JOIN ml_looks AS w ON w.stage = '630_recommend_workouts' AND w.model = v.model;

-- Everyone when another model is the champion.
CREATE TEMP TABLE changed AS
SELECT athlete_id, position FROM ops_stale WHERE stage = '630_recommend_workouts'
UNION
SELECT w.athlete_id, w.position FROM (SELECT 1 FROM policy WHERE is_new LIMIT 1) CROSS JOIN ops_watermarks AS w ON w.stage = '430_rolling_features';

-- A rest day is always among them.
CREATE TEMP TABLE workout AS
SELECT model, 'rest' AS type, 0.0 AS minutes, 0.0 AS intensity, 0 AS is_hard, NULL AS every_days FROM policy
UNION ALL
SELECT p.model, w.value ->> '$.type', exact_real(w.value -> m.fullkey), exact_real(w.value -> '$.intensity'), COALESCE(w.value ->> '$.is_hard', 0), w.value ->> '$.every_days'
FROM policy AS p
CROSS JOIN json_each(p.options, '$.workouts') AS w
CROSS JOIN json_each(w.value, '$.minutes') AS m;

-- The day after the last one of each calendar, where it has no answer yet.
CREATE TEMP TABLE request AS
SELECT p.model, p.version, f.athlete_id, f.as_of_date AS last_date, date(f.as_of_date, '+1 day') AS day, f.ctl_42d, f.total_tss_28d, f.is_overtraining_risk AS is_risk,
       f.history_days, max(f.event_timestamp, f.available_at) AS known_at
FROM policy AS p
CROSS JOIN changed AS w
CROSS JOIN athlete_rolling_features AS f ON f.athlete_id = w.athlete_id
       AND f.as_of_date = (SELECT MAX(l.as_of_date) FROM athlete_rolling_features AS l WHERE l.athlete_id = w.athlete_id)
WHERE NOT EXISTS (SELECT 1 FROM gold_training_recommendations AS g
                  WHERE (g.model, g.athlete_id, g.recommendation_date) = (p.model, f.athlete_id, date(f.as_of_date, '+1 day')));

-- What was done, as the kernel takes it; and what was done of which only the time is known.
CREATE VIEW IF NOT EXISTS training_done AS
SELECT athlete_id, activity_date, estimated_tss, distance_km, moving_time_min, CASE WHEN is_run AND pace_min_km <= 1000 THEN pace_min_km END AS pace_min_km, elevation_gain_m,
       is_run, threshold_pace_min_km, event_timestamp
FROM activity_features;
CREATE VIEW IF NOT EXISTS training_done_unusable AS
SELECT athlete_id, local_date AS activity_date, l.estimated_tss, NULL AS distance_km, moving_s / 60.0 AS moving_time_min, NULL AS pace_min_km,
       NULL AS elevation_gain_m, 0 AS is_run, NULL AS threshold_pace_min_km, end_time AS event_timestamp
FROM silver_unusable_trainings
LEFT JOIN unusable_training_loads AS l USING (athlete_id, activity_id);
INSERT INTO ml_looks (stage, model, seen, looked_at)
SELECT '630_recommend_workouts', p.model, json_array(p.version), k.started_at FROM policy AS p, stage_clock AS k WHERE p.is_new
ON CONFLICT (stage, model) DO UPDATE SET seen = excluded.seen, looked_at = excluded.looked_at;

-- rests here without request
CREATE TEMP TABLE done AS
SELECT * FROM training_done WHERE athlete_id IN (SELECT athlete_id FROM request)
UNION ALL
SELECT * FROM training_done_unusable WHERE athlete_id IN (SELECT athlete_id FROM request);
CREATE INDEX temp.done_by_day ON done (athlete_id, activity_date);

-- The goal: the next race in the calendar, or a steady week; and how much of the usual week it asks for.
CREATE TEMP TABLE goal AS
WITH next_race AS (
    SELECT r.model, r.athlete_id, MIN(a.plan_date) AS race_date
    FROM request AS r
    JOIN athlete_plan_now AS a ON a.athlete_id = r.athlete_id AND a.workout_type = 'race' AND a.plan_date BETWEEN r.day AND date(r.day, '+182 days')
    GROUP BY r.model, r.athlete_id
),
race AS (
    SELECT r.model, r.athlete_id, n.race_date, CAST(julianday(n.race_date) - julianday(r.day) AS INTEGER) AS days_to_race,
           (SELECT MAX(a.distance_m) FROM athlete_plan_now AS a WHERE (a.athlete_id, a.plan_date, a.workout_type) = (r.athlete_id, n.race_date, 'race')) AS distance_m
    FROM request AS r JOIN next_race AS n USING (model, athlete_id)
)
SELECT r.model, r.athlete_id, CASE WHEN c.race_date IS NULL THEN 'steady' ELSE 'race' END AS goal, c.race_date, c.days_to_race, c.distance_m,
       CASE WHEN c.race_date IS NULL THEN p.steady_share
            ELSE COALESCE((SELECT exact_real(t.value -> '$.share') FROM json_each(p.options, '$.taper') AS t
                           WHERE t.value ->> '$.within_days' >= c.days_to_race AND t.value ->> '$.at_least_m' <= c.distance_m
                           ORDER BY t.value ->> '$.within_days', t.value ->> '$.at_least_m' DESC, t.key LIMIT 1), p.race_share) END AS share
FROM request AS r
JOIN policy AS p USING (model)
LEFT JOIN race AS c USING (model, athlete_id);

-- What the athlete is used to. Fast is what was run, as a whole, at the intensity that counts as hard; long what comes near the longest.
CREATE TEMP TABLE habit AS
WITH used AS (
    SELECT r.model, r.athlete_id, r.day, p.hard_intensity, p.days_in_a_row, MAX(d.moving_time_min) FILTER (WHERE d.activity_date >= date(r.day, '-30 days')) AS longest_min,
           MAX(d.event_timestamp) FILTER (WHERE d.is_run AND d.activity_date >= date(r.day, '-90 days')) AS last_run
    FROM request AS r
    JOIN policy AS p USING (model)
    JOIN done AS d ON d.athlete_id = r.athlete_id AND d.activity_date >= date(r.day, '-90 days')
    GROUP BY r.model, r.athlete_id
)
SELECT u.model, u.athlete_id, u.longest_min,
       (SELECT d.threshold_pace_min_km FROM done AS d WHERE d.athlete_id = u.athlete_id AND d.event_timestamp = u.last_run LIMIT 1) AS threshold_pace_min_km,
       MAX(d.activity_date) FILTER (WHERE d.moving_time_min >= 20 AND d.estimated_tss * 60 >= 100 * u.hard_intensity * u.hard_intensity * d.moving_time_min) AS last_fast,
       MAX(d.activity_date) FILTER (WHERE d.moving_time_min >= max(75, 0.8 * u.longest_min)) AS last_long,
       COUNT(DISTINCT CASE WHEN d.activity_date >= date(u.day, -u.days_in_a_row || ' days') THEN d.activity_date END) AS days_in_a_row
FROM used AS u
JOIN done AS d ON d.athlete_id = u.athlete_id AND d.activity_date >= date(u.day, '-90 days')
GROUP BY u.model, u.athlete_id;

CREATE TEMP TABLE candidate AS
SELECT CAST(ROW_NUMBER() OVER (ORDER BY r.model, r.athlete_id, w.type, w.minutes, w.intensity) AS INTEGER) AS candidate_id, r.model, r.athlete_id, r.day, r.ctl_42d, w.type, w.minutes,
       w.intensity, w.is_hard, w.every_days, h.longest_min, h.days_in_a_row, w.minutes / 60 * w.intensity * w.intensity * 100 AS load_tss,
       CASE WHEN w.minutes > 0 THEN h.threshold_pace_min_km / w.intensity END AS pace_min_km,
       julianday(r.day) - julianday(max(COALESCE(h.last_fast, ''), COALESCE(h.last_long, ''))) AS days_since_hard,
       julianday(r.day) - julianday(CASE WHEN w.type = 'long' THEN h.last_long ELSE h.last_fast END) AS days_since_alike
FROM request AS r
JOIN workout AS w USING (model)
LEFT JOIN habit AS h USING (model, athlete_id);
CREATE UNIQUE INDEX temp.candidate_by_id ON candidate (candidate_id);

-- Each as if it were done: the evening of the day by the kernel and the settings of 430_rolling_features.
CREATE TEMP TABLE simulated AS
SELECT CAST(f.plan AS INTEGER) AS candidate_id, f.*
FROM (SELECT json_group_object(name, json(CASE typeof(value) WHEN 'text' THEN json_quote(value) ELSE number_text(value) END)) AS options
      FROM ops_config WHERE name IN ('acwr_risk_threshold', 'acwr_min_history_days', 'monotony_risk_threshold', 'unknown_load_max_share')) AS o,
     training_forecast('SELECT athlete_id, activity_date, estimated_tss, distance_km, moving_time_min, pace_min_km, elevation_gain_m, NULL FROM temp.done
                        UNION ALL
                        SELECT athlete_id, day, load_tss, minutes / pace_min_km, minutes, pace_min_km, 0, candidate_id FROM temp.candidate', o.options) AS f
JOIN candidate AS c ON c.candidate_id = f.plan AND c.day = f.as_of_date;
CREATE UNIQUE INDEX temp.simulated_by_candidate ON simulated (candidate_id);

CREATE TEMP TABLE bound AS
SELECT p.model, l.key AS position, l.value ->> '$.feature' AS feature, json_type(l.value, '$.at_most') IS NOT NULL AS is_most,
       CASE WHEN COALESCE(json_type(l.value, '$.at_most'), json_type(l.value, '$.at_least')) = 'text'
            THEN (SELECT c.value FROM ops_config AS c WHERE typeof(c.value) IN ('integer', 'real') AND c.name = COALESCE(l.value ->> '$.at_most', l.value ->> '$.at_least'))
            ELSE exact_real(COALESCE(l.value -> '$.at_most', l.value -> '$.at_least')) END AS than
FROM policy AS p
CROSS JOIN json_each(p.options, '$.limits') AS l;

-- Which limits each breaks, the first of which is told. A rest is never forbidden.
CREATE TEMP TABLE broken AS
WITH setting AS (
    SELECT MAX(value) FILTER (WHERE name = 'acwr_risk_threshold') AS acwr, MAX(value) FILTER (WHERE name = 'acwr_min_history_days') AS history_days,
           MAX(value) FILTER (WHERE name = 'monotony_risk_threshold') AS monotony
    FROM ops_config
),
said AS (
    SELECT c.candidate_id, 1 AS place, 'the race is on that day' AS reason
    FROM candidate AS c JOIN goal AS g USING (model, athlete_id) WHERE g.days_to_race = 0
    UNION ALL
    SELECT c.candidate_id, 2, 'too much of the load of six weeks is unknown'
    FROM candidate AS c JOIN request AS r USING (model, athlete_id) JOIN simulated AS s ON s.candidate_id = c.candidate_id
    WHERE c.is_hard AND (r.is_risk IS NULL OR s.is_overtraining_risk IS NULL)
    UNION ALL
    SELECT s.candidate_id, 3, CASE WHEN s.acwr > t.acwr AND s.history_days >= t.history_days THEN 'the acute:chronic ratio would be above ' || number_text(CAST(t.acwr AS REAL))
                           WHEN s.training_monotony_7d > t.monotony THEN 'monotony would be above ' || number_text(CAST(t.monotony AS REAL))
                           ELSE 'it would be a week of the same load' END
    FROM simulated AS s, setting AS t WHERE s.is_overtraining_risk
    UNION ALL
    SELECT a.c1, 4, b.feature || ' would be ' || CASE WHEN b.is_most THEN 'above ' ELSE 'below ' END || number_text(CAST(b.than AS REAL))
    FROM bound AS b
    CROSS JOIN attempt('SELECT candidate_id, "' || b.feature || '" FROM temp.simulated') AS a
    JOIN candidate AS c ON c.candidate_id = a.c1 AND c.model = b.model
    WHERE CASE WHEN b.is_most THEN a.c2 > b.than ELSE a.c2 < b.than END
    UNION ALL
    SELECT c.candidate_id, 5, p.days_in_a_row || ' days without a rest are enough'
    FROM candidate AS c JOIN policy AS p USING (model) WHERE c.days_in_a_row >= p.days_in_a_row
    UNION ALL
    SELECT c.candidate_id, 6, 'hard work was done ' || CASE c.days_since_hard WHEN 1 THEN 'the day' ELSE CAST(c.days_since_hard AS INTEGER) || ' days' END || ' before'
    FROM candidate AS c JOIN policy AS p USING (model) WHERE c.is_hard AND c.days_since_hard < p.hard_gap_days
    UNION ALL
    SELECT c.candidate_id, 7, r.history_days || ' days of history are too few for hard work'
    FROM candidate AS c JOIN request AS r USING (model, athlete_id), setting AS t WHERE c.is_hard AND r.history_days < t.history_days
    UNION ALL
    SELECT c.candidate_id, 8, 'the race is too near for hard work'
    FROM candidate AS c JOIN goal AS g USING (model, athlete_id) JOIN policy AS p USING (model) WHERE c.is_hard AND g.days_to_race <= p.hard_gap_days
    UNION ALL
    SELECT c.candidate_id, 9, 'it is longer than the longest of 30 days allows'
    FROM candidate AS c JOIN policy AS p USING (model) WHERE c.minutes > max(p.longest_growth * COALESCE(c.longest_min, 0), 30)
)
SELECT c.candidate_id, MIN(s.place) AS place, s.reason -- of the least place
FROM said AS s
JOIN candidate AS c USING (candidate_id)
WHERE c.type <> 'rest'
GROUP BY c.candidate_id;

-- Chosen is what brings the load of seven days nearest to what the goal asks for, a workout that was done lately being asked for less.
CREATE TEMP TABLE weighed AS
SELECT c.*, s.total_tss_7d, 7 * g.share * c.ctl_42d AS week_tss, b.reason AS forbidden,
       abs(s.total_tss_7d - 7 * g.share * c.ctl_42d) / max(7 * g.share * c.ctl_42d, 30) + COALESCE(0.5 * max(0, 1 - c.days_since_alike / c.every_days), 0) AS cost
FROM candidate AS c
JOIN simulated AS s ON s.candidate_id = c.candidate_id
JOIN goal AS g USING (model, athlete_id)
LEFT JOIN broken AS b USING (candidate_id);
CREATE INDEX temp.weighed_by_athlete ON weighed (athlete_id, model, candidate_id);

CREATE TEMP TABLE chosen AS
SELECT * FROM (SELECT w.*, ROW_NUMBER() OVER (PARTITION BY w.model, w.athlete_id ORDER BY w.forbidden IS NOT NULL, w.cost, w.load_tss, w.candidate_id) AS choice FROM weighed AS w)
WHERE choice = 1;

-- Audit: everyone who asked has one answer, the kernel knew the history that the published features know, and no answer is one that
-- the rule of risk or a limit forbids.
SELECT assert_that((SELECT COUNT(*) FROM chosen) = (SELECT COUNT(*) FROM request), '630_recommend_workouts: a request has no answer');
SELECT assert_that(NOT EXISTS (
    SELECT 1 FROM request AS r JOIN chosen AS c USING (model, athlete_id) JOIN simulated AS s ON s.candidate_id = c.candidate_id
    WHERE s.history_days <> r.history_days + 1), '630_recommend_workouts: a history differs from athlete_rolling_features');
SELECT assert_that(NOT EXISTS (
    SELECT 1 FROM chosen AS c JOIN simulated AS s ON s.candidate_id = c.candidate_id
    WHERE c.type <> 'rest' AND (s.is_overtraining_risk OR c.is_hard AND s.is_overtraining_risk IS NULL)),
    '630_recommend_workouts: a workout is recommended that the rule of risk forbids');

-- Numbers as they are told: rounded, the half away from zero.
CREATE TEMP TABLE told AS
SELECT c.candidate_id, CAST(s.total_tss_7d + 0.5 AS INTEGER) AS week, CAST(c.week_tss + 0.5 AS INTEGER) AS meant,
       number_text(CAST(10 * s.tsb + (s.tsb >= 0) - 0.5 AS INTEGER) / 10.0) AS tsb, number_text(CAST(100 * s.acwr + 0.5 AS INTEGER) / 100.0) AS acwr,
       number_text(CAST(100 * s.training_monotony_7d + 0.5 AS INTEGER) / 100.0) AS monotony,
       (SELECT group_concat(n || ' since ' || forbidden, ', ')
        FROM (SELECT COUNT(*) AS n, w.forbidden FROM weighed AS w
              WHERE (w.athlete_id, w.model) = (c.athlete_id, c.model) AND w.forbidden IS NOT NULL GROUP BY w.forbidden ORDER BY 1 DESC, 2)) AS forbidden,
       (SELECT COUNT(*) FROM weighed AS w WHERE (w.athlete_id, w.model) = (c.athlete_id, c.model)) AS n_all,
       (SELECT COUNT(w.forbidden) FROM weighed AS w WHERE (w.athlete_id, w.model) = (c.athlete_id, c.model)) AS n_forbidden
FROM chosen AS c
JOIN simulated AS s ON s.candidate_id = c.candidate_id;

INSERT INTO gold_training_recommendations (model, version, athlete_id, recommendation_date, recommended_workout_type, intensity, duration, pace_min_km, load_tss, goal,
                                           race_date, reason, ctl_after, atl_after, tsb_after, acwr_after, monotony_after, strain_after, is_risk_after, candidates,
                                           known_at, recommended_at)
SELECT c.model, r.version, c.athlete_id, c.day, c.type, c.intensity, c.minutes, c.pace_min_km, c.load_tss, g.goal, g.race_date,
       CASE WHEN g.goal = 'steady' THEN 'For a steady week'
            WHEN g.days_to_race = 0 THEN 'On the day of the race'
            ELSE 'For the race in ' || g.days_to_race || CASE g.days_to_race WHEN 1 THEN ' day' ELSE ' days' END END
       || ': the load of seven days comes to ' || t.week || ' where ' || t.meant || ' is asked for'
       || COALESCE('; form (TSB) would be ' || t.tsb, '') || COALESCE(', ratio ' || t.acwr, '') || COALESCE(', monotony ' || t.monotony, '') || '.'
       || CASE WHEN t.n_forbidden = 0 THEN ''
               ELSE ' Forbidden were ' || t.n_forbidden || ' of ' || t.n_all || ' choices: ' || t.forbidden || '.' END
       || CASE WHEN c.type = 'rest' AND r.total_tss_28d = 0 AND t.n_forbidden = t.n_all - 1
               THEN ' In four weeks there was no load that another could be held against: how to begin again is no matter of this rule.' ELSE '' END,
       s.ctl_42d, s.atl_7d, s.tsb, s.acwr, s.training_monotony_7d, s.training_strain_7d, s.is_overtraining_risk,
       (SELECT json_group_array(json_object('type', w.type, 'minutes', json(number_text(w.minutes)), 'intensity', json(number_text(w.intensity)),
                                            'load_tss', json(number_text(w.load_tss)), 'cost', json(number_text(w.cost)), 'forbidden', w.forbidden))
        FROM (SELECT * FROM weighed AS w WHERE (w.athlete_id, w.model) = (c.athlete_id, c.model) ORDER BY w.candidate_id) AS w),
       r.known_at, k.started_at
FROM chosen AS c
JOIN request AS r USING (model, athlete_id)
JOIN goal AS g USING (model, athlete_id)
JOIN simulated AS s ON s.candidate_id = c.candidate_id
JOIN told AS t ON t.candidate_id = c.candidate_id
CROSS JOIN stage_clock AS k
ORDER BY c.candidate_id;

CREATE TEMP TABLE counted AS
SELECT (SELECT COUNT(*) FROM request) AS rows_in, (SELECT COUNT(*) FROM chosen) AS rows_out, 0 AS rows_rejected, NULL AS message;

-- finish: printed by `make stages`
INSERT INTO ops_runs (stage, started_at, duration_ms, rows_in, rows_out, rows_rejected, outcome, message)
SELECT '630_recommend_workouts', started_at, (julianday('now') - started) * 86400000, rows_in, rows_out, rows_rejected, 'ok', message
FROM stage_clock, counted;

INSERT INTO ops_seen (stage, athlete_id, position) SELECT '630_recommend_workouts', athlete_id, position FROM changed;

DELETE FROM ops_due WHERE stage = '630_recommend_workouts';

DROP TABLE temp.counted;
DROP TABLE temp.told;
DROP TABLE temp.chosen;
DROP TABLE temp.weighed;
DROP TABLE temp.broken;
DROP TABLE temp.bound;
DROP TABLE temp.simulated;
DROP TABLE temp.candidate;
DROP TABLE temp.habit;
DROP TABLE temp.goal;
DROP TABLE temp.done;
DROP TABLE temp.request;
DROP TABLE temp.workout;
DROP TABLE temp.changed;
DROP TABLE temp.policy;
DROP TABLE temp.stage_clock;

COMMIT;
