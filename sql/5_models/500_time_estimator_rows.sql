-- stage:    500_time_estimator_rows
-- purpose:  the evidence for a race time as it was known before the race: survey runners, past races, and today
-- reads:    silver_survey_runners, silver_survey_races, race_results, silver_strava_activities, athlete_daily_features, athlete_rolling_features, athlete_profile; activity_features, silver_trainings, race_distances, run_evidence, unrecorded_race_evidence, ops_config, estimate_rejects, silver_strava_sub_activity, silver_corrections, athlete_daily_features_history, athlete_rolling_features_history, ops_stale, ops_watermarks, time_estimator_rows, ops_due
-- writes:   time_estimator_rows; estimate_rejects, ops_seen, ops_due
-- follows:  220_silver_race_survey, 430_rolling_features
-- grain:    source, subject, as_of_date, distance_class
-- params:   evidence_tolerance, fitness_fade_per_year, race_gain_max, race_best_gain_max, max_vdot, threshold_lookback_days
-- rests:    ops_due

-- An athlete's races, best recent run and what Tanda makes of eight weeks of training are read as observations of one line: logarithmic time over logarithmic
-- distance x = ln(distance / 10 km). The line has a prior from training volume, age and sex; each observation pulls it
-- with a weight of 1 / its variance (a linear mixed model, solved in closed form below: Laird & Ware 1982, Biometrics
-- 38:963). The constants were fitted to the survey by maximum likelihood and rounded. What the line leaves unexplained
-- is the label of the boosted trees. base_ln_s is the line's answer at the distance asked for.

-- begin: printed by `make stages`
BEGIN IMMEDIATE;

INSERT INTO ops_announced (stage, purpose, inputs, products, follows) VALUES (
    '500_time_estimator_rows',
    'the evidence for a race time as it was known before the race: survey runners, past races, and today',
    '["silver_survey_runners", "silver_survey_races", "race_results", "silver_strava_activities", "athlete_daily_features", "athlete_rolling_features", "athlete_profile"]',
    '["time_estimator_rows"]',
    '["220_silver_race_survey", "430_rolling_features"]');

CREATE TEMP TABLE stage_clock AS
SELECT strftime('%Y-%m-%dT%H:%M:%SZ', 'now') AS started_at, julianday('now') AS started;

CREATE TEMP TABLE changed AS
SELECT athlete_id, position, MIN(since) AS since
FROM (SELECT s.athlete_id, s.position,
             CASE WHEN json_valid(s.position) AND json_extract(s.position, '$[15]') = substr(row_hash(m.position), 1, 32)
                  THEN json_extract(s.position, '$[14]') ELSE '' END AS since
      FROM ops_stale AS s
      LEFT JOIN ops_watermarks AS m ON m.stage = s.stage AND m.athlete_id = s.athlete_id
      WHERE s.stage = '500_time_estimator_rows')
GROUP BY athlete_id, position;
-- end

CREATE TABLE IF NOT EXISTS time_estimator_rows (
    source                  TEXT NOT NULL CHECK (source IN ('survey', 'prior', 'history', 'today')), -- prior: the survey without its races
    subject                 TEXT NOT NULL,    -- runner of the survey, or athlete_id
    as_of_date              TEXT NOT NULL,    -- the day of the race; '' in the survey
    distance_class          TEXT NOT NULL,
    distance_m              REAL NOT NULL,
    seconds                 REAL,             -- the label; NULL for today
    fold                    INTEGER,          -- of the survey: all rows of a runner share it
    evidence                TEXT NOT NULL CHECK (evidence IN ('none', 'training_run', 'race', 'races')), -- of the last year
    evidence_activity_id    TEXT,             -- the best of it; NULL in the survey and where there is none
    n_evidence              INTEGER NOT NULL,
    base_ln_s               REAL NOT NULL,
    ln_distance             REAL NOT NULL,
    ln_speed                REAL NOT NULL,    -- of the base, ln(m/s)
    endurance               REAL NOT NULL,    -- how much steeper than usual the athlete's line is
    uncertainty             REAL NOT NULL,    -- variance of the line
    weekly_km               REAL,
    is_female               INTEGER,
    from_shorter            REAL,             -- the nearest shorter race brought to this distance, less the base
    from_longer             REAL,
    evidence_fitness        REAL NOT NULL,    -- 1 as fit as ever … 4 not well prepared; 2 where not asked
    evidence_difficulty     REAL NOT NULL,    -- 1 very difficult … 5 very fast course; 3 where not asked
    ctl_42d                 REAL,             -- form, of athletes with a history
    pace_trend_30d          REAL,
    longest_distance_90d_km REAL,
    climb_m_per_km_30d      REAL,
    riegel_s                REAL,             -- what the classic formulas make of the same evidence
    vdot_s                  REAL,
    vickers_one_race_s      REAL,
    vickers_two_races_s     REAL,
    tanda_s                 REAL,             -- the last eight weeks' training
    volume_effect           REAL NOT NULL,    -- by how much the base grows with ln((weekly_km + 10) / 60)
    event_timestamp         TEXT,             -- the end of the day before; for today when the last of it arrived
    available_at            TEXT,
    PRIMARY KEY (source, subject, as_of_date, distance_class)
) WITHOUT ROWID;

-- A row of today makes its athlete due for predictions.
CREATE TRIGGER IF NOT EXISTS time_estimator_rows_due_added AFTER INSERT ON time_estimator_rows
BEGIN
    INSERT INTO ops_due (stage, athlete_id) SELECT '600_predict_race_times', new.subject WHERE new.source = 'today' ON CONFLICT DO NOTHING;
END;
CREATE TRIGGER IF NOT EXISTS time_estimator_rows_due_changed AFTER UPDATE ON time_estimator_rows
BEGIN
    INSERT INTO ops_due (stage, athlete_id) SELECT '600_predict_race_times', old.subject WHERE old.source = 'today' ON CONFLICT DO NOTHING;
    INSERT INTO ops_due (stage, athlete_id) SELECT '600_predict_race_times', new.subject WHERE new.source = 'today' ON CONFLICT DO NOTHING;
END;
CREATE TRIGGER IF NOT EXISTS time_estimator_rows_due_gone AFTER DELETE ON time_estimator_rows
BEGIN
    INSERT INTO ops_due (stage, athlete_id) SELECT '600_predict_race_times', old.subject WHERE old.source = 'today' ON CONFLICT DO NOTHING;
