-- stage:    410_activity_features
-- purpose:  pace, load, intensity and heart-rate zones of every activity, against what was known before its day
-- reads:    athlete_profile, athlete_profile_settings, silver_same_training, silver_strava_activities, silver_unusable_activities, silver_strava_sub_activity, silver_races, training_settings, silver_stream_facts, silver_stream_heart_rates; silver_trainings, silver_unusable_trainings, unusable_training_loads, run_evidence, unrecorded_race_evidence, silver_corrections, silver_rejects, silver_rules, silver_rule_empties, silver_field_lists, ops_config, ops_watermarks, ops_actor, activity_features, activity_features_history, ops_due, feature_upgrades, activity_features_versions, feature_groups_current, feature_publications, activity_fitness_shown, activity_heart_rate_records
-- writes:   activity_features; activity_features_history, activity_features_earlier, feature_publications, unusable_training_loads, activity_fitness_shown, activity_heart_rate_records, ops_published, ops_seen, ops_due
-- follows:  -
-- grain:    athlete_id, activity_id
-- params:   default_threshold_pace, threshold_lookback_days, evidence_tolerance, race_gain_max, race_best_gain_max, max_vdot, fitness_fade_per_year, max_hr_plausible, max_hr_repeats, default_resting_hr, threshold_hr_reserve, heart_rate_min_share
-- rests:    ops_due; feature_groups, feature_publications, ops_config, silver_field_lists, silver_rule_empties, silver_rules

-- begin: printed by `make stages`
BEGIN IMMEDIATE;

INSERT INTO ops_announced (stage, purpose, inputs, products, follows) VALUES (
    '410_activity_features',
    'pace, load, intensity and heart-rate zones of every activity, against what was known before its day',
    '["athlete_profile", "athlete_profile_settings", "silver_same_training", "silver_strava_activities", "silver_unusable_activities", "silver_strava_sub_activity", "silver_races", "training_settings", "silver_stream_facts", "silver_stream_heart_rates"]',
    '["activity_features"]',
    '[]');

CREATE TEMP TABLE stage_clock AS
SELECT strftime('%Y-%m-%dT%H:%M:%SZ', 'now') AS started_at, julianday('now') AS started;
-- end

-- What holds for everyone: rules and settings.
CREATE TEMP TABLE general AS
SELECT (SELECT rows_hash(table_name, rule, severity, predicate, reason) FROM (SELECT * FROM silver_rules ORDER BY table_name, rule))
           || (SELECT rows_hash(table_name, rule, column_name) FROM (SELECT * FROM silver_rule_empties ORDER BY table_name, rule, column_name))
           || (SELECT rows_hash(table_name, fields) FROM (SELECT * FROM silver_field_lists ORDER BY table_name)) AS rules,
       (SELECT rows_hash(name, value) FROM (SELECT * FROM ops_config WHERE kind = 'setting' AND name <> 'arrivals' ORDER BY name)) AS settings,
       (SELECT position FROM ops_watermarks WHERE stage = '410_activity_features' LIMIT 1) AS anyone,
       (SELECT row_hash(major, minor, patch, (SELECT MAX(publication_id) FROM feature_publications WHERE group_name = 'athlete_profile' AND is_new))
        FROM feature_groups_current WHERE table_name = 'activity_features') AS formula,
       EXISTS (SELECT 1 FROM feature_upgrades WHERE table_name = 'activity_features' AND earlier IS NOT NULL) AS is_upgrade;

-- Everyone when that has changed.
CREATE TEMP TABLE due AS
SELECT athlete_id, date(MIN(since), '-2 days') AS day
FROM (SELECT athlete_id, since FROM ops_due WHERE stage = '410_activity_features'
      UNION ALL
      SELECT m.athlete_id, '' FROM general AS g CROSS JOIN ops_watermarks AS m ON m.stage = '410_activity_features'
      WHERE g.is_upgrade OR (json_extract(g.anyone, '$[5]'), json_extract(g.anyone, '$[9]')) IS NOT (g.rules, g.settings))
GROUP BY athlete_id;

-- What each athlete's features are computed from, in one text: equal texts, equal features. The eleventh is the latest arrival of all that.
CREATE TEMP TABLE position_now AS
WITH training AS (
    SELECT athlete_id, day, local_date, bronze_id, available_at, utc_offset_s, elapsed_s, 1 AS is_usable FROM due CROSS JOIN silver_strava_activities USING (athlete_id)
    UNION ALL
    SELECT athlete_id, day, local_date, bronze_id, available_at, utc_offset_s, elapsed_s, 0 FROM due CROSS JOIN silver_unusable_activities USING (athlete_id)
)
SELECT athlete_id, CASE WHEN MIN(elapsed_s) >= 0 AND MIN(utc_offset_s) >= -50400 AND MAX(utc_offset_s) <= 50400 AND COUNT(*) FILTER (WHERE local_date >= day) <= 1000 THEN MIN(day) END AS day,
       json_array(COUNT(*) FILTER (WHERE a.is_usable), SUM(a.bronze_id), MAX(a.bronze_id), MIN(p.sex), MIN(p.birth_year), g.rules,
                  (SELECT row_hash(COUNT(*), SUM(bronze_id), MAX(bronze_id), SUM(bronze_id) FILTER (WHERE bronze_table = 'bronze_strava_sub_activity'),
                                     MAX(bronze_id) FILTER (WHERE bronze_table = 'bronze_strava_sub_activity'))
                   FROM silver_strava_sub_activity AS s WHERE s.athlete_id = a.athlete_id)
                      || (SELECT rows_hash(activity_id, content_hash, known_at) FROM (SELECT * FROM silver_stream_facts AS s WHERE s.athlete_id = a.athlete_id ORDER BY activity_id)),
                  (SELECT row_hash(COUNT(*), SUM(bronze_id)) FROM silver_corrections AS c WHERE c.athlete_id = a.athlete_id),
                  (SELECT rows_hash(setting, valid_from, value) FROM (SELECT * FROM athlete_profile_settings AS s WHERE s.athlete_id = a.athlete_id ORDER BY setting, valid_from)),
                  g.settings,
                  max(MAX(a.available_at), COALESCE((SELECT MAX(available_at) FROM silver_strava_sub_activity AS s WHERE s.athlete_id = a.athlete_id), ''),
                      COALESCE((SELECT MAX(known_at) FROM silver_stream_facts AS s WHERE s.athlete_id = a.athlete_id), ''),
                      COALESCE((SELECT MAX(corrected_at) FROM silver_corrections AS c WHERE c.athlete_id = a.athlete_id), '')),
                  (SELECT rows_hash(activity_id, same_training_as) FROM (SELECT * FROM silver_same_training AS t WHERE t.athlete_id = a.athlete_id ORDER BY activity_id)),
                  (SELECT rows_hash(activity_id, official_m, official_s, end_time) FROM (SELECT * FROM silver_races AS r WHERE r.athlete_id = a.athlete_id ORDER BY activity_id))
                      || (SELECT rows_hash(activity_id, told_of, setting, value)
                          FROM (SELECT * FROM training_settings AS s
                                WHERE s.athlete_id = a.athlete_id AND s.setting IN ('load_tss', 'rpe') ORDER BY activity_id, told_of, setting)),
                  g.formula) AS position
