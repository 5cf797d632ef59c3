-- What a person sees: one athlete's form, weeks, risks and race times, as lines of text. Reads only.
--
--     sqlite3 -bail -cmd '.load build/athlete' athlete.db < sql/reports/page.sql
--
-- It shows the athlete with the most activities; another one with
--     sqlite3 -bail -cmd '.load build/athlete' -cmd "CREATE TEMP TABLE page AS SELECT '4001' AS athlete_id" athlete.db < sql/reports/page.sql

CREATE TEMP TABLE IF NOT EXISTS page (athlete_id TEXT);
INSERT INTO temp.page
SELECT athlete_id FROM silver_strava_activities
WHERE NOT EXISTS (SELECT 1 FROM temp.page)
GROUP BY athlete_id ORDER BY COUNT(*) DESC, athlete_id LIMIT 1;

CREATE TEMP TABLE today AS
SELECT f.*
FROM temp.page
JOIN athlete_rolling_features AS f USING (athlete_id)
ORDER BY f.as_of_date DESC LIMIT 1;

SELECT CASE WHEN COUNT(a.activity_id) = 0 THEN printf('Athlete %s has no activities here.', p.athlete_id)
            ELSE printf('Athlete %s: %d %s from %s to %s', COALESCE(n.name || ', ' || p.athlete_id, p.athlete_id), COUNT(*), CASE COUNT(*) WHEN 1 THEN 'activity' ELSE 'activities' END,
                        MIN(local_date), MAX(local_date)) || char(10) ||
                 printf('  %d runs over %d km, %d race results', SUM(is_run), SUM(distance_m) FILTER (WHERE is_run) / 1000,
                        (SELECT COUNT(*) FROM race_results AS r WHERE r.athlete_id = p.athlete_id)) END
FROM temp.page AS p
LEFT JOIN silver_trainings AS a USING (athlete_id)
LEFT JOIN athlete_names_now AS n USING (athlete_id)
GROUP BY p.athlete_id;
SELECT 'No activities yet: make import SRC=activities.json' WHERE NOT EXISTS (SELECT 1 FROM temp.page);
SELECT '  Here are: ' || ids
FROM (SELECT group_concat(athlete_id, ', ') AS ids FROM (SELECT DISTINCT athlete_id FROM silver_strava_activities ORDER BY 1 LIMIT 4))
WHERE ids IS NOT NULL AND NOT EXISTS (SELECT 1 FROM today);

SELECT char(10) || 'DATA' || char(10) ||
       printf('  the last activity was %d days ago, the last import %d', julianday('now') - julianday(MAX(a.end_time)),
              julianday('now') - julianday((SELECT MAX(ingested_at) FROM bronze_strava_activities)))
FROM temp.page JOIN silver_strava_activities AS a USING (athlete_id)
HAVING COUNT(*) > 0;
SELECT printf('  recorded twice: %s, and each training counts once (the last is %s of %s, %s counts)',
              CASE n WHEN 1 THEN '1 activity is kept and not counted' ELSE n || ' activities are kept and not counted' END,
              activity_id, local_date, same_training_as)
FROM (SELECT a.local_date, t.activity_id, t.same_training_as, COUNT(*) OVER () AS n
      FROM temp.page
      JOIN silver_same_training AS t USING (athlete_id)
      JOIN silver_strava_activities AS a USING (athlete_id, activity_id)
      ORDER BY a.start_time DESC, t.activity_id LIMIT 1);
SELECT '    if these were two trainings, say so: sql/tools/tell athlete.db separate ID'
WHERE EXISTS (SELECT 1 FROM temp.page JOIN silver_same_training USING (athlete_id));