END;

-- What is known by the end of an earlier day does not change (those of two places of the earth end two days apart); whether a race is
-- believed, the days of the window after it say.
UPDATE changed SET since = COALESCE(date(since, -((SELECT value FROM ops_config WHERE name = 'threshold_lookback_days') + 2) || ' days'), '')
WHERE since <> '';

-- What is asked: every race that the survey or the history knows the time of, and the four distances tomorrow. The survey is
-- asked once more as if none of its races were known ('prior'): that is how far volume, age and sex alone go.
CREATE TEMP TABLE request (
    request_id INTEGER PRIMARY KEY, source TEXT, subject TEXT, as_of_date TEXT, distance_class TEXT, distance_m REAL, seconds REAL, fold INTEGER,
    known_at TEXT, age REAL, is_female INTEGER, bmi REAL, endurance_speed REAL, sprints INTEGER, tempo_runs INTEGER,
    weekly_km REAL, longest_week_km REAL, run_days_56d INTEGER, km_56d REAL, pace_56d REAL
);

INSERT INTO request (source, subject, as_of_date, distance_class, distance_m, seconds, fold,
                     age, is_female, bmi, endurance_speed, sprints, tempo_runs, weekly_km, longest_week_km)
SELECT s.source, r.runner_id, '', r.distance_class, d.distance_m, r.seconds, (r.runner_id * 7919) % 10,
       w.age, w.is_female, w.bmi, w.endurance_speed, w.sprints, w.tempo_runs, w.weekly_km, w.longest_week_km
FROM changed AS c
CROSS JOIN (SELECT 'survey' AS source UNION ALL SELECT 'prior') AS s
CROSS JOIN silver_survey_races AS r
JOIN race_distances AS d USING (distance_class)
JOIN silver_survey_runners AS w USING (runner_id)
WHERE c.athlete_id = '' AND d.is_target;

CREATE TEMP TABLE moment AS
SELECT 'history' AS source, r.athlete_id, r.race_date AS as_of_date, r.distance_class, MIN(r.seconds) AS seconds, f.event_timestamp AS known_at
FROM changed AS c
CROSS JOIN race_results AS r ON r.athlete_id = c.athlete_id AND r.race_date >= c.since
JOIN athlete_rolling_features AS f ON f.athlete_id = r.athlete_id AND f.as_of_date = date(r.race_date, '-1 day')
GROUP BY r.athlete_id, r.race_date, r.distance_class
UNION ALL
SELECT 'today', f.athlete_id, date(f.as_of_date, '+1 day'), d.distance_class, NULL, -- with all that has come in since
       max(f.available_at, COALESCE((SELECT MAX(corrected_at) FROM silver_corrections AS k
                                     WHERE k.athlete_id = f.athlete_id AND k.from_date <= f.as_of_date), ''),
           COALESCE((SELECT MAX(available_at) FROM race_results AS r WHERE r.athlete_id = f.athlete_id AND r.race_date <= f.as_of_date), ''))
FROM (SELECT athlete_id, (SELECT MAX(as_of_date) FROM athlete_rolling_features AS f WHERE f.athlete_id = changed.athlete_id) AS as_of_date FROM changed) AS last
JOIN athlete_rolling_features AS f USING (athlete_id, as_of_date)
CROSS JOIN race_distances AS d
WHERE d.is_target;

-- Of each day that which was believed at the time.
INSERT INTO request (source, subject, as_of_date, distance_class, distance_m, seconds, known_at, age, is_female,
                     weekly_km, run_days_56d, km_56d, pace_56d)
WITH day AS (
    SELECT m.athlete_id, m.as_of_date, m.known_at, y.activity_date, y.run_distance_km AS km, y.avg_pace
    FROM (SELECT DISTINCT athlete_id, as_of_date, known_at FROM moment) AS m
    CROSS JOIN athlete_daily_features AS y
    WHERE y.athlete_id = m.athlete_id AND y.activity_date >= date(m.as_of_date, '-90 days') AND y.activity_date < m.as_of_date
      AND y.available_at <= m.known_at
    UNION ALL
    SELECT m.athlete_id, m.as_of_date, m.known_at, h.activity_date, h.run_distance_km, h.avg_pace
    FROM (SELECT DISTINCT athlete_id, as_of_date, known_at FROM moment) AS m
    CROSS JOIN athlete_daily_features_history AS h
    WHERE h.athlete_id = m.athlete_id AND h.activity_date >= date(m.as_of_date, '-90 days') AND h.activity_date < m.as_of_date
      AND h.available_at <= m.known_at AND h.superseded_at > m.known_at
),
volume AS (
    SELECT athlete_id, as_of_date, known_at, exact_sum(km) * 7 / 90 AS weekly_km, COUNT(*) FILTER (WHERE is_late AND km > 0) AS run_days_56d,
           exact_sum(km) FILTER (WHERE is_late) AS km_56d, quantile(avg_pace, 0.5) FILTER (WHERE is_late) AS pace_56d -- one ride that was called a run moves no median
    FROM (SELECT *, activity_date >= date(as_of_date, '-56 days') AS is_late FROM day)
    GROUP BY athlete_id, as_of_date, known_at
)
SELECT m.source, m.athlete_id, m.as_of_date, m.distance_class, d.distance_m, m.seconds, m.known_at,
       CAST(substr(m.as_of_date, 1, 4) AS INTEGER) - p.birth_year, p.sex = 'F',
       COALESCE(v.weekly_km, 0.0), v.run_days_56d, v.km_56d, v.pace_56d
FROM moment AS m
JOIN race_distances AS d USING (distance_class)
JOIN athlete_profile AS p USING (athlete_id)
LEFT JOIN volume AS v ON v.athlete_id = m.athlete_id AND v.as_of_date = m.as_of_date AND v.known_at IS m.known_at;
CREATE INDEX temp.request_by_day ON request (subject, as_of_date, known_at);