FROM general AS g
CROSS JOIN training AS a
LEFT JOIN athlete_profile AS p USING (athlete_id)
GROUP BY athlete_id;
CREATE UNIQUE INDEX temp.position_now_by_athlete ON position_now (athlete_id);

-- And since which day: no feature of an earlier one may differ. Whatever a feature is computed from marks its day when it is written, or
-- none, and a day's features need nothing that is later, but that a date may begin before the one that it follows where clocks are 26
-- hours apart: two days are left for it. The day before is one of training, as it was, so that a calendar that goes on, or ends earlier,
-- differs from that day on; one that a crowded day takes away, or gives back, in all of it. A stage that follows, and has read up to the
-- position before, looks from the same day on.
CREATE TEMP TABLE changed AS
SELECT athlete_id, CASE WHEN is_same THEN position_before WHEN since = '' THEN facts || ']' ELSE facts || ',"' || since || '","' || substr(row_hash(position_before), 1, 32) || '"]' END AS position, since
FROM (SELECT m.*, substr(position_before, 1, length(facts)) IS facts AS is_same,
             COALESCE(date(max(COALESCE((SELECT local_date FROM silver_trainings AS a WHERE a.athlete_id = m.athlete_id AND a.local_date < day ORDER BY local_date DESC LIMIT 1), ''),
                               COALESCE((SELECT local_date FROM silver_unusable_trainings AS u WHERE u.athlete_id = m.athlete_id AND u.local_date < day ORDER BY local_date DESC LIMIT 1), '')),
                           '+1 day'), '') AS since
      FROM (SELECT n.athlete_id, m.position AS position_before, substr(n.position, 1, length(n.position) - 1) AS facts,
                   CASE WHEN (json_extract(m.position, '$[5]'), json_extract(m.position, '$[9]'), json_extract(m.position, '$[13]')) IS (g.rules, g.settings, g.formula)
                             AND NOT EXISTS (SELECT 1 FROM silver_rejects WHERE table_name = 'athlete_rolling_features' AND activity_id = '' AND item = 'athlete ' || n.athlete_id)
                        THEN n.day END AS day
            FROM general AS g
            CROSS JOIN position_now AS n
            LEFT JOIN ops_watermarks AS m ON m.stage = '410_activity_features' AND m.athlete_id = n.athlete_id) AS m)
WHERE NOT is_same OR (SELECT is_upgrade FROM general)
UNION ALL
SELECT m.athlete_id, NULL, '' -- has no activities any more
FROM due
CROSS JOIN ops_watermarks AS m ON m.stage = '410_activity_features' AND m.athlete_id = due.athlete_id
WHERE NOT EXISTS (SELECT 1 FROM position_now AS n WHERE n.athlete_id = m.athlete_id);

CREATE TEMP TABLE config AS
SELECT MAX(value) FILTER (WHERE name = 'default_threshold_pace') AS default_threshold_pace, MAX(value) FILTER (WHERE name = 'threshold_lookback_days') AS lookback_days,
       MAX(value) FILTER (WHERE name = 'evidence_tolerance') AS evidence_tolerance, MAX(value) FILTER (WHERE name = 'race_gain_max') AS race_gain_max,
       MAX(value) FILTER (WHERE name = 'race_best_gain_max') AS race_best_gain_max, MAX(value) FILTER (WHERE name = 'max_vdot') AS max_vdot,
       -portable_ln(1 - min(MAX(value) FILTER (WHERE name = 'fitness_fade_per_year'), 0.99)) / 365 AS fade_per_day,
       MAX(value) FILTER (WHERE name = 'max_hr_plausible') AS max_hr_plausible, MAX(value) FILTER (WHERE name = 'max_hr_repeats') AS max_hr_repeats,
       MAX(value) FILTER (WHERE name = 'default_resting_hr') AS default_resting_hr,
       MAX(value) FILTER (WHERE name = 'threshold_hr_reserve') AS threshold_hr_reserve,
       MAX(value) FILTER (WHERE name = 'heart_rate_min_share') AS heart_rate_min_share
FROM ops_config;

-- What is read for the rows from a day on: the days of their windows and of those of the breaks before them, and as many more as an
-- activity takes, whose day is that of its beginning.
UPDATE changed SET since = '' WHERE NOT EXISTS (SELECT 1 FROM activity_fitness_shown AS s WHERE s.athlete_id = changed.athlete_id);
CREATE TEMP TABLE asked AS
SELECT athlete_id, since, CAST(COALESCE(date(since, -(lookback_days + 2) || ' days'), '') AS TEXT) AS fitness_from,
       CAST(COALESCE(date(since, -(lookback_days + 4 + longest) || ' days'), '') AS TEXT) AS activity_from,
       CAST(COALESCE(date(since, -(2 * lookback_days + 4 + longest) || ' days'), '') AS TEXT) AS proof_from
FROM (SELECT *, (SELECT MAX(elapsed_s) / 86400 FROM silver_strava_activities AS a WHERE a.athlete_id = changed.athlete_id) AS longest FROM changed), config;

CREATE TEMP TABLE activity AS
SELECT a.*, CAST(date(a.end_time, a.utc_offset_s || ' seconds') AS TEXT) AS known_date,
       flat_distance(a.distance_m, CASE WHEN instr(a.quality_flags, 'climb_rate_is_human') THEN 0 ELSE COALESCE(a.elevation_gain_m, 0) END) AS flat_m,
       a.local_date >= c.since AS is_asked
FROM asked AS c
CROSS JOIN silver_trainings AS a ON a.athlete_id = c.athlete_id AND a.local_date >= c.activity_from;
CREATE INDEX temp.activity_by_day ON activity (athlete_id, local_date);

