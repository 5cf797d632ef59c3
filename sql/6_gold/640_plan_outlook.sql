-- stage:    640_plan_outlook
-- purpose:  what an athlete's own plan would bring: form, ratio and risk on each of its days, what a race would take, and which taper serves the next one best
-- reads:    athlete_plan; athlete_daily_features, athlete_plan_now, athlete_rolling_features, gold_athlete_predictions, gold_plan_outlook, gold_race_tapers, ml_aliases, ml_intervals, ml_model_versions, ml_models_current, ops_config, ops_due, ops_watermarks, race_distances, time_estimator_rows, training_done, training_done_unusable
-- writes:   gold_plan_outlook, gold_race_tapers; ops_seen, ops_due
-- follows:  430_rolling_features
-- grain:    athlete_id, plan_date
-- params:   default_threshold_pace, acwr_risk_threshold, acwr_min_history_days, monotony_risk_threshold, unknown_load_max_share
-- rests:    ops_due

-- begin: printed by `make stages`
BEGIN IMMEDIATE;

INSERT INTO ops_announced (stage, purpose, inputs, products, follows) VALUES (
    '640_plan_outlook',
    'what an athlete''s own plan would bring: form, ratio and risk on each of its days, what a race would take, and which taper serves the next one best',
    '["athlete_plan"]',
    '["gold_plan_outlook", "gold_race_tapers"]',
    '["430_rolling_features"]');

CREATE TEMP TABLE stage_clock AS
SELECT strftime('%Y-%m-%dT%H:%M:%SZ', 'now') AS started_at, julianday('now') AS started;
-- end

-- Each day from the one after the last that is known to the last that is planned, at most half a year.
CREATE TABLE IF NOT EXISTS gold_plan_outlook (
    athlete_id           TEXT NOT NULL,
    plan_date            TEXT NOT NULL,
    planned              TEXT NOT NULL, -- rest, or what is planned
    load_tss             REAL NOT NULL,
    ctl_42d              REAL NOT NULL, -- on the evening, if all is done as planned; so those below
    atl_7d               REAL NOT NULL,
    tsb                  REAL,
    acwr                 REAL,
    training_monotony_7d REAL,
    is_overtraining_risk INTEGER,
    race_s               REAL,          -- what the race of the day would take, and its interval
    race_lower_s         REAL,
    race_upper_s         REAL,
    PRIMARY KEY (athlete_id, plan_date)
) WITHOUT ROWID;

-- Ways to shorten what is planned before the next race. Readiness is Banister's difference of fitness and fatigue, which is to be high.
-- It decides, and not race_s: that knows training from how athletes differ, so a week of rest is to it a little less of an athlete.
CREATE TABLE IF NOT EXISTS gold_race_tapers (
    athlete_id TEXT NOT NULL,
    race_date  TEXT NOT NULL,
    days       INTEGER NOT NULL, -- before the race
    share      REAL NOT NULL,    -- of what is planned for them, in minutes; 1: as planned
    readiness  REAL NOT NULL,    -- on the eve: weighted CTL less a third of weighted ATL
    tsb        REAL,             -- on the eve
    race_s     REAL,             -- what the race would take
    is_within  INTEGER NOT NULL, -- 1: no day before the race raises the flag of risk
    is_best    INTEGER NOT NULL, -- 1: of those that are within the readiest, the least change of what is as good
    PRIMARY KEY (athlete_id, days, share)
) WITHOUT ROWID;

CREATE TEMP TABLE changed AS
SELECT d.athlete_id, w.position
FROM ops_due AS d
LEFT JOIN ops_watermarks AS w ON w.stage = '430_rolling_features' AND w.athlete_id = d.athlete_id
WHERE d.stage = '640_plan_outlook';

DELETE FROM gold_plan_outlook WHERE athlete_id IN (SELECT athlete_id FROM changed);
DELETE FROM gold_race_tapers WHERE athlete_id IN (SELECT athlete_id FROM changed);