-- Of each day those who trained at its end less than half as much as within two years before it, as believed at the time: few, and only
-- their days are walked.
CREATE TEMP TABLE lessened AS
WITH asked AS MATERIALIZED (
    SELECT DISTINCT athlete_id, as_of_date, known_at, date(as_of_date, '-730 days') AS since, date(as_of_date, '-1 day') AS eve FROM moment
),
trained AS MATERIALIZED (
    SELECT m.*,
           (SELECT MAX(activities_90d) FROM athlete_rolling_features AS f
            WHERE f.athlete_id = m.athlete_id AND f.as_of_date BETWEEN m.since AND m.eve AND f.available_at <= m.known_at) AS most,
           (SELECT MAX(activities_90d) FROM athlete_rolling_features_history AS h
            WHERE h.athlete_id = m.athlete_id AND h.as_of_date BETWEEN m.since AND m.eve AND h.available_at <= m.known_at AND h.superseded_at > m.known_at) AS most_before,
           (SELECT f.as_of_date FROM athlete_rolling_features AS f
            WHERE f.athlete_id = m.athlete_id AND f.as_of_date BETWEEN m.since AND m.eve AND f.available_at <= m.known_at
            ORDER BY f.as_of_date DESC LIMIT 1) AS last_day,
           (SELECT MAX(h.as_of_date) FROM athlete_rolling_features_history AS h
            WHERE h.athlete_id = m.athlete_id AND h.as_of_date BETWEEN m.since AND m.eve AND h.available_at <= m.known_at AND h.superseded_at > m.known_at) AS last_day_before
    FROM asked AS m
)
SELECT m.athlete_id, m.as_of_date, m.known_at, m.since, m.eve
FROM trained AS m
WHERE 2 * CASE WHEN COALESCE(m.last_day, '') > COALESCE(m.last_day_before, '')
               THEN (SELECT f.activities_90d FROM athlete_rolling_features AS f WHERE f.athlete_id = m.athlete_id AND f.as_of_date = m.last_day)
               ELSE (SELECT h.activities_90d FROM athlete_rolling_features_history AS h
                     WHERE h.athlete_id = m.athlete_id AND h.as_of_date = m.last_day_before AND h.available_at <= m.known_at AND h.superseded_at > m.known_at) END
      < max(COALESCE(m.most, 0), COALESCE(m.most_before, 0));

-- How much they trained until each day.
CREATE TEMP TABLE trained_days (
    athlete_id TEXT, as_of_date TEXT, known_at TEXT, until_date TEXT, activities_90d INTEGER, PRIMARY KEY (athlete_id, as_of_date, known_at, until_date)
) WITHOUT ROWID;
INSERT INTO trained_days
SELECT m.athlete_id, m.as_of_date, m.known_at, f.as_of_date, f.activities_90d
FROM lessened AS m
CROSS JOIN athlete_rolling_features AS f ON f.athlete_id = m.athlete_id AND f.as_of_date BETWEEN m.since AND m.eve AND f.available_at <= m.known_at
UNION ALL
SELECT m.athlete_id, m.as_of_date, m.known_at, h.as_of_date, h.activities_90d
FROM lessened AS m
CROSS JOIN athlete_rolling_features_history AS h ON h.athlete_id = m.athlete_id AND h.as_of_date BETWEEN m.since AND m.eve
                                                AND h.available_at <= m.known_at AND h.superseded_at > m.known_at;

-- Who trains less than half as much as since an earlier day has had a break: what that day showed is slower by now. It fades as for the
-- threshold pace (speed goes with VDOT to the power of 0.8), and by half of what three months without training cost, a sixth of VO2max
-- (Coyle et al. 1984, J Appl Physiol 57:1857): the other half is back soon. A break counts as one by and by, from a half of the training
-- to a quarter (`weight`), so that no single activity makes it.
CREATE TEMP TABLE faded (
    request_id INTEGER, evidence_date TEXT, slower_ln REAL, weight REAL, PRIMARY KEY (request_id, evidence_date)
) WITHOUT ROWID;
INSERT INTO faded
WITH most AS (
    SELECT athlete_id, as_of_date, known_at, until_date, FIRST_VALUE(activities_90d) OVER since AS now, MAX(activities_90d) OVER since AS most
    FROM trained_days
    WINDOW since AS (PARTITION BY athlete_id, as_of_date, known_at ORDER BY until_date DESC)
)
SELECT q.request_id, m.until_date, 0.07 * (1 - 1.0 * m.now / m.most) + 0.8 * c.fade_per_day * (julianday(q.as_of_date) - julianday(m.until_date)),
       min(1.0, 2 - 4.0 * m.now / m.most)
FROM (SELECT -portable_ln(1 - min(value, 0.99)) / 365 AS fade_per_day FROM ops_config WHERE name = 'fitness_fade_per_year') AS c
CROSS JOIN most AS m
CROSS JOIN request AS q ON (q.subject, q.as_of_date, q.known_at) = (m.athlete_id, m.as_of_date, m.known_at)
WHERE q.source IN ('history', 'today') AND 2 * m.now < m.most;

-- The prior: what volume, age, sex and kind of training alone would say; an unknown answer counts as the average.
CREATE TEMP TABLE prior AS
WITH centred AS (
    SELECT request_id, portable_ln(distance_m / 10000) AS x,
           COALESCE(portable_ln((weekly_km + 10) / 60), 0.0) AS volume,
           COALESCE((age - 36) / 10, 0.0) AS age,
           COALESCE(is_female - 0.4, 0.0) AS female,
           COALESCE((bmi - 23.5) / 3, 0.0) AS bmi,
           COALESCE((endurance_speed - 3.4) / 2, 0.0) AS speed,
           COALESCE(sprints - 0.5, 0.0) AS sprints,
           COALESCE(tempo_runs - 0.5, 0.0) AS tempo,
           COALESCE(portable_ln((longest_week_km + 10) / (weekly_km + 10)) - 0.2, 0.0) AS peak
    FROM request
)
SELECT request_id, x,
       7.95 - 0.22 * volume + 0.03 * age + 0.003 * age * age + 0.17 * female + 0.06 * bmi - 0.02 * speed
            - 0.02 * sprints - 0.035 * tempo - 0.045 * peak AS c0,
       1.06 - 0.02 * volume - 0.007 * age + 0.003 * age * age - 0.017 * female + 0.003 * speed AS c1,
       -0.01 - 0.025 * volume AS c2,
       0.03 AS c3
FROM centred;
CREATE UNIQUE INDEX temp.prior_by_request ON prior (request_id);