-- The fitness that each long enough run shows, usable from the day after it ended. What only its climb makes of it needs another
-- run near that: a barometer may be wrong.
CREATE TEMP TABLE proof AS
WITH run AS MATERIALIZED (
    SELECT e.* FROM asked AS a CROSS JOIN run_evidence AS e ON e.athlete_id = a.athlete_id AND e.local_date >= a.proof_from
),
shown AS (
    SELECT athlete_id, known_date, end_time, vdot(distance_m, moving_s) AS vdot, standing FROM run
    UNION ALL
    SELECT e.athlete_id, e.known_date, e.end_time, vdot(flat_distance(e.distance_m, e.climb_m), e.moving_s), 0
    FROM config AS c
    CROSS JOIN run AS e
    WHERE flat_distance(e.distance_m, e.climb_m) > e.distance_m * (1 + c.evidence_tolerance)
    UNION ALL
    SELECT e.athlete_id, e.known_date, e.end_time, vdot(e.distance_m, e.moving_s), e.standing
    FROM asked AS a CROSS JOIN unrecorded_race_evidence AS e ON e.athlete_id = a.athlete_id AND e.local_date >= a.proof_from
)
SELECT athlete_id, CAST(known_date AS TEXT) AS known_date, end_time, CAST(vdot AS REAL) AS vdot, CAST(standing AS INTEGER) AS standing
FROM shown
WHERE vdot <= (SELECT max_vdot FROM config);
CREATE INDEX temp.proof_by_day ON proof (athlete_id, known_date, end_time, vdot, standing);

CREATE TEMP TABLE day AS
SELECT athlete_id, local_date, date(local_date, -lookback_days || ' days') AS since, MIN(start_time) AS first_start, is_asked
FROM activity, config
GROUP BY athlete_id, local_date;
CREATE UNIQUE INDEX temp.day_by_date ON day (athlete_id, local_date);

-- What a runner had shown when each day began, and a day after the last run before a break. A run counts beside one that is near
-- it, a race alone, if it is not too good beside what the others show, nor beside the best of them that is no race; a race of which
-- distance and time were told in any case. Where nothing does, the middle of them is believed until something comes. From then on what was shown once fades, and does not vanish
-- with the window: the best of all that it has faded to holds.
CREATE TEMP TABLE moment (athlete_id TEXT, local_date TEXT, since TEXT, first_start TEXT, PRIMARY KEY (athlete_id, local_date)) WITHOUT ROWID;
INSERT INTO moment
SELECT d.athlete_id, d.local_date, d.since, d.first_start FROM asked AS a CROSS JOIN day AS d ON d.athlete_id = a.athlete_id AND d.local_date >= a.fitness_from;
INSERT INTO moment
SELECT DISTINCT p.athlete_id, date(p.known_date, '+2 days'), date(p.known_date, (2 - lookback_days) || ' days'), date(p.known_date, '+2 days') || 'T00:00:00Z'
FROM config
CROSS JOIN asked AS a
CROSS JOIN proof AS p ON p.athlete_id = a.athlete_id AND date(p.known_date, '+2 days') >= a.fitness_from
WHERE NOT EXISTS (SELECT 1 FROM day AS d
                  WHERE d.athlete_id = p.athlete_id AND d.local_date > p.known_date AND d.local_date <= date(p.known_date, max(lookback_days, 2) || ' days'));
CREATE TEMP TABLE shown AS
WITH proven AS MATERIALIZED (
    SELECT m.athlete_id, m.local_date, m.first_start, c.fade_per_day * (julianday(m.local_date) - 2451544.5) AS faded_ln,
           NULLIF((SELECT proven_max(p.vdot, p.standing, c.evidence_tolerance, c.race_gain_max, c.race_best_gain_max) FROM proof AS p
                   WHERE p.athlete_id = m.athlete_id AND p.known_date >= m.since AND p.known_date < m.local_date AND p.end_time <= m.first_start), 0.0) AS proven
    FROM config AS c
    CROSS JOIN moment AS m
)
SELECT *, portable_ln(proven) + faded_ln AS shown_ln FROM proven;
DELETE FROM activity_fitness_shown
WHERE (athlete_id, local_date) IN (SELECT s.athlete_id, s.local_date FROM asked AS a CROSS JOIN activity_fitness_shown AS s ON s.athlete_id = a.athlete_id AND s.local_date >= a.fitness_from);
INSERT INTO activity_fitness_shown SELECT athlete_id, local_date, first_start, shown_ln FROM shown ORDER BY athlete_id, local_date;
CREATE TEMP TABLE fitness AS
WITH begun AS (
    SELECT s.athlete_id, a.fitness_from, MIN(s.first_start) AS first_start FROM shown AS s JOIN asked AS a USING (athlete_id) WHERE a.fitness_from <> '' GROUP BY s.athlete_id
),
earlier AS ( -- in one row, but for what the date line brings among the others
    SELECT b.athlete_id, NULL AS local_date, b.first_start, NULL AS faded_ln, NULL AS proven,
           (SELECT MAX(s.shown_ln) FROM activity_fitness_shown AS s
            WHERE s.athlete_id = b.athlete_id AND s.local_date < b.fitness_from AND s.first_start <= b.first_start) AS shown_ln
    FROM begun AS b
    UNION ALL
    SELECT s.athlete_id, NULL, s.first_start, NULL, NULL, s.shown_ln
    FROM begun AS b
    CROSS JOIN activity_fitness_shown AS s ON s.athlete_id = b.athlete_id AND s.local_date < b.fitness_from AND s.first_start > b.first_start
),
faded AS (
    SELECT *, MAX(shown_ln) OVER (PARTITION BY athlete_id ORDER BY first_start) AS best_ln
    FROM (SELECT * FROM shown UNION ALL SELECT * FROM earlier)
)
SELECT f.athlete_id, f.local_date,
       COALESCE(CASE WHEN f.best_ln = f.shown_ln THEN f.proven ELSE portable_exp(f.best_ln - f.faded_ln) END,
                (SELECT CASE WHEN COUNT(*) < 3 THEN MIN(p.vdot) ELSE quantile(p.vdot, 0.5) END
                 FROM proof AS p
                 WHERE p.athlete_id = f.athlete_id AND p.known_date >= d.since AND p.known_date < f.local_date AND p.end_time <= f.first_start AND p.standing > 0)) AS vdot
FROM faded AS f
JOIN day AS d ON d.athlete_id = f.athlete_id AND d.local_date = f.local_date
WHERE d.is_asked;
CREATE UNIQUE INDEX temp.fitness_by_date ON fitness (athlete_id, local_date);

-- The highest heart rate of each activity, usable from the day after it ended, in the order in which they became known. One
-- that enough earlier ones reached is never needed: only records remain, highest first.
CREATE TEMP TABLE observed AS
SELECT CAST(ROW_NUMBER() OVER (ORDER BY athlete_id, known_date, end_time, max_hr DESC, activity_id) AS INTEGER) AS position, athlete_id, activity_id, max_hr, known_date, end_time
FROM (SELECT v.athlete_id, v.activity_id, v.max_hr, v.known_date, v.end_time
      FROM config AS c
      CROSS JOIN asked AS a
      CROSS JOIN activity AS v ON v.athlete_id = a.athlete_id AND v.known_date >= a.since AND v.max_hr <= c.max_hr_plausible
      UNION ALL
      SELECT r.athlete_id, r.activity_id, r.max_hr, r.known_date, r.end_time
      FROM asked AS a
      CROSS JOIN activity_heart_rate_records AS r ON r.athlete_id = a.athlete_id AND r.known_date < a.since);