CREATE TEMP TABLE fallback AS SELECT value AS pace FROM ops_config WHERE name = 'default_threshold_pace';

CREATE TEMP TABLE runner AS
SELECT c.athlete_id, f.as_of_date AS last_date,
       (SELECT d.threshold_pace_min_km FROM training_done AS d
        WHERE d.athlete_id = c.athlete_id AND d.is_run ORDER BY d.event_timestamp DESC LIMIT 1) AS threshold_pace_min_km
FROM changed AS c
CROSS JOIN athlete_rolling_features AS f ON f.athlete_id = c.athlete_id
       AND f.as_of_date = (SELECT MAX(l.as_of_date) FROM athlete_rolling_features AS l WHERE l.athlete_id = c.athlete_id)
WHERE EXISTS (SELECT 1 FROM athlete_plan AS p WHERE p.athlete_id = c.athlete_id);

CREATE TEMP TABLE ahead AS
SELECT r.athlete_id, r.threshold_pace_min_km, p.plan_date, p.workout_type, p.intensity, p.distance_m, p.minutes
FROM runner AS r
JOIN athlete_plan_now AS p ON p.athlete_id = r.athlete_id AND p.plan_date > r.last_date AND p.plan_date <= date(r.last_date, '+182 days');

-- rests here without ahead, having counted (SELECT COUNT(*) FROM changed), 0, 0, NULL
-- A race takes what the estimate of the nearest distance says, carried over by Riegel's law; without one, five hundredths longer than
-- at threshold.
CREATE TEMP TABLE planned AS
WITH timed AS (
    SELECT a.*, g.predicted_s, d.distance_m AS predicted_m,
           ROW_NUMBER() OVER (PARTITION BY a.athlete_id, a.plan_date, a.workout_type
                              ORDER BY g.prediction_date DESC, abs(d.distance_m - a.distance_m), g.prediction_id DESC) AS choice
    FROM ahead AS a
    LEFT JOIN gold_athlete_predictions AS g ON g.athlete_id = a.athlete_id AND g.model = 'time_estimator' AND a.workout_type = 'race'
    LEFT JOIN race_distances AS d ON d.distance_class = g.distance_class
),
lasting AS (
    SELECT t.*, CASE WHEN t.workout_type <> 'race' THEN t.minutes
                     WHEN t.predicted_s IS NOT NULL THEN riegel(t.predicted_s, t.predicted_m, t.distance_m) / 60
                     ELSE t.distance_m / 1000 * 1.05 * COALESCE(t.threshold_pace_min_km, (SELECT pace FROM fallback)) END AS lasts_min
    FROM timed AS t
    WHERE t.choice = 1
)
SELECT athlete_id, plan_date, workout_type, distance_m, lasts_min,
       CASE WHEN workout_type = 'race' THEN min(1.2, COALESCE(threshold_pace_min_km, (SELECT pace FROM fallback)) * distance_m / 1000 / lasts_min) ELSE intensity END AS intensity, threshold_pace_min_km
FROM lasting;

CREATE TEMP TABLE taper AS
SELECT n.athlete_id, n.race_date, d.column1 AS days, s.column1 AS share, CAST(ROW_NUMBER() OVER (ORDER BY n.athlete_id, d.column1, s.column1) AS INTEGER) AS taper_id
FROM (SELECT athlete_id, MIN(plan_date) AS race_date FROM planned WHERE workout_type = 'race' GROUP BY athlete_id) AS n
CROSS JOIN (VALUES (7), (14), (21)) AS d
CROSS JOIN (VALUES (1.0), (0.75), (0.6), (0.5), (0.4)) AS s
WHERE d.column1 = 7 OR s.column1 < 1;