SELECT char(10) || printf('FORM on the evening of %s   mean of days             exponentially weighted', as_of_date) FROM today;
WITH line (n, label, mean, weighted, low, high, meaning) AS (
    SELECT 1, 'Fitness  CTL', ctl_42d, ctl_ewma, 0, 150, 'daily load of 42 days' FROM today
    UNION ALL SELECT 2, 'Fatigue  ATL', atl_7d, atl_ewma, 0, 150, 'daily load of 7 days' FROM today
    UNION ALL SELECT 3, 'Form     TSB', tsb, tsb_ewma, -60, 60, NULL FROM today
    UNION ALL SELECT 4, 'Ratio   ACWR', acwr, acwr_ewma, 0, 2,
                     CASE WHEN history_days < (SELECT value FROM ops_config WHERE name = 'acwr_min_history_days')
                          THEN printf('%d days are too few to tell', history_days)
                          WHEN acwr > (SELECT value FROM ops_config WHERE name = 'acwr_risk_threshold') THEN 'a sudden rise'
                          WHEN acwr >= (SELECT value FROM ops_config WHERE name = 'acwr_steady_threshold') THEN 'steady'
                          ELSE 'less than usual' END FROM today
),
level (above, name) AS (VALUES (25, 'losing fitness'), (5, 'fresh'), (-10, 'neutral'), (-30, 'training hard'), (-1e9, 'overloaded'))
SELECT printf('  %s  %7.*f %-!14s  %7.*f %-!14s  %s', label, 1 + (n = 4), mean, bar(mean, low, high, 14), 1 + (n = 4), weighted, bar(weighted, low, high, 14),
              COALESCE(meaning, of_mean || CASE WHEN of_weighted <> of_mean THEN ', or ' || of_weighted ELSE '' END))
FROM (SELECT *, (SELECT name FROM level WHERE mean > above LIMIT 1) AS of_mean, (SELECT name FROM level WHERE weighted > above LIMIT 1) AS of_weighted
      FROM line)
ORDER BY n;
SELECT '  weighted as TrainingPeaks, intervals.icu and GoldenCheetah show it' ||
       COALESCE(printf('; TSB the evening before %+.1f', y.tsb_ewma), '')
FROM today AS t
LEFT JOIN athlete_rolling_features AS y ON y.athlete_id = t.athlete_id AND y.as_of_date = date(t.as_of_date, '-1 day');
SELECT '  fitness of the last 52 weeks  ' || line
FROM (SELECT sparkline(ctl_42d) AS line
      FROM (SELECT f.ctl_42d FROM today AS t
            JOIN athlete_rolling_features AS f ON f.athlete_id = t.athlete_id AND f.as_of_date > date(t.as_of_date, '-364 days')
            WHERE (julianday(t.as_of_date) - julianday(f.as_of_date)) % 7 = 0
            ORDER BY f.as_of_date))
WHERE line IS NOT NULL;

SELECT char(10) || 'LAST WEEKS  run km                             load  activities  run min/km  monotony  other km' FROM today;
SELECT printf('  %s  %5.1f %-!20s  %6.0f  %10d  %10s  %8s  %8s', week_start, run_km, bar(run_km, 0, 120, 20), weekly_tss,
              weekly_activities, COALESCE(hms(avg_pace_week * 60), '-'), CASE WHEN training_monotony IS NULL THEN '-' ELSE printf('%.2f', training_monotony) END,
              CASE WHEN weekly_distance_km - run_km < 0.05 THEN '-' ELSE printf('%.1f', weekly_distance_km - run_km) END)
FROM (SELECT w.*, (SELECT COALESCE(SUM(d.run_distance_km), 0.0) FROM athlete_daily_features AS d
                   WHERE d.athlete_id = w.athlete_id AND d.activity_date >= w.week_start AND d.activity_date < date(w.week_start, '+7 days')) AS run_km
      FROM temp.page JOIN athlete_weekly_features AS w USING (athlete_id) ORDER BY week_start DESC LIMIT 8)
ORDER BY week_start;

SELECT char(10) || 'RISK (a sign to look at, not a diagnosis)' FROM today;
WITH reason AS (
    SELECT f.as_of_date,
           CASE WHEN f.acwr > c.acwr AND f.history_days >= c.history
                THEN printf('acute:chronic ratio %.2f is above %.1f', f.acwr, c.acwr) END AS ratio,
           CASE WHEN f.training_monotony_7d > c.monotony
                THEN printf('monotony %.2f is above %.1f', f.training_monotony_7d, c.monotony) END AS sameness,
           f.is_overtraining_risk, f.rest_days_14d
    FROM today AS t
    JOIN athlete_rolling_features AS f ON f.athlete_id = t.athlete_id AND f.as_of_date > date(t.as_of_date, '-28 days')
    JOIN (SELECT MAX(value) FILTER (WHERE name = 'acwr_risk_threshold') AS acwr,
                 MAX(value) FILTER (WHERE name = 'acwr_min_history_days') AS history,
                 MAX(value) FILTER (WHERE name = 'monotony_risk_threshold') AS monotony FROM ops_config) AS c
)
SELECT printf('  ! %s  %s', as_of_date, COALESCE(ratio || CASE WHEN sameness IS NOT NULL THEN ', ' || sameness ELSE '' END, sameness,
                                               'seven days of the same load'))