CREATE UNIQUE INDEX temp.observed_by_position ON observed (athlete_id, position, max_hr, end_time);
CREATE TEMP TABLE record AS
SELECT athlete_id, activity_id, max_hr, known_date, end_time
FROM observed AS o
WHERE NOT EXISTS (SELECT 1 FROM observed AS e
                  WHERE e.athlete_id = o.athlete_id AND e.position < o.position AND e.max_hr >= o.max_hr AND e.end_time <= o.end_time
                  LIMIT 1 OFFSET (SELECT max_hr_repeats - 1 FROM config));
DELETE FROM activity_heart_rate_records
WHERE (athlete_id, known_date, end_time, activity_id) IN (SELECT r.athlete_id, r.known_date, r.end_time, r.activity_id
                                                          FROM asked AS a CROSS JOIN activity_heart_rate_records AS r ON r.athlete_id = a.athlete_id AND r.known_date >= a.since);
INSERT INTO activity_heart_rate_records
SELECT r.athlete_id, r.known_date, r.end_time, r.activity_id, r.max_hr FROM asked AS a CROSS JOIN record AS r ON r.athlete_id = a.athlete_id AND r.known_date >= a.since;
CREATE INDEX temp.record_by_height ON record (athlete_id, max_hr DESC, known_date, end_time);

-- What was known when each day began. Who crosses the date line to the east lives a date twice: an earlier day can end
-- after a later one has started, so what is used must also have ended before the first start of the day.
CREATE TEMP TABLE known AS
WITH found AS MATERIALIZED (
    SELECT d.athlete_id, d.local_date,
           (SELECT value FROM athlete_profile_settings AS s WHERE s.athlete_id = d.athlete_id AND s.setting = 'threshold_pace_min_km' AND s.valid_from <= d.local_date
            ORDER BY valid_from DESC LIMIT 1) AS told_threshold_pace,
           (SELECT value FROM athlete_profile_settings AS s WHERE s.athlete_id = d.athlete_id AND s.setting = 'max_hr' AND s.valid_from <= d.local_date
            ORDER BY valid_from DESC LIMIT 1) AS told_max_hr,
           (SELECT value FROM athlete_profile_settings AS s WHERE s.athlete_id = d.athlete_id AND s.setting = 'resting_hr' AND s.valid_from <= d.local_date
            ORDER BY valid_from DESC LIMIT 1) AS told_resting_hr,
           (SELECT value FROM athlete_profile_settings AS s WHERE s.athlete_id = d.athlete_id AND s.setting = 'threshold_hr' AND s.valid_from <= d.local_date
            ORDER BY valid_from DESC LIMIT 1) AS told_threshold_hr,
           (SELECT value FROM athlete_profile_settings AS s WHERE s.athlete_id = d.athlete_id AND s.setting = 'ftp_w' AND s.valid_from <= d.local_date
            ORDER BY valid_from DESC LIMIT 1) AS told_ftp_w,
           (SELECT vdot FROM fitness AS f WHERE f.athlete_id = d.athlete_id AND f.local_date = d.local_date) AS vdot,
           -- one spike of a strap is no maximum: a rate counts once several activities have reached it
           (SELECT max_hr FROM record AS o
            WHERE o.athlete_id = d.athlete_id AND o.known_date < d.local_date AND o.end_time <= d.first_start
            ORDER BY max_hr DESC LIMIT 1 OFFSET (SELECT max_hr_repeats - 1 FROM config)) AS observed_max_hr,
           (SELECT max_hr_estimate(age)
            FROM (SELECT CAST(substr(d.local_date, 1, 4) AS INTEGER) - birth_year AS age FROM athlete_profile AS p WHERE p.athlete_id = d.athlete_id)
            WHERE age BETWEEN 0 AND 120) AS estimated_max_hr, -- a birth may be dated wrongly by a century
           (SELECT lower(sex) FROM athlete_profile AS p WHERE p.athlete_id = d.athlete_id) AS sex,
           (SELECT MAX(corrected_at) FROM silver_corrections AS c
            WHERE c.athlete_id = d.athlete_id AND c.from_date <= d.local_date) AS corrected_at
    FROM day AS d
    WHERE d.is_asked
)
SELECT athlete_id, local_date, sex, corrected_at,
       COALESCE(told_threshold_pace, threshold_pace(vdot), default_threshold_pace) AS threshold_pace_min_km,
       CASE WHEN told_threshold_pace IS NOT NULL THEN 'profile' WHEN vdot IS NOT NULL THEN 'history' ELSE 'default' END AS threshold_source,
       COALESCE(told_max_hr, observed_max_hr, estimated_max_hr) AS max_hr,
       COALESCE(told_resting_hr, default_resting_hr) AS resting_hr,
       told_threshold_hr, threshold_hr_reserve, told_ftp_w
FROM found, config;
CREATE UNIQUE INDEX temp.known_by_day ON known (athlete_id, local_date);

-- The recording by the second of each training: of the activity that counts, or else of another one of the same training.
CREATE TEMP TABLE stream AS
WITH recorded AS (
    SELECT f.*, CAST(COALESCE(t.same_training_as, f.activity_id) AS TEXT) AS training_id,
           ROW_NUMBER() OVER (PARTITION BY f.athlete_id, COALESCE(t.same_training_as, f.activity_id)
                              ORDER BY t.same_training_as IS NOT NULL, length(f.activity_id), f.activity_id) AS choice
    FROM changed
    CROSS JOIN silver_stream_facts AS f USING (athlete_id)
    LEFT JOIN silver_same_training AS t ON t.athlete_id = f.athlete_id AND t.activity_id = f.activity_id
)
SELECT r.*, r.heart_rate_s >= c.heart_rate_min_share * (r.heart_rate_s + r.heart_rate_lost_s) AND r.heart_rate_s > 0 AS has_heart_rate
FROM recorded AS r, config AS c
WHERE r.choice = 1;
CREATE UNIQUE INDEX temp.stream_by_training ON stream (athlete_id, training_id);