-- A race before which nothing was known of its runner is no evidence as long as what came after it speaks of a much slower one.
CREATE TEMP TABLE first_race AS
SELECT r.athlete_id, r.activity_id, r.race_date, r.distance_class, r.seconds
FROM (SELECT subject, date(MIN(as_of_date), '-730 days') AS since FROM request WHERE source IN ('history', 'today') GROUP BY subject) AS q
CROSS JOIN race_results AS r ON r.athlete_id = q.subject AND r.race_date >= q.since
JOIN activity_features AS f ON f.athlete_id = r.athlete_id AND f.activity_id = r.activity_id
WHERE f.threshold_source = 'default' AND r.source <> 'told';

-- reach of first_race: printed by `make stages`
-- Threshold pace and single run that make each race credible, and which days speak of it.
CREATE TEMP TABLE reach AS
SELECT r.athlete_id, r.activity_id, r.race_date, -l.value || ' days' AS lookback, date(r.race_date, -l.value || ' days') AS since, date(r.race_date, l.value || ' days') AS until,
       threshold_pace(vdot(d.distance_m, r.seconds) / (1 + g.value)) AS slowest_min_km, threshold_pace(vdot(d.distance_m, r.seconds) / (1 + e.value)) AS equal_min_km,
       vdot(d.distance_m, r.seconds) / (1 + b.value) AS best_vdot
FROM ops_config AS l
CROSS JOIN ops_config AS g ON g.name = 'race_gain_max'
CROSS JOIN ops_config AS b ON b.name = 'race_best_gain_max'
CROSS JOIN ops_config AS e ON e.name = 'evidence_tolerance'
CROSS JOIN first_race AS r
JOIN race_distances AS d ON d.distance_class = r.distance_class
WHERE l.name = 'threshold_lookback_days' AND vdot(d.distance_m, r.seconds) > 0;
-- end

-- What the runs of a day's past show is the same at every distance, so that only the first request of a day asks.
CREATE TEMP TABLE day_asked AS
SELECT q.request_id, q.subject, q.as_of_date, q.known_at,
       min(date(q.as_of_date, '-90 days'), COALESCE((SELECT MIN(evidence_date) FROM faded AS k WHERE k.request_id = q.request_id), q.as_of_date)) AS since
FROM (SELECT MIN(request_id) AS request_id, subject, as_of_date, known_at
      FROM request WHERE source IN ('history', 'today') GROUP BY subject, as_of_date, known_at) AS q;

CREATE TEMP TABLE past_run (
    athlete_id TEXT, activity_id TEXT, local_date TEXT, known_date TEXT, available_at TEXT, distance_m, moving_s, elapsed_s, climb_m, standing INTEGER
);
INSERT INTO past_run
SELECT e.athlete_id, e.activity_id, e.local_date, e.known_date, e.available_at, e.distance_m, e.moving_s, e.elapsed_s, e.climb_m, e.standing
FROM (SELECT athlete_id, MIN(since) AS since
      FROM (SELECT subject AS athlete_id, since FROM day_asked UNION ALL SELECT athlete_id, since FROM reach)
      GROUP BY athlete_id) AS q
CROSS JOIN run_evidence AS e ON e.athlete_id = q.athlete_id AND e.local_date >= q.since;
CREATE INDEX temp.past_run_by_day ON past_run (athlete_id, local_date);

CREATE TEMP TABLE too_good AS
WITH later AS MATERIALIZED (
    SELECT r.athlete_id, r.activity_id, r.race_date, f.available_at,
           f.threshold_pace_min_km <= r.slowest_min_km
               AND (f.threshold_pace_min_km <= r.equal_min_km
                    OR MAX(e.standing IN (1, 3) AND vdot(e.distance_m, e.moving_s) >= r.best_vdot
                           OR e.climb_m > 0 AND vdot(flat_distance(e.distance_m, e.climb_m), e.moving_s) >= r.best_vdot
                              AND threshold_pace(vdot(flat_distance(e.distance_m, e.climb_m), e.moving_s)) >= f.threshold_pace_min_km
                           OR vdot(e.distance_m, e.moving_s) >= r.best_vdot AND threshold_pace(vdot(e.distance_m, e.moving_s)) >= f.threshold_pace_min_km)) AS is_near
    FROM reach AS r
    CROSS JOIN activity_features AS f ON f.athlete_id = r.athlete_id AND f.activity_date > r.race_date AND f.activity_date <= r.until
    CROSS JOIN past_run AS e ON e.athlete_id = r.athlete_id AND e.activity_id <> r.activity_id
                                AND e.known_date < f.activity_date AND e.local_date >= date(f.activity_date, r.lookback)
    WHERE f.threshold_source <> 'default'
    GROUP BY r.athlete_id, r.activity_id, f.activity_id
    HAVING MAX(e.standing) > 0 OR f.threshold_pace_min_km > r.equal_min_km -- and not what the race alone says
)
SELECT q.request_id, a.activity_id, MAX(a.is_near) AS is_near
FROM later AS a
CROSS JOIN request AS q ON q.subject = a.athlete_id AND q.as_of_date > a.race_date AND q.source IN ('history', 'today') AND q.known_at >= a.available_at
GROUP BY q.request_id, a.activity_id;
DELETE FROM too_good WHERE is_near;