FROM reason WHERE is_overtraining_risk
UNION ALL
SELECT printf('  %d of the last %d days flagged, %d rest days in the last %d',
              (SELECT SUM(is_overtraining_risk) FROM reason), min(28, history_days), rest_days_14d, min(14, history_days)) ||
       CASE WHEN unknown_load_42d > 0
            THEN char(10) || printf('  the load of %d %s in %d days is unknown:', unknown_load_42d, CASE unknown_load_42d WHEN 1 THEN 'activity' ELSE 'activities' END,
                                    min(42, history_days)) ELSE '' END
FROM today;
WITH unknown AS (
    SELECT CASE WHEN f.is_run AND f.pace_min_km IS NOT NULL THEN 'a load that nobody bears: a fault of the facts or of a setting'
                WHEN f.avg_hr IS NULL
                THEN CASE WHEN NOT f.is_run THEN '' WHEN f.moving_time_min = 0 THEN 'no moving time and ' WHEN a.is_indoor THEN 'indoors without distance and '
                          ELSE 'no distance and ' END
                     || CASE WHEN instr(a.quality_flags, 'average_heart_rate_is_human') THEN 'a heart rate that no heart has' ELSE 'no heart rate' END
                WHEN f.reference_max_hr IS NULL THEN 'heart rate, but no maximum to hold it against'
                WHEN f.avg_hr > f.reference_max_hr THEN 'heart rate above the maximum known before, which it proves wrong'
                ELSE 'heart rate, but no threshold between rest and maximum' END AS why
    FROM today AS t
    JOIN activity_features AS f USING (athlete_id)
    JOIN silver_strava_activities AS a USING (athlete_id, activity_id)
    WHERE f.estimated_tss IS NULL AND f.activity_date > date(t.as_of_date, '-42 days') AND f.activity_date <= t.as_of_date
)
SELECT printf('  %6d  %s', COUNT(*), why) FROM unknown GROUP BY why ORDER BY COUNT(*) DESC, why;

CREATE TEMP TABLE estimate AS
SELECT g.*, ROW_NUMBER() OVER (PARTITION BY g.distance_class, g.model ORDER BY g.prediction_id DESC) AS age
FROM temp.page JOIN gold_athlete_predictions AS g USING (athlete_id)
WHERE g.prediction_date = (SELECT MAX(prediction_date) FROM gold_athlete_predictions AS n WHERE n.athlete_id = g.athlete_id);

SELECT char(10) ||
       CASE WHEN EXISTS (SELECT 1 FROM estimate)
            THEN printf('RACE TIMES for %s, with %d %% intervals     Riegel     VDOT  Vickers',
                        (SELECT MAX(prediction_date) FROM estimate), 100 * (SELECT value FROM ops_config WHERE name = 'interval_level')) || char(10) || printf('%79s', '& Vertosick')
            WHEN NOT EXISTS (SELECT 1 FROM ml_aliases WHERE (model, alias) = ('time_estimator', 'champion'))
            THEN 'RACE TIMES' || char(10) || '  None: no model has passed its gate yet. `make pipeline` brings the survey and trains one.'
            ELSE 'RACE TIMES' || char(10) || '  None: they need a race, or runs in the last 90 days.' END
FROM today;
SELECT printf('  %-14s %8s   %8s to %8s   %8s %8s  %8s', d.name,
              hms(MAX(predicted_s) FILTER (WHERE model = 'time_estimator')),
              COALESCE(hms(MAX(lower_s) FILTER (WHERE model = 'time_estimator')), '-'),
              COALESCE(hms(MAX(upper_s) FILTER (WHERE model = 'time_estimator')), '-'),
              COALESCE(hms(MAX(predicted_s) FILTER (WHERE model = 'riegel')), '-'),
              COALESCE(hms(MAX(predicted_s) FILTER (WHERE model = 'vdot')), '-'),
              COALESCE(hms(MAX(predicted_s) FILTER (WHERE model = 'vickers_two_races')),
                       hms(MAX(predicted_s) FILTER (WHERE model = 'vickers_one_race')), '-'))