-- Heart rate with the seconds it held: every second, else laps or kilometre splits, whichever has more of it, else the average.
CREATE TEMP TABLE heart_rate AS
WITH counted AS (
    SELECT s.athlete_id, s.activity_id, s.kind,
           ROW_NUMBER() OVER (PARTITION BY s.athlete_id, s.activity_id ORDER BY COUNT(*) DESC, s.kind) AS choice
    FROM activity AS a
    CROSS JOIN silver_strava_sub_activity AS s USING (athlete_id, activity_id)
    WHERE a.is_asked AND s.kind IN ('lap', 'split') AND s.avg_hr IS NOT NULL
      AND NOT EXISTS (SELECT 1 FROM stream AS t WHERE t.athlete_id = s.athlete_id AND t.training_id = s.activity_id AND t.has_heart_rate)
    GROUP BY s.athlete_id, s.activity_id, s.kind
)
SELECT s.athlete_id, s.activity_id, s.avg_hr AS hr, s.moving_s AS seconds, s.available_at
FROM counted
JOIN silver_strava_sub_activity AS s USING (athlete_id, activity_id, kind)
WHERE counted.choice = 1 AND s.avg_hr IS NOT NULL
UNION ALL
SELECT athlete_id, activity_id, avg_hr, moving_s, available_at
FROM activity
WHERE is_asked AND avg_hr IS NOT NULL AND NOT EXISTS (SELECT 1 FROM counted AS c WHERE (c.athlete_id, c.activity_id) = (activity.athlete_id, activity.activity_id))
  AND NOT EXISTS (SELECT 1 FROM stream AS t WHERE (t.athlete_id, t.training_id) = (activity.athlete_id, activity.activity_id) AND t.has_heart_rate)
UNION ALL
SELECT t.athlete_id, t.training_id, h.hr, h.seconds, t.known_at
FROM stream AS t
CROSS JOIN silver_stream_heart_rates AS h USING (activity_id)
WHERE t.has_heart_rate;

-- An average above the maximum proves that maximum wrong, for zones as for the load.
CREATE TEMP TABLE zones AS
SELECT athlete_id, activity_id,
       CASE WHEN NOT is_disproved THEN zone_1_pct END AS hr_zone_1_pct,
       CASE WHEN NOT is_disproved THEN zone_2_pct END AS hr_zone_2_pct,
       CASE WHEN NOT is_disproved THEN zone_3_pct END AS hr_zone_3_pct,
       CASE WHEN NOT is_disproved THEN zone_4_pct END AS hr_zone_4_pct,
       CASE WHEN NOT is_disproved THEN zone_5_pct END AS hr_zone_5_pct,
       available_at
FROM (
    SELECT h.athlete_id, h.activity_id,
           hr_zone_pct(h.hr, h.seconds, k.max_hr, 1) AS zone_1_pct,
           hr_zone_pct(h.hr, h.seconds, k.max_hr, 2) AS zone_2_pct,
           hr_zone_pct(h.hr, h.seconds, k.max_hr, 3) AS zone_3_pct,
           hr_zone_pct(h.hr, h.seconds, k.max_hr, 4) AS zone_4_pct,
           hr_zone_pct(h.hr, h.seconds, k.max_hr, 5) AS zone_5_pct,
           (COALESCE(MIN(a.avg_hr), exact_sum(h.hr * h.seconds) / exact_sum(h.seconds)) > MIN(k.max_hr)) IS TRUE AS is_disproved,
           MAX(h.available_at) AS available_at
    FROM heart_rate AS h
    JOIN silver_strava_activities AS a USING (athlete_id, activity_id)
    JOIN known AS k USING (athlete_id, local_date)
    WHERE k.max_hr IS NOT NULL
    GROUP BY h.athlete_id, h.activity_id
);
CREATE UNIQUE INDEX temp.zones_by_activity ON zones (athlete_id, activity_id);

CREATE TEMP TABLE told AS
SELECT athlete_id, CAST(activity_id AS TEXT) AS activity_id, MAX(value) FILTER (WHERE setting = 'load_tss') AS load_tss, MAX(value) FILTER (WHERE setting = 'rpe') AS rpe
FROM (SELECT s.*, ROW_NUMBER() OVER (PARTITION BY athlete_id, s.activity_id, s.setting ORDER BY s.told_at DESC, s.told_of) AS choice
      FROM changed
      CROSS JOIN training_settings AS s USING (athlete_id)
      WHERE s.setting IN ('load_tss', 'rpe'))
WHERE choice = 1
GROUP BY athlete_id, activity_id;
CREATE UNIQUE INDEX temp.told_by_activity ON told (athlete_id, activity_id);

-- Load of every second, which is more than that of the average where the effort was uneven. A rate above the maximum counts as the
-- maximum; the seconds without a rate count as the others.
CREATE TEMP TABLE second_load AS
SELECT t.athlete_id, t.training_id,
       exact_sum(hr_tss(h.seconds / 60, min(h.hr, k.max_hr), k.max_hr, k.resting_hr, k.threshold_hr, COALESCE(k.sex, 'm')))
           * ((MIN(t.heart_rate_s) + MIN(t.heart_rate_lost_s)) / MIN(t.heart_rate_s)) AS hr_load
FROM stream AS t
JOIN activity AS a ON a.athlete_id = t.athlete_id AND a.activity_id = t.training_id
JOIN (SELECT *, COALESCE(told_threshold_hr, resting_hr + threshold_hr_reserve * (max_hr - resting_hr)) AS threshold_hr FROM known) AS k
     ON k.athlete_id = a.athlete_id AND k.local_date = a.local_date
CROSS JOIN silver_stream_heart_rates AS h ON h.activity_id = t.activity_id
WHERE t.has_heart_rate AND t.avg_hr <= k.max_hr AND k.max_hr > k.threshold_hr AND k.threshold_hr > k.resting_hr
GROUP BY t.athlete_id, t.training_id;
CREATE UNIQUE INDEX temp.second_load_by_training ON second_load (athlete_id, training_id);