-- What the runs of each day's past showed.
CREATE TEMP TABLE day_run (
    request_id INTEGER, is_former INTEGER, vdot REAL, age_days REAL, activity_id TEXT, distance_m, elapsed_s, slower_ln REAL, standing INTEGER, weight REAL
);
INSERT INTO day_run
WITH done AS MATERIALIZED (
    SELECT q.request_id, e.activity_id, e.distance_m, e.climb_m, e.elapsed_s, e.local_date, julianday(q.as_of_date) - julianday(e.local_date) AS age_days, e.standing
    FROM day_asked AS q
    CROSS JOIN past_run AS e ON e.athlete_id = q.subject AND e.local_date < q.as_of_date AND e.local_date >= q.since
                          AND e.available_at <= q.known_at
    WHERE NOT EXISTS (SELECT 1 FROM race_results AS r WHERE (r.athlete_id, r.activity_id) = (e.athlete_id, e.activity_id))
    UNION ALL -- over a distance of its own
    SELECT q.request_id, e.activity_id, e.distance_m, NULL, e.elapsed_s, e.local_date, julianday(q.as_of_date) - julianday(e.local_date), e.standing
    FROM day_asked AS q
    CROSS JOIN unrecorded_race_evidence AS e ON e.athlete_id = q.subject AND e.local_date < q.as_of_date AND e.local_date >= q.since
                          AND e.available_at <= q.known_at
    WHERE NOT EXISTS (SELECT 1 FROM race_results AS r WHERE (r.athlete_id, r.activity_id) = (e.athlete_id, e.activity_id))
),
-- Of a run before a break what is left of it.
counted AS (
    SELECT d.*, k.slower_ln IS NOT NULL AND d.age_days > 90 AS is_former, CASE WHEN d.age_days > 90 THEN k.slower_ln ELSE 0.0 END AS slower_ln,
           CASE WHEN d.age_days > 90 THEN k.weight ELSE 1.0 END AS weight
    FROM done AS d
    LEFT JOIN faded AS k ON k.request_id = d.request_id AND k.evidence_date = d.local_date
    WHERE d.age_days <= 90 OR k.slower_ln IS NOT NULL
),
-- What only its climb makes of a run needs another run near that, as for the threshold pace.
levelled AS (
    SELECT request_id, is_former, activity_id, distance_m, elapsed_s, age_days, slower_ln, vdot(distance_m, elapsed_s * portable_exp(slower_ln)) AS vdot, standing, weight
    FROM counted
    UNION ALL
    SELECT request_id, is_former, activity_id, flat_m, elapsed_s, age_days, slower_ln, vdot(flat_m, elapsed_s * portable_exp(slower_ln)), 0, weight
    FROM (SELECT *, flat_distance(distance_m, climb_m) AS flat_m FROM counted)
    WHERE flat_m > distance_m * (1 + (SELECT value FROM ops_config WHERE name = 'evidence_tolerance'))
)
SELECT request_id, is_former, vdot, age_days, activity_id, distance_m, elapsed_s, slower_ln, standing, weight
FROM levelled
WHERE vdot <= (SELECT value FROM ops_config WHERE name = 'max_vdot');
CREATE INDEX temp.day_run_by_height ON day_run (request_id, is_former, vdot DESC, age_days, activity_id);

-- What was known: other races; for an athlete also the best run of the last 90 days that proves anything, taken as 5 % slower
-- than a race; and after a break the best of two years before it.
CREATE TEMP TABLE evidence AS
WITH survey AS (
    SELECT q.request_id, d.distance_m, r.seconds, r.fitness, r.difficulty, 0.0 AS shift, 0.0 AS extra_variance, 1 AS is_race, NULL AS age_days,
           NULL AS vdot, NULL AS activity_id, 0 AS is_before_break, 1.0 AS weight
    FROM request AS q
    CROSS JOIN silver_survey_races AS r ON r.runner_id = CAST(q.subject AS INTEGER) AND r.distance_class <> q.distance_class
    JOIN race_distances AS d ON d.distance_class = r.distance_class
    WHERE q.source = 'survey'
),
past_race AS (
    SELECT q.request_id, d.distance_m, r.seconds, NULL AS fitness, NULL AS difficulty, COALESCE(k.slower_ln * k.weight, 0.0) AS shift,
           0.004 * (julianday(q.as_of_date) - julianday(r.race_date)) / 90 AS extra_variance, -- form fades
           1 AS is_race, julianday(q.as_of_date) - julianday(r.race_date) AS age_days, vdot(d.distance_m, r.seconds * portable_exp(COALESCE(k.slower_ln * k.weight, 0.0))) AS vdot, r.activity_id,
           k.slower_ln IS NOT NULL AS is_before_break, 1.0 AS weight
    FROM request AS q
    CROSS JOIN race_results AS r ON r.athlete_id = q.subject AND r.race_date < q.as_of_date AND r.race_date >= date(q.as_of_date, '-730 days')
                          AND r.available_at <= q.known_at
    JOIN race_distances AS d ON d.distance_class = r.distance_class
    LEFT JOIN faded AS k ON k.request_id = q.request_id AND k.evidence_date = r.race_date
    WHERE q.source IN ('history', 'today')
      AND NOT EXISTS (SELECT 1 FROM too_good AS g WHERE g.request_id = q.request_id AND g.activity_id = r.activity_id)
),
-- One run beside another that is near it; where no two are, the middle one.
shown AS (
    SELECT request_id, is_former,
           COALESCE(supported_max(vdot, (SELECT value FROM ops_config WHERE name = 'evidence_tolerance')),
                    CASE WHEN COUNT(*) FILTER (WHERE standing > 0) < 3 THEN MIN(vdot) FILTER (WHERE standing > 0)
                         ELSE quantile(vdot, 0.5) FILTER (WHERE standing > 0) END) AS vdot
    FROM day_run
    GROUP BY request_id, is_former
),
chosen AS (
    SELECT s.recent_vdot, r.*
    FROM (SELECT *, MAX(vdot) FILTER (WHERE NOT is_former) OVER (PARTITION BY request_id) AS recent_vdot FROM shown) AS s
    CROSS JOIN day_run AS r ON r.rowid = (SELECT n.rowid FROM day_run AS n
                                          WHERE n.request_id = s.request_id AND n.is_former = s.is_former AND n.vdot <= s.vdot
                                          ORDER BY n.vdot DESC, n.age_days, n.activity_id LIMIT 1)
),
best_run AS (
    SELECT q.request_id, c.distance_m, c.elapsed_s, NULL, NULL, c.slower_ln - 0.05, 0.0016 + CASE WHEN c.is_former THEN 0.004 * c.age_days / 90 ELSE 0 END, 0, c.age_days, c.vdot,
           c.activity_id, c.is_former, c.weight
    FROM chosen AS c
    CROSS JOIN request AS a USING (request_id)
    CROSS JOIN request AS q ON (q.subject, q.as_of_date, q.known_at) = (a.subject, a.as_of_date, a.known_at)
    WHERE (NOT c.is_former OR c.vdot > COALESCE(c.recent_vdot, 0)) AND q.source IN ('history', 'today')
),
history AS (
    SELECT *, portable_ln(distance_m / 10000) AS x FROM past_race UNION ALL SELECT *, portable_ln(distance_m / 10000) FROM best_run
),
-- By how much each is slower than the prior, and what it claims of the athlete: of a run in training less, as it is taken for a race.
placed AS (
    SELECT h.*, p.x AS asked_x, portable_ln(h.seconds) + h.shift - (p.c0 + p.c1 * h.x + p.c2 * h.x * h.x + p.c3 * h.x * h.x * h.x) AS behind,
           portable_ln(h.seconds) + h.shift - (p.c0 + p.c1 * h.x + p.c2 * h.x * h.x + p.c3 * h.x * h.x * h.x) + 0.02 * (NOT h.is_race) AS claimed
    FROM history AS h
    JOIN prior AS p USING (request_id)
),
-- The best claim, of which a year takes 5 %.
best AS (
    SELECT *, min(MIN(claimed) OVER (PARTITION BY request_id ORDER BY age_days),
                  MIN(claimed + 0.05 * age_days / 365) OVER (PARTITION BY request_id ORDER BY age_days DESC) - 0.05 * age_days / 365) AS best_claim,
           min(COALESCE(behind - LAG(behind) OVER alike, 1.0), COALESCE(LEAD(behind) OVER alike - behind, 1.0)) AS alone
    FROM placed
    WINDOW alike AS (PARTITION BY request_id, distance_m ORDER BY behind)
),
-- What is far behind the best was jogged, paced or went wrong, or is of a time before the athlete got better. Of a runner of little
-- endurance long races are behind that were run well, by up to two deviations of the slope: where another over that
-- distance says the same, they speak of it and of longer ones.
found AS (
    SELECT *, portable_ln(distance_m / 10000) AS x FROM survey
    UNION ALL
    SELECT request_id, distance_m, seconds, fitness, difficulty, shift, extra_variance, is_race, age_days, vdot, activity_id, is_before_break, weight, x
    FROM best
    WHERE behind <= best_claim + 0.04 + (alone <= 0.04 AND x <= asked_x) * 2 * 0.043 * max(x, 0.0)
)
SELECT request_id, distance_m, seconds, fitness, difficulty, is_race, age_days, is_before_break, activity_id, COALESCE(vdot, vdot(distance_m, seconds)) AS vdot,
       x, portable_ln(seconds) + shift - 0.015 * COALESCE(fitness - 1.95, 0) + 0.009 * COALESCE(difficulty - 2.95, 0) AS ln_s,
       weight / (portable_exp(-5.25 + 0.52 * min(max(x, -0.7), 1.44) - 2.2 * min(max(x, -0.7), 1.44) * min(max(x, -0.7), 1.44)) + extra_variance) AS w