FROM estimate JOIN race_distances AS d USING (distance_class)
WHERE age = 1
GROUP BY d.distance_class
ORDER BY d.distance_m;
WITH behind AS (
    SELECT e.prediction_date, e.inputs ->> '$.evidence' AS evidence, e.inputs ->> '$.evidence_activity_id' AS activity_id,
           e.inputs ->> '$.n_evidence' AS n
    FROM estimate AS e WHERE e.model = 'time_estimator' AND e.age = 1 LIMIT 1
)
SELECT CASE WHEN b.evidence = 'none' THEN '  from weekly kilometres alone: there is no race of two years and no run of 5 km and 20 minutes in 90 days'
            ELSE printf('  from %d %s, best of all %s of %s: %.1f km in %s, %d days before', b.n, CASE b.n WHEN 1 THEN 'result' ELSE 'results' END,
                        CASE WHEN t.activity_id IS NULL THEN 'the run' ELSE 'the race' END, COALESCE(t.race_date, a.local_date),
                        COALESCE(t.official_m, r.measured_m, a.distance_m) / 1000, hms(COALESCE(r.seconds, t.official_s, a.elapsed_s)),
                        julianday(b.prediction_date) - julianday(COALESCE(t.race_date, a.local_date))) ||
                 COALESCE(char(10) || '    alone it proves nothing, another run near it bears it out: ' ||
                          CASE WHEN t.activity_id IS NULL
                               THEN (SELECT e.doubt FROM run_evidence AS e WHERE e.athlete_id = a.athlete_id AND e.activity_id = a.activity_id) END, '') END
FROM behind AS b
LEFT JOIN silver_strava_activities AS a ON a.athlete_id = (SELECT athlete_id FROM temp.page) AND a.activity_id = b.activity_id
LEFT JOIN silver_races AS t ON t.athlete_id = (SELECT athlete_id FROM temp.page) AND t.activity_id = b.activity_id
LEFT JOIN race_results AS r ON r.athlete_id = (SELECT athlete_id FROM temp.page) AND r.activity_id = b.activity_id;

CREATE TEMP TABLE judged AS
SELECT v.*, CASE v.source WHEN 'history' THEN 'this athlete' ELSE 'survey' END AS who
FROM ml_validation_predictions AS v
WHERE v.version = (SELECT version FROM ml_aliases WHERE (model, alias) = ('time_estimator', 'champion'))
  AND (v.source = 'survey' AND EXISTS (SELECT 1 FROM estimate) OR v.source = 'history' AND v.subject IN (SELECT athlete_id FROM temp.page)
       AND EXISTS (SELECT 1 FROM race_results AS r WHERE (r.athlete_id, r.race_date, r.distance_class) = (v.subject, v.as_of_date, v.distance_class)));

SELECT char(10) || 'HOW GOOD: error of races not seen in training: median of this athlete''s, mean of the survey''s' ||
       char(10) || '                             races   estimate  in interval     Riegel     VDOT  Vickers'
WHERE EXISTS (SELECT 1 FROM judged);
SELECT printf('  %-12s %-13s %6d   %8s  %9.0f %%   %8s %8s  %7s', MIN(who), MIN(d.name),
              MAX(n) FILTER (WHERE model = 'time_estimator'),
              hms(MAX(typical_s) FILTER (WHERE model = 'time_estimator')),
              MAX(inside_pct) FILTER (WHERE model = 'time_estimator'),
              COALESCE(hms(MAX(typical_s) FILTER (WHERE model = 'riegel')), '-'),
              COALESCE(hms(MAX(typical_s) FILTER (WHERE model = 'vdot')), '-'),
              COALESCE(hms(MAX(typical_s) FILTER (WHERE model = 'vickers_one_race')), '-'))
FROM (SELECT who, source, distance_class, model, COUNT(*) AS n, 100.0 * AVG(actual_s BETWEEN lower_s AND upper_s) AS inside_pct,
             CASE source WHEN 'history' THEN quantile(abs(predicted_s - actual_s), 0.5) ELSE AVG(abs(predicted_s - actual_s)) END AS typical_s
      FROM judged GROUP BY source, distance_class, model) AS j