CREATE TEMP TABLE computed AS
WITH measured AS (
    SELECT a.*, s.known_at, b.hr_load AS second_load, k.threshold_pace_min_km, k.threshold_source, k.max_hr AS reference_max_hr, k.sex, k.corrected_at, k.resting_hr,
           COALESCE(k.told_threshold_hr, k.resting_hr + k.threshold_hr_reserve * (k.max_hr - k.resting_hr)) AS threshold_hr,
           -- climb asks for speed on the flat, but for no more than threshold: beyond it the barometer is wrong. Seconds know better.
           CASE WHEN a.is_run AND a.pace_min_km IS NOT NULL
                THEN COALESCE(s.normalized_graded_pace_min_km, min(a.pace_min_km, max(a.pace_min_km * a.distance_m / a.flat_m, k.threshold_pace_min_km))) END AS effort_pace_min_km,
           -- FTP is a cyclist's: a runner's meter and a rower's handle measure another power
           CASE WHEN a.has_power_meter AND a.sport_type GLOB '*Ride' AND COALESCE(s.normalized_power_w, a.weighted_power_w, a.avg_power_w) > 0
                THEN COALESCE(s.normalized_power_w, a.weighted_power_w, a.avg_power_w) END AS effort_power_w, k.told_ftp_w,
           t.load_tss AS told_tss, CASE WHEN t.rpe IS NOT NULL THEN rpe_tss(a.moving_s / 60.0, t.rpe) END AS rpe_load
    FROM activity AS a
    JOIN known AS k USING (athlete_id, local_date) -- of days that are asked for
    LEFT JOIN told AS t USING (athlete_id, activity_id)
    LEFT JOIN stream AS s ON s.athlete_id = a.athlete_id AND s.training_id = a.activity_id
    LEFT JOIN second_load AS b ON b.athlete_id = a.athlete_id AND b.training_id = a.activity_id
),
loaded AS (
    -- an average above the maximum proves that maximum wrong, and the load of such an activity would be absurd
    SELECT *, tss(moving_s / 60.0, effort_pace_min_km, threshold_pace_min_km) AS pace_load,
           power_tss(moving_s / 60.0, effort_power_w, told_ftp_w) AS power_load,
           CASE WHEN second_load IS NOT NULL THEN second_load
                WHEN avg_hr <= reference_max_hr AND reference_max_hr > threshold_hr AND threshold_hr > resting_hr
                   THEN hr_tss(moving_s / 60.0, avg_hr, reference_max_hr, resting_hr, threshold_hr, COALESCE(sex, 'm')) END AS hr_load
    FROM measured
),
-- a thousand hours at threshold are a fault of the facts or of a setting, and training_load would take no more
believed AS (
    SELECT *, CASE WHEN pace_load <= 100000 THEN pace_load END AS pace_tss, CASE WHEN hr_load <= 100000 THEN hr_load END AS hr_tss,
           CASE WHEN power_load <= 100000 THEN power_load END AS power_tss, CASE WHEN rpe_load <= 100000 THEN rpe_load END AS rpe_tss
    FROM loaded
)
SELECT l.athlete_id, l.activity_id, l.start_time AS event_timestamp, l.local_date AS activity_date, l.utc_offset_s, l.sport_type, l.is_run,
       l.distance_m / 1000 AS distance_km, l.moving_s / 60.0 AS moving_time_min, l.elapsed_s / 60.0 AS elapsed_time_min,
       pace_min_km(l.distance_m, l.moving_s) AS pace_min_km, l.elevation_gain_m,
       CASE WHEN l.distance_m > 0 THEN l.elevation_gain_m / (l.distance_m / 1000) END AS elevation_per_km,
       COALESCE(l.told_tss, l.pace_tss, l.power_tss, l.hr_tss, l.rpe_tss) AS estimated_tss,
       CASE WHEN l.told_tss IS NOT NULL THEN 'told' WHEN l.pace_tss IS NOT NULL THEN 'pace' WHEN l.power_tss IS NOT NULL THEN 'power'
            WHEN l.hr_tss IS NOT NULL THEN 'heart_rate' WHEN l.rpe_tss IS NOT NULL THEN 'rpe' END AS load_source,
       CASE WHEN COALESCE(l.told_tss, l.pace_tss, l.power_tss, l.hr_tss, l.rpe_tss) IS NOT NULL THEN NULL
            WHEN COALESCE(l.pace_load, l.power_load, l.hr_load, l.rpe_load) IS NOT NULL THEN 'a load that nobody bears: a fault of the facts or of a setting'
            WHEN l.effort_power_w IS NOT NULL AND l.told_ftp_w IS NULL THEN 'power, but no threshold power (ftp_w) of that day to hold it against'
            WHEN l.avg_hr IS NULL THEN
                CASE WHEN NOT l.is_run THEN '' WHEN l.moving_s = 0 THEN 'no moving time and ' WHEN l.is_indoor THEN 'indoors without distance and ' ELSE 'no distance and ' END
                || CASE WHEN instr(l.quality_flags, 'average_heart_rate_is_human') THEN 'a heart rate that no heart has' ELSE 'no heart rate' END
            WHEN l.reference_max_hr IS NULL THEN 'heart rate, but no maximum to hold it against'
            WHEN l.avg_hr > l.reference_max_hr THEN 'heart rate above the maximum known before, which it proves wrong'
            ELSE 'heart rate, but no threshold between rest and maximum'
       END AS load_reason,
       intensity_factor(l.effort_pace_min_km, l.threshold_pace_min_km) AS intensity_factor,
       l.threshold_pace_min_km, l.threshold_source, l.avg_hr, l.max_hr, l.reference_max_hr,
       z.hr_zone_1_pct, z.hr_zone_2_pct, z.hr_zone_3_pct, z.hr_zone_4_pct, z.hr_zone_5_pct,
       CASE WHEN l.is_run THEN efficiency_index(l.pace_min_km, l.avg_hr) END AS efficiency_index,
       max(l.available_at, COALESCE(l.corrected_at, ''), COALESCE(z.available_at, ''), COALESCE(l.known_at, '')) AS available_at
FROM believed AS l
LEFT JOIN zones AS z USING (athlete_id, activity_id);
CREATE UNIQUE INDEX temp.computed_by_activity ON computed (athlete_id, activity_id);

-- Audit before anything is published.
SELECT assert_that((SELECT COUNT(*) FROM computed) = (SELECT COUNT(*) FROM activity WHERE is_asked), '410_activity_features: an activity is lost or doubled');
SELECT assert_that(NOT EXISTS (SELECT 1 FROM computed WHERE estimated_tss < 0 OR pace_min_km <= 0 OR available_at < event_timestamp),
                   '410_activity_features: a negative load or pace, or a row known before it happened');
SELECT assert_that(NOT EXISTS (SELECT 1 FROM computed WHERE (estimated_tss IS NULL) <> (load_reason IS NOT NULL)),
                   '410_activity_features: a load is unknown and nothing says why');
SELECT assert_that(NOT EXISTS (
    SELECT 1 FROM computed
    WHERE hr_zone_1_pct + hr_zone_2_pct + hr_zone_3_pct + hr_zone_4_pct + hr_zone_5_pct NOT BETWEEN -1e-9 AND 100 + 1e-9),
    '410_activity_features: the heart-rate zones of an activity are more than all of it');

-- Of training that a rule keeps out, the load that its athlete told.
CREATE TEMP TABLE told_load AS
SELECT athlete_id, activity_id, CAST(COALESCE(t.load_tss, rpe_tss(u.moving_s / 60.0, t.rpe)) AS REAL) AS estimated_tss
FROM told AS t
JOIN silver_unusable_trainings AS u USING (athlete_id, activity_id);
CREATE UNIQUE INDEX temp.told_load_by_activity ON told_load (athlete_id, activity_id);
DELETE FROM unusable_training_loads
WHERE athlete_id IN (SELECT athlete_id FROM changed)
  AND NOT EXISTS (SELECT 1 FROM told_load AS t WHERE (t.athlete_id, t.activity_id, t.estimated_tss)
                      = (unusable_training_loads.athlete_id, unusable_training_loads.activity_id, unusable_training_loads.estimated_tss));
INSERT OR IGNORE INTO unusable_training_loads SELECT athlete_id, activity_id, estimated_tss FROM told_load;