FROM found;
CREATE INDEX temp.evidence_by_request ON evidence (request_id, distance_m);

-- Sums over the evidence, weighted by 1 / variance, nothing where there is none; the prior of level and slope has variances 0.11^2 and
-- 0.043^2. What is run in a break says less of its runner than a usual week: there that of the level is 0.22^2.
CREATE TEMP TABLE line AS
WITH weighted AS (
    SELECT p.request_id, COALESCE(e.x, 0.0) AS x, e.fitness, e.difficulty,
           e.x IS NOT NULL AS is_known, COALESCE(e.is_race AND COALESCE(e.age_days, 0) <= 365 AND NOT e.is_before_break, 0) AS is_fresh_race,
           COALESCE(e.w, 0.0) AS w,
           COALESCE(e.ln_s - (p.c0 + p.c1 * e.x + p.c2 * e.x * e.x + p.c3 * e.x * e.x * e.x), 0.0) AS r
    FROM prior AS p
    LEFT JOIN evidence AS e USING (request_id)
),
total AS (
    SELECT request_id, COUNT(*) FILTER (WHERE is_known) AS n, COUNT(*) FILTER (WHERE is_fresh_race) AS n_fresh, exact_avg(fitness) AS fitness, exact_avg(difficulty) AS difficulty,
           exact_sum(w) + (1 - 0.75 * COALESCE((SELECT MAX(weight) FROM faded AS k WHERE k.request_id = weighted.request_id), 0.0)) / (0.11 * 0.11) AS s0, exact_sum(w * x) AS s1, exact_sum(w * x * x) + 1 / (0.043 * 0.043) AS s2,
           exact_sum(w * r) AS r0, exact_sum(w * r * x) AS r1,
           exact_sum(w * (0.22 + 0.02 * x + 0.025 * x * x)) AS v0, exact_sum(w * x * (0.22 + 0.02 * x + 0.025 * x * x)) AS v1 -- the prior's, taken off
    FROM weighted
    GROUP BY request_id
)
SELECT request_id, n, fitness, difficulty, p.x,
       CASE WHEN n = 0 THEN 'none' WHEN n_fresh = 0 THEN 'training_run' WHEN n_fresh = 1 THEN 'race' ELSE 'races' END AS evidence,
       (s2 * r0 - s1 * r1) / (s0 * s2 - s1 * s1) AS level,
       (s0 * r1 - s1 * r0) / (s0 * s2 - s1 * s1) AS slope,
       (s2 - 2 * s1 * p.x + s0 * p.x * p.x) / (s0 * s2 - s1 * s1) AS variance,
       (s2 * v0 - s1 * v1 + (s0 * v1 - s1 * v0) * p.x) / (s0 * s2 - s1 * s1) - 0.22 - 0.02 * p.x - 0.025 * p.x * p.x AS volume_effect,
       p.c0 + p.c1 * p.x + p.c2 * p.x * p.x + p.c3 * p.x * p.x * p.x AS prior_ln_s
FROM total
JOIN prior AS p USING (request_id);
CREATE UNIQUE INDEX temp.line_by_request ON line (request_id);

-- The nearest shorter and the nearest longer distance raced, brought to the distance asked for by a power of 1.07.
CREATE TEMP TABLE neighbour AS
WITH side AS (
    SELECT e.request_id, e.x < l.x AS is_shorter, e.distance_m, e.w,
           e.ln_s + 1.07 * (l.x - e.x) - (l.prior_ln_s + l.level + l.slope * l.x) AS ln_ratio,
           DENSE_RANK() OVER (PARTITION BY e.request_id, e.x < l.x ORDER BY abs(e.x - l.x)) AS nearness
    FROM evidence AS e
    JOIN line AS l USING (request_id)
    WHERE abs(e.x - l.x) > 0.02
)
SELECT request_id,
       exact_sum(w * ln_ratio) FILTER (WHERE is_shorter) / exact_sum(w) FILTER (WHERE is_shorter) AS from_shorter,
       exact_sum(w * ln_ratio) FILTER (WHERE NOT is_shorter) / exact_sum(w) FILTER (WHERE NOT is_shorter) AS from_longer