JOIN race_distances AS d USING (distance_class)
GROUP BY j.source, d.distance_class
ORDER BY j.source, d.distance_m;
SELECT printf('  model version %d %s: %s', version, status, reason) FROM ml_model_versions
WHERE model = 'time_estimator' AND EXISTS (SELECT 1 FROM judged) ORDER BY version DESC LIMIT 1;

-- What was refused of this athlete's, each thing once, however many rules it breaks; and what names no athlete.
CREATE TEMP TABLE unused AS
WITH refused AS (
    SELECT 'bronze_rejects' AS table_name, reject_id AS thing, reason, 1 AS choice,
           CASE WHEN json_valid(object) THEN COALESCE(object ->> '$.athlete.id', (SELECT x.athlete_id FROM silver_strava_activities AS x
                                                                                  WHERE x.activity_id = CAST(object ->> '$.activity.id' AS TEXT))) END AS athlete_id
    FROM bronze_rejects
    UNION ALL
    SELECT 'silver_rejects', r.activity_id || ' ' || r.item, r.reason,
           ROW_NUMBER() OVER (PARTITION BY r.table_name, r.activity_id, r.item ORDER BY r.severity, r.rule), -- reject before warn
           COALESCE(r.payload ->> '$.athlete.id', a.athlete_id, CASE r.table_name WHEN 'athlete_profile' THEN r.payload ->> '$.id' ELSE '' END)
    FROM silver_rejects AS r
    LEFT JOIN silver_strava_activities AS a ON a.activity_id = r.activity_id
    UNION ALL
    SELECT 'race_rejects', activity_id, reason, 1, athlete_id FROM race_rejects
)
SELECT COUNT(*) AS n, table_name, reason
FROM refused
WHERE choice = 1 AND (athlete_id IS NULL OR CAST(athlete_id AS TEXT) IN (SELECT athlete_id FROM temp.page))
GROUP BY table_name, reason;
SELECT char(10) || 'NOT USED, and why (nothing is lost: the rows are in the tables named here)' WHERE EXISTS (SELECT 1 FROM unused);
SELECT printf('  %4d  %-14s  %!.76s', n, table_name, replace(reason, char(10), ' ')) FROM unused ORDER BY table_name, n DESC, reason;

CREATE TEMP TABLE candidate AS
SELECT c.*, ROW_NUMBER() OVER (ORDER BY local_date DESC, activity_id) AS age FROM temp.page CROSS JOIN race_candidates AS c USING (athlete_id);
SELECT char(10) || 'A RACE? Untagged, the fastest as long of its season; say what it was with sql/tools/tell'
WHERE EXISTS (SELECT 1 FROM candidate);
SELECT printf('  %s  %-13s %8s  activity %s  %!.40s', c.local_date, d.name, hms(c.elapsed_s), c.activity_id, replace(COALESCE(c.name, ''), char(10), ' '))
FROM candidate AS c JOIN race_distances AS d USING (distance_class)
WHERE c.age <= 5 ORDER BY c.local_date;
SELECT printf('  and %d older: SELECT * FROM race_candidates', COUNT(*) - 5) FROM candidate HAVING COUNT(*) > 5;

CREATE TEMP TABLE latest AS
SELECT stage, duration_ms, rows_in, ROW_NUMBER() OVER (PARTITION BY stage ORDER BY run_id DESC) AS age
FROM ops_runs WHERE outcome = 'ok' AND (rows_in > 0 OR rows_out > 0) AND EXISTS (SELECT 1 FROM temp.page);

SELECT char(10) || 'SECONDS of each stage when it last had something to do' WHERE EXISTS (SELECT 1 FROM latest);
SELECT printf('  %-26s %6.3f  %-!24s %6d rows', stage, duration_ms / 1000, bar(duration_ms, 0, MAX(duration_ms) OVER (), 24), rows_in)
FROM latest WHERE age = 1
ORDER BY stage;
SELECT printf('  %-26s %6.3f', 'all', total_s) FROM (SELECT SUM(duration_ms) / 1000 AS total_s FROM latest WHERE age = 1)
WHERE total_s IS NOT NULL;
SELECT printf('  %s failed on %s: %!.40s', stage, started_at, replace(message, char(10), ' '))
FROM ops_runs WHERE outcome = 'failed' ORDER BY run_id DESC LIMIT 3;