-- publish activity_features, corrected from o.activity_date: printed by `make stages`
-- A row is known from the instant at which its values first stood; what changes or goes stays in the history until then.
-- What moved without news, as by a setting, is known from now on; and as before, where the formula of a version that has not been
-- published moved it: then that version is published over the whole history, and what stood before goes to activity_features_earlier.
CREATE TEMP TABLE heard AS
SELECT c.athlete_id, json_extract(m.position, '$[10]') AS until, json_extract(c.position, '$[10]') AS until_now
FROM changed AS c
JOIN ops_watermarks AS m ON m.stage = '410_activity_features' AND m.athlete_id = c.athlete_id;
CREATE UNIQUE INDEX temp.heard_by_athlete ON heard (athlete_id);
CREATE TEMP TABLE standing AS
SELECT o.athlete_id, o.activity_id, o.available_at AS since, n.available_at AS told
FROM computed AS n
CROSS JOIN activity_features AS o USING (athlete_id, activity_id);
CREATE UNIQUE INDEX temp.standing_by_key ON standing (athlete_id, activity_id);
UPDATE computed AS n SET available_at = s.since
FROM standing AS s
WHERE (n.athlete_id, n.activity_id) = (s.athlete_id, s.activity_id) AND n.available_at <> s.since;
CREATE TEMP TABLE fresh AS
SELECT n.athlete_id, n.activity_id, n.event_timestamp, n.activity_date, n.utc_offset_s, n.sport_type, n.is_run, n.distance_km, n.moving_time_min, n.elapsed_time_min, n.pace_min_km, n.elevation_gain_m, n.elevation_per_km, n.estimated_tss, n.load_source, n.load_reason, n.intensity_factor, n.threshold_pace_min_km, n.threshold_source, n.avg_hr, n.max_hr, n.reference_max_hr, n.hr_zone_1_pct, n.hr_zone_2_pct, n.hr_zone_3_pct, n.hr_zone_4_pct, n.hr_zone_5_pct, n.efficiency_index, n.available_at
FROM computed AS n
LEFT JOIN activity_features AS o ON (o.athlete_id, o.activity_id) = (n.athlete_id, n.activity_id)
WHERE (n.athlete_id, n.activity_id, n.event_timestamp, n.activity_date, n.utc_offset_s, n.sport_type, n.is_run, n.distance_km, n.moving_time_min, n.elapsed_time_min, n.pace_min_km, n.elevation_gain_m, n.elevation_per_km, n.estimated_tss, n.load_source, n.load_reason, n.intensity_factor, n.threshold_pace_min_km, n.threshold_source, n.avg_hr, n.max_hr, n.reference_max_hr, n.hr_zone_1_pct, n.hr_zone_2_pct, n.hr_zone_3_pct, n.hr_zone_4_pct, n.hr_zone_5_pct, n.efficiency_index, n.available_at) IS NOT (o.athlete_id, o.activity_id, o.event_timestamp, o.activity_date, o.utc_offset_s, o.sport_type, o.is_run, o.distance_km, o.moving_time_min, o.elapsed_time_min, o.pace_min_km, o.elevation_gain_m, o.elevation_per_km, o.estimated_tss, o.load_source, o.load_reason, o.intensity_factor, o.threshold_pace_min_km, o.threshold_source, o.avg_hr, o.max_hr, o.reference_max_hr, o.hr_zone_1_pct, o.hr_zone_2_pct, o.hr_zone_3_pct, o.hr_zone_4_pct, o.hr_zone_5_pct, o.efficiency_index, o.available_at);
CREATE TEMP TABLE upgrade AS
SELECT u.*, u.earlier IS NULL OR EXISTS (
           SELECT 1 FROM fresh AS n
           LEFT JOIN standing AS s USING (athlete_id, activity_id)
           LEFT JOIN heard AS h ON h.athlete_id = n.athlete_id
           WHERE h.until_now IS h.until OR COALESCE(s.told, n.available_at) <= max(COALESCE(s.since, ''), COALESCE(h.until, '')))
       OR EXISTS (
           SELECT 1 FROM changed AS c
           CROSS JOIN activity_features AS o USING (athlete_id)
           LEFT JOIN heard AS h ON h.athlete_id = o.athlete_id
           WHERE NOT EXISTS (SELECT 1 FROM computed AS n WHERE (n.athlete_id, n.activity_id) = (o.athlete_id, o.activity_id))
             AND NOT EXISTS (SELECT 1 FROM silver_corrections AS s
                             WHERE s.athlete_id = o.athlete_id AND s.from_date <= o.activity_date AND s.corrected_at > max(o.available_at, COALESCE(h.until, '')))) AS is_new
FROM feature_upgrades AS u
WHERE u.table_name = 'activity_features';
CREATE TEMP TABLE formula AS SELECT * FROM upgrade WHERE is_new AND earlier IS NOT NULL;
UPDATE fresh AS n SET available_at = max(n.available_at, k.started_at)
FROM heard AS h, stage_clock AS k
WHERE h.athlete_id = n.athlete_id AND n.available_at <= h.until AND NOT EXISTS (SELECT 1 FROM formula);
UPDATE fresh AS n SET available_at = CASE WHEN EXISTS (SELECT 1 FROM formula) AND (h.until_now IS h.until OR s.told <= max(s.since, COALESCE(h.until, ''))) THEN s.since
                                         WHEN s.told > s.since AND s.told > COALESCE(h.until, '') THEN s.told ELSE max(s.since, k.started_at) END
FROM standing AS s, stage_clock AS k
LEFT JOIN heard AS h ON h.athlete_id = s.athlete_id
WHERE (n.athlete_id, n.activity_id) = (s.athlete_id, s.activity_id);
INSERT INTO activity_features_earlier (publication_id, athlete_id, activity_id, event_timestamp, activity_date, utc_offset_s, sport_type, is_run, distance_km, moving_time_min, elapsed_time_min, pace_min_km, elevation_gain_m, elevation_per_km, estimated_tss, load_source, load_reason, intensity_factor, threshold_pace_min_km, threshold_source, avg_hr, max_hr, reference_max_hr, hr_zone_1_pct, hr_zone_2_pct, hr_zone_3_pct, hr_zone_4_pct, hr_zone_5_pct, efficiency_index, available_at, superseded_at, superseded_by)
SELECT f.earlier, o.athlete_id, o.activity_id, o.event_timestamp, o.activity_date, o.utc_offset_s, o.sport_type, o.is_run, o.distance_km, o.moving_time_min, o.elapsed_time_min, o.pace_min_km, o.elevation_gain_m, o.elevation_per_km, o.estimated_tss, o.load_source, o.load_reason, o.intensity_factor, o.threshold_pace_min_km, o.threshold_source, o.avg_hr, o.max_hr, o.reference_max_hr, o.hr_zone_1_pct, o.hr_zone_2_pct, o.hr_zone_3_pct, o.hr_zone_4_pct, o.hr_zone_5_pct, o.efficiency_index, o.available_at, o.superseded_at, o.superseded_by FROM formula AS f CROSS JOIN activity_features_versions AS o;
DELETE FROM activity_features_history WHERE EXISTS (SELECT 1 FROM formula);
UPDATE fresh AS n SET available_at = max(available_at, COALESCE((SELECT MAX(superseded_at) FROM activity_features_history AS h WHERE (h.athlete_id, h.activity_id) = (n.athlete_id, n.activity_id)), ''))
WHERE EXISTS (SELECT 1 FROM activity_features_history AS h WHERE (h.athlete_id, h.activity_id) = (n.athlete_id, n.activity_id));
CREATE TEMP TABLE outdated AS
SELECT o.athlete_id, o.activity_id, f.available_at AS superseded_at
FROM fresh AS f
CROSS JOIN activity_features AS o USING (athlete_id, activity_id)
UNION ALL
SELECT o.athlete_id, o.activity_id,
       COALESCE((SELECT MAX(corrected_at) FROM silver_corrections AS s
                 WHERE s.athlete_id = o.athlete_id AND s.from_date <= o.activity_date AND s.corrected_at > max(o.available_at, COALESCE(h.until, ''))),
                k.started_at)