FROM side
WHERE nearness = 1
GROUP BY request_id;
CREATE UNIQUE INDEX temp.neighbour_by_request ON neighbour (request_id);

-- The classic formulas take one result: in the survey the nearest shorter race, else the nearest longer; of an athlete
-- the best by VDOT of the last year. Vickers & Vertosick take the two longest races.
CREATE TEMP TABLE classic AS
WITH choice AS (
    SELECT q.request_id, e.activity_id, e.distance_m, e.seconds,
           ROW_NUMBER() OVER (PARTITION BY q.request_id
                              ORDER BY CASE WHEN q.source = 'survey' THEN e.distance_m > q.distance_m ELSE e.age_days > 365 END,
                                       CASE WHEN q.source = 'survey' THEN abs(e.x - portable_ln(q.distance_m / 10000)) ELSE -e.vdot END,
                                       e.distance_m, e.seconds) AS one,
           CASE WHEN e.is_race THEN DENSE_RANK() OVER (PARTITION BY q.request_id, e.is_race ORDER BY e.distance_m DESC) END AS length_rank,
           ROW_NUMBER() OVER (PARTITION BY q.request_id, e.is_race, e.distance_m ORDER BY e.vdot DESC) AS at_length
    FROM request AS q
    JOIN evidence AS e USING (request_id)
),
picked AS (
    SELECT request_id, MAX(activity_id) FILTER (WHERE one = 1) AS activity_id,
           MAX(seconds) FILTER (WHERE one = 1) AS seconds, MAX(distance_m) FILTER (WHERE one = 1) AS distance_m,
           MAX(seconds) FILTER (WHERE length_rank = 1 AND at_length = 1) AS seconds_1,
           MAX(distance_m) FILTER (WHERE length_rank = 1 AND at_length = 1) AS distance_1_m,
           MAX(seconds) FILTER (WHERE length_rank = 2 AND at_length = 1) AS seconds_2,
           MAX(distance_m) FILTER (WHERE length_rank = 2 AND at_length = 1) AS distance_2_m
    FROM choice
    GROUP BY request_id
)
SELECT p.request_id, p.activity_id,
       riegel(p.seconds, p.distance_m, q.distance_m) AS riegel_s,
       vdot_time(vdot(p.distance_m, p.seconds), q.distance_m) AS vdot_s,
       CASE WHEN q.distance_class = '42k' THEN vickers_marathon(p.seconds, p.distance_m, q.weekly_km) END AS vickers_one_race_s,
       CASE WHEN q.distance_class = '42k' THEN vickers_marathon_two(p.seconds_1, p.distance_1_m, p.seconds_2, p.distance_2_m, q.weekly_km)
       END AS vickers_two_races_s
FROM picked AS p
JOIN request AS q USING (request_id);
CREATE UNIQUE INDEX temp.classic_by_request ON classic (request_id);

-- Form as it was believed on the evening before.
CREATE TEMP TABLE form AS
SELECT q.request_id, f.ctl_42d, f.pace_trend_30d, f.longest_distance_90d_km, f.total_distance_30d_km, f.total_elevation_30d_m
FROM request AS q CROSS JOIN athlete_rolling_features AS f
WHERE f.athlete_id = q.subject AND f.as_of_date = date(q.as_of_date, '-1 day') AND f.available_at <= q.known_at
UNION ALL
SELECT q.request_id, h.ctl_42d, h.pace_trend_30d, h.longest_distance_90d_km, h.total_distance_30d_km, h.total_elevation_30d_m
FROM request AS q CROSS JOIN athlete_rolling_features_history AS h
WHERE h.athlete_id = q.subject AND h.as_of_date = date(q.as_of_date, '-1 day') AND h.available_at <= q.known_at AND h.superseded_at > q.known_at;
CREATE UNIQUE INDEX temp.form_by_request ON form (request_id);

-- What eight weeks of training say of a marathon (Tanda 2011, J Hum Sport Exerc 6:511), and of nothing shorter, of those who ran on
-- eight days of them: one more observation, within 12 % where it was sixteen days, of the time asked for. uncertainty stays what
-- results leave, as in the survey.
CREATE TEMP TABLE told AS
WITH trained AS (
    SELECT request_id, 42.195 * (17.1 + 140 * portable_exp(-0.0053 * km_56d / 8) + 0.55 * 60 * pace_56d) AS tanda_s, min(1.0, (run_days_56d - 7) / 9.0) AS weight
    FROM request
    WHERE distance_class = '42k' AND run_days_56d >= 8 AND pace_56d > 0
),
weighed AS (
    SELECT l.*, t.tanda_s, l.prior_ln_s + l.level + l.slope * l.x AS line_ln_s, CASE WHEN t.tanda_s IS NULL THEN 0.0 ELSE l.variance / (l.variance + 0.12 * 0.12 / t.weight) END AS gain
    FROM line AS l
    LEFT JOIN trained AS t USING (request_id)
)
SELECT request_id, n, fitness, difficulty, evidence, slope, variance, tanda_s, line_ln_s + gain * COALESCE(portable_ln(tanda_s) - line_ln_s, 0.0) AS base_ln_s,
       (1 - gain) * volume_effect AS volume_effect
FROM weighed;
CREATE UNIQUE INDEX temp.told_by_request ON told (request_id);