-- The plan as it is, as line 0, and each taper up to the race; a race is not shortened.
CREATE TEMP TABLE line AS
SELECT athlete_id, plan_date, lasts_min, intensity, threshold_pace_min_km, 0 AS taper_id FROM planned
UNION ALL
SELECT p.athlete_id, p.plan_date, p.lasts_min * CASE WHEN p.workout_type <> 'race' AND p.plan_date >= date(t.race_date, -t.days || ' days') THEN t.share ELSE 1 END, p.intensity,
       p.threshold_pace_min_km, t.taper_id
FROM taper AS t
JOIN planned AS p ON p.athlete_id = t.athlete_id AND p.plan_date < t.race_date
UNION ALL
SELECT t.athlete_id, date(t.race_date, '-1 day'), 0, 0, NULL, t.taper_id FROM taper AS t JOIN runner AS r USING (athlete_id) WHERE t.race_date > date(r.last_date, '+1 day');

CREATE TEMP TABLE simulated AS
SELECT f.*
FROM (SELECT json_group_object(name, json(CASE typeof(value) WHEN 'text' THEN json_quote(value) ELSE number_text(value) END)) AS options
      FROM ops_config
      WHERE name IN ('acwr_risk_threshold', 'acwr_min_history_days', 'monotony_risk_threshold', 'unknown_load_max_share')) AS o,
     training_forecast('SELECT athlete_id, activity_date, estimated_tss, distance_km, moving_time_min, pace_min_km, elevation_gain_m, NULL
                        FROM (SELECT * FROM training_done WHERE athlete_id IN (SELECT athlete_id FROM temp.runner)
                              UNION ALL SELECT * FROM training_done_unusable WHERE athlete_id IN (SELECT athlete_id FROM temp.runner))
                        UNION ALL
                        SELECT athlete_id, plan_date, lasts_min / 60 * intensity * intensity * 100, lasts_min / (threshold_pace_min_km / intensity), lasts_min,
                               threshold_pace_min_km / intensity, 0, taper_id FROM temp.line', o.options) AS f;

-- The estimate of each race on its day: what the athlete's results say today, asked with the kilometres and the form that the plan leads
-- to, at the nearest of the estimator's distances, and carried over from there by Riegel's law. Line 0 has every race, a taper the next.
CREATE TEMP TABLE moved AS
WITH asked AS (
    SELECT p.athlete_id, p.plan_date, p.distance_m AS race_m, 0 AS taper_id FROM planned AS p WHERE p.workout_type = 'race'
    UNION ALL
    SELECT t.athlete_id, t.race_date, p.distance_m, t.taper_id
    FROM taper AS t
    JOIN planned AS p ON p.athlete_id = t.athlete_id AND p.plan_date = t.race_date AND p.workout_type = 'race'
),
evidence AS (
    SELECT a.plan_date, a.race_m, a.taper_id, r.*,
           ROW_NUMBER() OVER (PARTITION BY a.athlete_id, a.plan_date, a.taper_id ORDER BY abs(portable_ln(r.distance_m / a.race_m)), r.distance_m) AS choice
    FROM asked AS a
    JOIN time_estimator_rows AS r ON r.source = 'today' AND r.subject = a.athlete_id
),
volume AS ( -- of the 90 days before: what was run, and what is planned to be
    SELECT e.subject, e.plan_date, e.taper_id,
           ((SELECT COALESCE(exact_sum(y.run_distance_km), 0.0) FROM athlete_daily_features AS y
             WHERE y.athlete_id = e.subject AND y.activity_date >= date(e.plan_date, '-90 days') AND y.activity_date < e.plan_date)
            + (SELECT COALESCE(exact_sum(l.lasts_min / (COALESCE(l.threshold_pace_min_km, (SELECT pace FROM fallback)) / l.intensity)), 0.0) FROM line AS l
               WHERE l.athlete_id = e.subject AND l.taper_id = e.taper_id AND l.intensity > 0
                 AND l.plan_date >= date(e.plan_date, '-90 days') AND l.plan_date < e.plan_date)) * 7 / 90 AS weekly_km
    FROM evidence AS e
    WHERE e.choice = 1
),
planned_row AS (
    SELECT e.*, v.weekly_km AS planned_weekly_km,
           e.volume_effect * (portable_ln(v.weekly_km + 10) - portable_ln(COALESCE(e.weekly_km, 0.0) + 10)) AS moved_ln,
           s.ctl_42d AS planned_ctl_42d, s.pace_trend_30d AS planned_pace_trend_30d, s.longest_distance_90d_km AS planned_longest_distance_90d_km,
           CASE WHEN s.total_distance_30d_km > 0 THEN s.total_elevation_30d_m / s.total_distance_30d_km END AS planned_climb_m_per_km_30d, s.plan IS NOT NULL AS has_eve
    FROM evidence AS e
    JOIN volume AS v ON v.subject = e.subject AND v.plan_date = e.plan_date AND v.taper_id = e.taper_id
    LEFT JOIN simulated AS s ON s.athlete_id = e.subject AND s.plan = e.taper_id AND s.as_of_date = date(e.plan_date, '-1 day')
    WHERE e.choice = 1
)
SELECT CAST(ROW_NUMBER() OVER (ORDER BY subject, plan_date, taper_id) AS INTEGER) AS row_id, p.* FROM planned_row AS p;
-- The row as it would be: what else the champion asks for stays as it is today.
UPDATE moved SET ln_speed = ln_speed - moved_ln, from_shorter = from_shorter - moved_ln, from_longer = from_longer - moved_ln, weekly_km = planned_weekly_km;
UPDATE moved SET ctl_42d = planned_ctl_42d, pace_trend_30d = planned_pace_trend_30d, longest_distance_90d_km = planned_longest_distance_90d_km,
                 climb_m_per_km_30d = planned_climb_m_per_km_30d
WHERE has_eve;

CREATE TEMP TABLE champion AS
SELECT v.model, v.version, v.model_json,
       (SELECT group_concat('m."' || name || '"', ', ')
        FROM (SELECT replace(CASE f.type WHEN 'object' THEN f.value ->> '$.name' ELSE f.value END, '"', '') AS name FROM json_each(v.specification, '$.features') AS f ORDER BY f.key)) AS columns_sql
FROM ml_aliases AS a JOIN ml_model_versions AS v USING (model, version)
WHERE (a.model, a.alias) = ('time_estimator', 'champion') AND a.model NOT IN (SELECT model FROM ml_models_current WHERE learner = 'none');

CREATE TEMP TABLE race AS
WITH estimated AS (
    SELECT m.subject AS athlete_id, m.plan_date, m.taper_id, m.race_m, m.distance_m, m.evidence, d.interval_class, c.model, c.version,
           portable_exp(m.base_ln_s + m.moved_ln + a.c2) AS predicted_s
    FROM champion AS c
    CROSS JOIN attempt('SELECT key, value FROM gbdt_score(?1, ?2)', c.model_json, 'SELECT m.row_id, ' || c.columns_sql || ' FROM temp.moved AS m ORDER BY m.row_id') AS a
    JOIN moved AS m ON m.row_id = a.c1
    JOIN race_distances AS d USING (distance_class)
    WHERE EXISTS (SELECT 1 FROM moved)
)
SELECT e.athlete_id, e.plan_date, e.taper_id, riegel(e.predicted_s, e.distance_m, e.race_m) AS race_s,
       riegel(e.predicted_s * portable_exp(i.lower_ln * portable_exp(i.spread_power * portable_ln(e.predicted_s / (0.3 * e.distance_m)))), e.distance_m, e.race_m) AS lower_s,
       riegel(e.predicted_s * portable_exp(i.upper_ln * portable_exp(i.spread_power * portable_ln(e.predicted_s / (0.3 * e.distance_m)))), e.distance_m, e.race_m) AS upper_s
FROM estimated AS e
LEFT JOIN ml_intervals AS i ON (i.model, i.version, i.distance_class, i.evidence) = (e.model, e.version, e.interval_class, e.evidence)
WHERE e.predicted_s BETWEEN 300 AND 100000;

INSERT INTO gold_plan_outlook (athlete_id, plan_date, planned, load_tss, ctl_42d, atl_7d, tsb, acwr, training_monotony_7d, is_overtraining_risk,
                               race_s, race_lower_s, race_upper_s)
SELECT s.athlete_id, s.as_of_date,
       COALESCE((SELECT group_concat(p.workout_type || ' ' || CASE WHEN p.workout_type = 'race' THEN number_text(p.distance_m / 1000) || ' km' ELSE CAST(p.lasts_min + 0.5 AS INTEGER) || ' min' END, ', ')
                 FROM (SELECT * FROM planned AS p WHERE p.athlete_id = s.athlete_id AND p.plan_date = s.as_of_date ORDER BY p.workout_type) AS p), 'rest'),
       s.daily_tss, s.ctl_42d, s.atl_7d, s.tsb, s.acwr, s.training_monotony_7d, s.is_overtraining_risk, r.race_s, r.lower_s, r.upper_s
FROM simulated AS s
LEFT JOIN race AS r ON r.athlete_id = s.athlete_id AND r.plan_date = s.as_of_date AND r.taper_id = 0
WHERE s.plan = 0;

INSERT INTO gold_race_tapers (athlete_id, race_date, days, share, readiness, tsb, race_s, is_within, is_best)
WITH eve AS (
    SELECT t.athlete_id, t.race_date, t.taper_id, t.days, t.share, s.ctl_ewma - s.atl_ewma / 3 AS readiness, s.tsb,
           NOT EXISTS (SELECT 1 FROM simulated AS b WHERE b.plan = t.taper_id AND b.athlete_id = t.athlete_id AND b.is_overtraining_risk) AS is_within
    FROM taper AS t
    JOIN simulated AS s ON s.plan = t.taper_id AND s.athlete_id = t.athlete_id AND s.as_of_date = date(t.race_date, '-1 day')
)
SELECT e.athlete_id, e.race_date, e.days, e.share, e.readiness, e.tsb, r.race_s, e.is_within,
       e.is_within AND ROW_NUMBER() OVER (PARTITION BY e.athlete_id ORDER BY e.is_within DESC, e.readiness DESC, e.share DESC, e.days) = 1
FROM eve AS e
LEFT JOIN race AS r ON r.athlete_id = e.athlete_id AND r.taper_id = e.taper_id;

CREATE TEMP TABLE counted AS
SELECT (SELECT COUNT(*) FROM changed) AS rows_in, (SELECT COUNT(*) FROM simulated WHERE plan = 0) AS rows_out, 0 AS rows_rejected, NULL AS message;

-- finish: printed by `make stages`
INSERT INTO ops_runs (stage, started_at, duration_ms, rows_in, rows_out, rows_rejected, outcome, message)
SELECT '640_plan_outlook', started_at, (julianday('now') - started) * 86400000, rows_in, rows_out, rows_rejected, 'ok', message
FROM stage_clock, counted;

INSERT INTO ops_seen (stage, athlete_id, position) SELECT '640_plan_outlook', athlete_id, position FROM changed;

DELETE FROM ops_due WHERE stage = '640_plan_outlook';

DROP TABLE temp.counted;
DROP TABLE temp.race;
DROP TABLE temp.champion;
DROP TABLE temp.moved;
DROP TABLE temp.simulated;
DROP TABLE temp.line;
DROP TABLE temp.taper;
DROP TABLE temp.planned;
DROP TABLE temp.ahead;
DROP TABLE temp.runner;
DROP TABLE temp.fallback;
DROP TABLE temp.changed;
DROP TABLE temp.stage_clock;

COMMIT;