FROM stage_clock AS k
CROSS JOIN changed AS c
CROSS JOIN activity_features AS o USING (athlete_id)
LEFT JOIN heard AS h ON h.athlete_id = o.athlete_id
WHERE o.activity_date >= c.since AND NOT EXISTS (SELECT 1 FROM computed AS n WHERE (n.athlete_id, n.activity_id) = (o.athlete_id, o.activity_id));
INSERT INTO activity_features_history (athlete_id, activity_id, event_timestamp, activity_date, utc_offset_s, sport_type, is_run, distance_km, moving_time_min, elapsed_time_min, pace_min_km, elevation_gain_m, elevation_per_km, estimated_tss, load_source, load_reason, intensity_factor, threshold_pace_min_km, threshold_source, avg_hr, max_hr, reference_max_hr, hr_zone_1_pct, hr_zone_2_pct, hr_zone_3_pct, hr_zone_4_pct, hr_zone_5_pct, efficiency_index, available_at, superseded_at, superseded_by)
SELECT o.athlete_id, o.activity_id, o.event_timestamp, o.activity_date, o.utc_offset_s, o.sport_type, o.is_run, o.distance_km, o.moving_time_min, o.elapsed_time_min, o.pace_min_km, o.elevation_gain_m, o.elevation_per_km, o.estimated_tss, o.load_source, o.load_reason, o.intensity_factor, o.threshold_pace_min_km, o.threshold_source, o.avg_hr, o.max_hr, o.reference_max_hr, o.hr_zone_1_pct, o.hr_zone_2_pct, o.hr_zone_3_pct, o.hr_zone_4_pct, o.hr_zone_5_pct, o.efficiency_index, o.available_at, d.superseded_at, (SELECT who FROM ops_actor)
FROM outdated AS d
JOIN activity_features AS o USING (athlete_id, activity_id);
DELETE FROM activity_features
WHERE (athlete_id, activity_id) IN (SELECT athlete_id, activity_id FROM outdated);
DELETE FROM activity_features_history -- what was never believed leaves no version
WHERE (athlete_id, activity_id) IN (SELECT athlete_id, activity_id FROM outdated) AND superseded_at <= available_at OR EXISTS (SELECT 1 FROM formula);
INSERT INTO activity_features (athlete_id, activity_id, event_timestamp, activity_date, utc_offset_s, sport_type, is_run, distance_km, moving_time_min, elapsed_time_min, pace_min_km, elevation_gain_m, elevation_per_km, estimated_tss, load_source, load_reason, intensity_factor, threshold_pace_min_km, threshold_source, avg_hr, max_hr, reference_max_hr, hr_zone_1_pct, hr_zone_2_pct, hr_zone_3_pct, hr_zone_4_pct, hr_zone_5_pct, efficiency_index, available_at) SELECT athlete_id, activity_id, event_timestamp, activity_date, utc_offset_s, sport_type, is_run, distance_km, moving_time_min, elapsed_time_min, pace_min_km, elevation_gain_m, elevation_per_km, estimated_tss, load_source, load_reason, intensity_factor, threshold_pace_min_km, threshold_source, avg_hr, max_hr, reference_max_hr, hr_zone_1_pct, hr_zone_2_pct, hr_zone_3_pct, hr_zone_4_pct, hr_zone_5_pct, efficiency_index, available_at FROM fresh;
INSERT INTO feature_publications (group_name, major, minor, patch, build, is_new, published_at)
SELECT name, major, minor, patch, max(1, builds + is_new), is_new, started_at FROM upgrade, stage_clock;
-- end

INSERT OR IGNORE INTO ops_published (athlete_id)
SELECT athlete_id FROM changed WHERE position IS NOT NULL;

CREATE TEMP TABLE counted AS
SELECT (SELECT COUNT(*) FROM activity WHERE is_asked) AS rows_in,
       (SELECT COUNT(*) FROM computed) AS rows_out,
       0 AS rows_rejected, NULL AS message;

-- finish: printed by `make stages`
INSERT INTO ops_runs (stage, started_at, duration_ms, rows_in, rows_out, rows_rejected, outcome, message)
SELECT '410_activity_features', started_at, (julianday('now') - started) * 86400000, rows_in, rows_out, rows_rejected, 'ok', message
FROM stage_clock, counted;

INSERT INTO ops_seen (stage, athlete_id, position) SELECT '410_activity_features', athlete_id, position FROM changed;

DELETE FROM ops_due WHERE stage = '410_activity_features';

DROP TABLE temp.counted;
DROP TABLE temp.outdated;
DROP TABLE temp.formula;
DROP TABLE temp.upgrade;
DROP TABLE temp.fresh;
DROP TABLE temp.standing;
DROP TABLE temp.heard;
DROP TABLE temp.told_load;
DROP TABLE temp.computed;
DROP TABLE temp.second_load;
DROP TABLE temp.told;
DROP TABLE temp.zones;
DROP TABLE temp.heart_rate;
DROP TABLE temp.stream;
DROP TABLE temp.known;
DROP TABLE temp.record;
DROP TABLE temp.observed;
DROP TABLE temp.fitness;
DROP TABLE temp.shown;
DROP TABLE temp.moment;
DROP TABLE temp.day;
DROP TABLE temp.proof;
DROP TABLE temp.activity;
DROP TABLE temp.asked;
DROP TABLE temp.config;
DROP TABLE temp.changed;
DROP TABLE temp.position_now;
DROP TABLE temp.due;
DROP TABLE temp.general;
DROP TABLE temp.stage_clock;

COMMIT;