CREATE TEMP TABLE estimated AS
SELECT q.source, q.subject, q.as_of_date, q.distance_class, q.distance_m, q.seconds, q.fold, l.evidence, c.activity_id AS evidence_activity_id, l.n AS n_evidence,
       l.base_ln_s,
       portable_ln(q.distance_m) AS ln_distance,
       portable_ln(q.distance_m) - l.base_ln_s AS ln_speed,
       l.slope AS endurance, l.variance AS uncertainty, q.weekly_km, q.is_female,
       n.from_shorter, n.from_longer,
       COALESCE(l.fitness, 2.0) AS evidence_fitness, COALESCE(l.difficulty, 3.0) AS evidence_difficulty,
       f.ctl_42d, f.pace_trend_30d, f.longest_distance_90d_km,
       CASE WHEN f.total_distance_30d_km > 0 THEN f.total_elevation_30d_m / f.total_distance_30d_km END AS climb_m_per_km_30d,
       c.riegel_s, c.vdot_s, c.vickers_one_race_s, c.vickers_two_races_s,
       l.tanda_s, l.volume_effect,
       q.known_at AS event_timestamp,
       CASE WHEN q.known_at IS NOT NULL THEN
           max(q.known_at, COALESCE((SELECT MAX(corrected_at) FROM silver_corrections AS k
                                     WHERE k.athlete_id = q.subject AND k.from_date < q.as_of_date), ''),
               COALESCE((SELECT MAX(s.available_at) FROM silver_strava_sub_activity AS s -- of the efforts behind past races
                         JOIN silver_strava_activities AS a USING (athlete_id, activity_id)
                         JOIN silver_trainings AS t USING (athlete_id, activity_id)
                         WHERE s.athlete_id = q.subject AND s.kind = 'best_effort' AND t.is_race AND a.local_date < q.as_of_date), ''))
       END AS available_at
FROM request AS q
JOIN told AS l USING (request_id)
LEFT JOIN neighbour AS n USING (request_id)
LEFT JOIN classic AS c USING (request_id)
LEFT JOIN form AS f USING (request_id)
WHERE l.evidence <> 'none' OR q.source = 'prior' OR q.source <> 'survey' AND q.weekly_km > 0;
CREATE TEMP TABLE computed AS
SELECT * FROM estimated WHERE base_ln_s BETWEEN 5 AND 11.5 AND uncertainty > 0;
CREATE UNIQUE INDEX temp.computed_by_key ON computed (source, subject, as_of_date, distance_class);

-- Whose rows these are in place of: all of the survey, or one athlete's from a day on.
CREATE TEMP TABLE asked_anew AS
SELECT s.source, CASE WHEN s.source IN ('history', 'today') THEN c.athlete_id END AS subject, CASE s.source WHEN 'history' THEN c.since ELSE '' END AS since
FROM changed AS c
CROSS JOIN (SELECT 'survey' AS source UNION ALL SELECT 'prior' UNION ALL SELECT 'history' UNION ALL SELECT 'today') AS s
WHERE (c.athlete_id = '') = (s.source IN ('survey', 'prior'));

DELETE FROM estimate_rejects
WHERE (stage, model, source) IN (SELECT '500_time_estimator_rows', 'line', source FROM asked_anew WHERE subject IS NULL)
   OR (stage, model, source, subject) IN (SELECT '500_time_estimator_rows', 'line', source, subject FROM asked_anew WHERE subject IS NOT NULL)
      AND as_of_date >= (SELECT a.since FROM asked_anew AS a WHERE (a.source, a.subject) = (estimate_rejects.source, estimate_rejects.subject));
INSERT INTO estimate_rejects
SELECT '500_time_estimator_rows', 'line', source, subject, as_of_date, distance_class, base_ln_s, 'a base outside 2.5 minutes to 27 hours'
FROM estimated
WHERE NOT EXISTS (SELECT 1 FROM computed AS n
                  WHERE (n.source, n.subject, n.as_of_date, n.distance_class)
                      = (estimated.source, estimated.subject, estimated.as_of_date, estimated.distance_class));

DELETE FROM time_estimator_rows
WHERE (source IN (SELECT source FROM asked_anew WHERE subject IS NULL)
       OR (source, subject) IN (SELECT source, subject FROM asked_anew WHERE subject IS NOT NULL)
          AND as_of_date >= (SELECT a.since FROM asked_anew AS a WHERE (a.source, a.subject) = (time_estimator_rows.source, time_estimator_rows.subject)))
  AND NOT EXISTS (SELECT 1 FROM computed AS n
                  WHERE (n.source, n.subject, n.as_of_date, n.distance_class)
                      = (time_estimator_rows.source, time_estimator_rows.subject, time_estimator_rows.as_of_date, time_estimator_rows.distance_class));
INSERT OR REPLACE INTO time_estimator_rows
SELECT * FROM computed
EXCEPT
SELECT o.* FROM computed CROSS JOIN time_estimator_rows AS o USING (source, subject, as_of_date, distance_class);

CREATE TEMP TABLE counted AS
SELECT (SELECT COUNT(*) FROM request) AS rows_in,
       (SELECT COUNT(*) FROM computed) AS rows_out,
       (SELECT COUNT(*) FROM request) - (SELECT COUNT(*) FROM computed) AS rows_rejected, -- nothing was known before the race
       NULL AS message;

-- finish: printed by `make stages`
INSERT INTO ops_runs (stage, started_at, duration_ms, rows_in, rows_out, rows_rejected, outcome, message)
SELECT '500_time_estimator_rows', started_at, (julianday('now') - started) * 86400000, rows_in, rows_out, rows_rejected, 'ok', message
FROM stage_clock, counted;

INSERT INTO ops_seen (stage, athlete_id, position) SELECT '500_time_estimator_rows', athlete_id, position FROM changed;

DELETE FROM ops_due WHERE stage = '500_time_estimator_rows';

DROP TABLE temp.counted;
DROP TABLE temp.asked_anew;
DROP TABLE temp.computed;
DROP TABLE temp.estimated;
DROP TABLE temp.told;
DROP TABLE temp.form;
DROP TABLE temp.classic;
DROP TABLE temp.neighbour;
DROP TABLE temp.line;
DROP TABLE temp.evidence;
DROP TABLE temp.day_run;
DROP TABLE temp.too_good;
DROP TABLE temp.past_run;
DROP TABLE temp.day_asked;
DROP TABLE temp.reach;
DROP TABLE temp.first_race;
DROP TABLE temp.prior;
DROP TABLE temp.faded;
DROP TABLE temp.trained_days;
DROP TABLE temp.lessened;
DROP TABLE temp.moment;
DROP TABLE temp.request;
DROP TABLE temp.changed;
DROP TABLE temp.stage_clock;

COMMIT;
