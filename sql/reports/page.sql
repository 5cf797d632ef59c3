-- What a person sees: one athlete's form, weeks, risks and race times, as lines of text. Reads only.
--
--     sqlite3 -bail -cmd '.load build/athlete' athlete.db < sql/reports/page.sql
--
-- It shows the athlete with the most activities; another one with
--     sqlite3 -bail -cmd '.load build/athlete' -cmd "CREATE TEMP TABLE page AS SELECT '4001' AS athlete_id" athlete.db < sql/reports/page.sql

CREATE TEMP TABLE IF NOT EXISTS page (athlete_id TEXT);
INSERT INTO temp.page
SELECT athlete_id
FROM (SELECT athlete_id, 1 AS is_usable FROM silver_strava_activities UNION ALL SELECT athlete_id, 0 FROM silver_unusable_activities)
WHERE NOT EXISTS (SELECT 1 FROM temp.page)
GROUP BY athlete_id ORDER BY COUNT(*) FILTER (WHERE is_usable) DESC, athlete_id LIMIT 1;

-- Of distances: miles where sql/tools/page is told so.
CREATE TEMP TABLE IF NOT EXISTS unit AS SELECT 1000.0 AS m, 1.0 AS per_km;

CREATE TEMP TABLE today AS
SELECT f.*
FROM temp.page
JOIN athlete_rolling_features AS f USING (athlete_id)
ORDER BY f.as_of_date DESC LIMIT 1;

SELECT CASE WHEN r.activities > 0
            THEN printf('Athlete %s: %d %s from %s to %s', COALESCE(n.name || ', ' || p.athlete_id, p.athlete_id), r.activities, CASE r.activities WHEN 1 THEN 'activity' ELSE 'activities' END,
                        r.first_date, r.last_date) || char(10) ||
                 printf(CASE r.runs WHEN 1 THEN '  %d run over %d km, %d %s' ELSE '  %d runs over %d km, %d %s' END, r.runs, r.run_km * per_km, r.races, CASE r.races WHEN 1 THEN 'race result' ELSE 'race results' END)
            ELSE printf('Athlete %s has no activities here%s.', p.athlete_id,
                        CASE WHEN EXISTS (SELECT 1 FROM silver_unusable_activities AS u WHERE u.athlete_id = p.athlete_id) THEN ' that can be used' ELSE '' END) END
FROM temp.page AS p
CROSS JOIN unit
LEFT JOIN gold_athlete_records AS r ON r.athlete_id = p.athlete_id
LEFT JOIN athlete_names_now AS n ON n.athlete_id = p.athlete_id;
SELECT 'No activities yet: make import SRC=activities.json' WHERE NOT EXISTS (SELECT 1 FROM temp.page);
SELECT '  Here are: ' || ids
FROM (SELECT group_concat(athlete_id, ', ') AS ids FROM (SELECT DISTINCT athlete_id FROM silver_strava_activities ORDER BY 1 LIMIT 4))
WHERE ids IS NOT NULL AND NOT EXISTS (SELECT 1 FROM today);

SELECT char(10) || 'DATA' || char(10) ||
       '  the last activity was ' || CASE CAST(r.days_since_activity AS INTEGER) WHEN 0 THEN 'less than a day ago' WHEN 1 THEN 'a day ago' ELSE printf('%d days ago', r.days_since_activity) END ||
       ', the last import ' || CASE CAST(r.days_since_import AS INTEGER) WHEN 0 THEN 'less than a day ago' WHEN 1 THEN 'a day ago' ELSE printf('%d days ago', r.days_since_import) END
FROM temp.page JOIN gold_athlete_records AS r USING (athlete_id)
WHERE r.days_since_activity IS NOT NULL AND r.days_since_import IS NOT NULL;
SELECT printf('  recorded twice: %s, and each training counts once (the last is %s of %s, %s counts)',
              CASE n WHEN 1 THEN '1 activity is kept and not counted' ELSE n || ' activities are kept and not counted' END,
              activity_id, local_date, same_training_as)
FROM (SELECT a.local_date, t.activity_id, t.same_training_as, (SELECT r.recorded_twice FROM gold_athlete_records AS r WHERE r.athlete_id = t.athlete_id) AS n
      FROM temp.page
      JOIN silver_same_training AS t USING (athlete_id)
      JOIN (SELECT athlete_id, activity_id, start_time, local_date FROM silver_strava_activities
            UNION ALL SELECT athlete_id, activity_id, start_time, local_date FROM silver_unusable_activities) AS a USING (athlete_id, activity_id)
      ORDER BY a.start_time DESC, t.activity_id LIMIT 1);
SELECT '    if these were two trainings, say so: sql/tools/tell athlete.db separate ID'
WHERE EXISTS (SELECT 1 FROM temp.page JOIN silver_same_training USING (athlete_id));

SELECT char(10) || printf('FORM on the evening of %s   mean of days             exponentially weighted', as_of_date) FROM today;
WITH line (n, label, mean, weighted, low, high, meaning) AS (
    SELECT 1, 'Fitness  CTL', ctl_42d, ctl_ewma, 0, 150, CASE WHEN unknown_load_42d > 0 THEN 'known ' ELSE '' END || 'daily load of 42 days' FROM today
    UNION ALL SELECT 2, 'Fatigue  ATL', atl_7d, atl_ewma, 0, 150, CASE WHEN unknown_load_42d > 0 THEN 'known ' ELSE '' END || 'daily load of 7 days' FROM today
    UNION ALL SELECT 3, 'Form     TSB', tsb, tsb_ewma, -60, 60, NULL FROM today
    UNION ALL SELECT 4, 'Ratio   ACWR', acwr, acwr_ewma, 0, 2,
                     CASE WHEN history_days < (SELECT value FROM ops_config WHERE name = 'acwr_min_history_days')
                          THEN CASE history_days WHEN 1 THEN 'one day is too little to tell' ELSE printf('%d days are too few to tell', history_days) END
                          WHEN acwr IS NULL THEN 'not told'
                          WHEN acwr > (SELECT value FROM ops_config WHERE name = 'acwr_risk_threshold') THEN 'a sudden rise'
                          WHEN acwr >= (SELECT value FROM ops_config WHERE name = 'acwr_steady_threshold') THEN 'steady'
                          ELSE 'less than usual' END FROM today
)
SELECT printf('  %s  %7s %-!14s  %7s %-!14s  %s', label, CASE WHEN mean IS NULL THEN '-' ELSE printf('%.*f', 1 + (n = 4), mean) END, bar(mean, low, high, 14),
              CASE WHEN weighted IS NULL THEN '-' ELSE printf('%.*f', 1 + (n = 4), weighted) END, bar(weighted, low, high, 14),
              COALESCE(meaning, of_mean || CASE WHEN of_weighted <> of_mean THEN ', or ' || of_weighted ELSE '' END, 'not told'))
FROM (SELECT *, (SELECT form FROM gold_form_zones WHERE mean > above ORDER BY above DESC LIMIT 1) AS of_mean,
             (SELECT form FROM gold_form_zones WHERE weighted > above ORDER BY above DESC LIMIT 1) AS of_weighted
      FROM line)
ORDER BY n;
SELECT '  ' || load_reason FROM today WHERE load_reason IS NOT NULL;
SELECT '  weighted as TrainingPeaks, intervals.icu and GoldenCheetah show it' ||
       CASE WHEN y.tsb_ewma IS NULL THEN '' ELSE printf('; TSB the evening before %+.1f', y.tsb_ewma) END
FROM today AS t
LEFT JOIN athlete_rolling_features AS y ON y.athlete_id = t.athlete_id AND y.as_of_date = date(t.as_of_date, '-1 day');
SELECT '  fitness of the last 52 weeks  ' || line
FROM (SELECT sparkline(ctl_42d) AS line
      FROM (SELECT f.ctl_42d FROM today AS t
            JOIN athlete_rolling_features AS f ON f.athlete_id = t.athlete_id AND f.as_of_date > date(t.as_of_date, '-364 days')
            WHERE (julianday(t.as_of_date) - julianday(f.as_of_date)) % 7 = 0
            ORDER BY f.as_of_date))
WHERE line IS NOT NULL;

SELECT char(10) || 'LAST WEEKS   run km                         load  activities  run min/km  monotony  other km' FROM today;
SELECT printf('  %s  %5.1f %-!20s  %6.0f  %10d  %10s  %8s  %8s', week_start, run_km * per_km, bar(run_km, 0, 120, 20), weekly_tss,
              weekly_activities, COALESCE(hms(avg_pace_week * 60 / per_km), '-'), CASE WHEN training_monotony IS NULL THEN '-' ELSE printf('%.2f', training_monotony) END,
              CASE WHEN other_km < 0.05 THEN '-' ELSE printf('%.1f', other_km * per_km) END)
FROM (SELECT w.* FROM temp.page JOIN gold_athlete_weeks AS w USING (athlete_id) ORDER BY week_start DESC LIMIT 8)
CROSS JOIN unit
ORDER BY week_start;

SELECT char(10) || 'RISK (a sign to look at, not a diagnosis)' FROM today;
SELECT printf('  ! %s  %s', first_date || CASE WHEN days > 1 THEN ' to ' || last_date ELSE '' END,
              substr(CASE WHEN highest_acwr IS NULL THEN '' ELSE printf(', acute:chronic ratio %s%.2f is above %.1f', up_to, highest_acwr, acwr_limit) END
                     || CASE WHEN highest_monotony IS NULL THEN '' ELSE printf(', monotony %s%.2f is above %.1f', up_to, highest_monotony, monotony_limit) END
                     || CASE WHEN days_alike > 0 THEN ', seven days of the same load' ELSE '' END, 3))
FROM (SELECT s.*, CASE WHEN s.days > 1 THEN 'up to ' ELSE '' END AS up_to,
             (SELECT value FROM ops_config WHERE name = 'acwr_risk_threshold') AS acwr_limit, (SELECT value FROM ops_config WHERE name = 'monotony_risk_threshold') AS monotony_limit
      FROM today AS t CROSS JOIN gold_risk_stretches AS s ON s.athlete_id = t.athlete_id AND s.last_date > date(t.as_of_date, '-28 days')
      ORDER BY s.first_date);
SELECT CASE r.days_28d WHEN 1 THEN CASE r.risk_days_28d WHEN 1 THEN '  the only day is flagged' ELSE '  no flag on the only day' END ELSE printf('  %d of the last %d days flagged', r.risk_days_28d, r.days_28d) END ||
       CASE r.untold_days_28d WHEN 0 THEN '' ELSE printf(' (%d cannot be judged)', r.untold_days_28d) END ||
       CASE r.days_14d WHEN 1 THEN '' ELSE printf(', %d rest days in the last %d', t.rest_days_14d, r.days_14d) END ||
       CASE unknown_load_42d WHEN 0 THEN ''
            ELSE char(10) || printf('  the load of %d %s in %d %s is unknown, %d %% of the moving time:', unknown_load_42d,
                                    CASE unknown_load_42d WHEN 1 THEN 'activity' ELSE 'activities' END, r.days_42d, CASE r.days_42d WHEN 1 THEN 'day' ELSE 'days' END, 100 * unknown_load_share_42d) END
FROM today AS t JOIN gold_risk_counts AS r ON r.athlete_id = t.athlete_id AND r.as_of_date = t.as_of_date;
CREATE TEMP TABLE unknown AS
SELECT u.activity_id, u.activity_date, u.event_timestamp, u.setting, CASE WHEN u.is_usable THEN '' ELSE 'not used: ' END || u.load_reason AS load_reason
FROM today AS t JOIN gold_unknown_loads AS u ON u.athlete_id = t.athlete_id AND u.activity_date > date(t.as_of_date, '-42 days') AND u.activity_date <= t.as_of_date;
SELECT printf('  %6d  %s', COUNT(*), load_reason) FROM unknown GROUP BY load_reason ORDER BY COUNT(*) DESC, load_reason;
SELECT printf('    if you know it: sql/tools/tell athlete.db setting %s %d --date=%s --athlete=%s', setting, CASE setting WHEN 'ftp_w' THEN 250 ELSE 190 END,
              MIN(activity_date), (SELECT athlete_id FROM temp.page))
FROM unknown WHERE setting IS NOT NULL GROUP BY setting
UNION ALL
SELECT printf('    how hard one was, from 0 to 10, makes its load known: sql/tools/tell athlete.db rpe %s 5', activity_id)
FROM (SELECT activity_id FROM unknown WHERE setting IS NULL ORDER BY event_timestamp DESC, activity_id LIMIT 1);

-- What there is no answer for yet has no section.
CREATE TEMP TABLE recommendation AS
SELECT g.* FROM today AS t JOIN gold_training_recommendations AS g ON g.athlete_id = t.athlete_id AND g.recommendation_date = date(t.as_of_date, '+1 day')
ORDER BY g.model LIMIT 1;
SELECT char(10) || printf('NEXT WORKOUT on %s: ', recommendation_date) ||
       CASE recommended_workout_type WHEN 'rest' THEN 'a day of rest'
            ELSE printf('%s, %d min at %d %% of threshold speed', recommended_workout_type, duration, 100 * intensity + 0.5) || COALESCE(', ' || hms(60 * pace_min_km / per_km) || ' min/km', '') END
FROM recommendation CROSS JOIN unit;
WITH RECURSIVE word (line, rest) AS (
    SELECT '', reason || ' ' FROM recommendation
    UNION ALL
    SELECT CASE WHEN length(line) + instr(rest, ' ') > 100 THEN substr(rest, 1, instr(rest, ' ')) ELSE line || substr(rest, 1, instr(rest, ' ')) END, substr(rest, instr(rest, ' ') + 1)
    FROM word WHERE rest <> ''
)
SELECT '  ' || rtrim(line)
FROM (SELECT line, rest, LEAD(length(line)) OVER (ORDER BY length(rest) DESC) AS next FROM word)
WHERE line <> '' AND (next IS NULL OR next < length(line));

SELECT char(10) || printf('PLAN to %s: %d %s, %d %s with a flag of risk', until_date, training_days,
                          CASE training_days WHEN 1 THEN 'day of training' ELSE 'days of training' END,
                          risk_days, CASE risk_days WHEN 1 THEN 'day' ELSE 'days' END)
FROM temp.page JOIN gold_plan_summaries USING (athlete_id);
SELECT printf('  race on %s: form (TSB) on its eve %+.1f as planned', n.race_date, n.tsb) ||
       CASE WHEN b.share IS NULL THEN '; no taper tried keeps below the flag'
            WHEN b.share = 1 THEN ', and no taper tried would serve it better'
            ELSE printf('; best served by %d %% of what is planned in the last %d days: %+.1f', 100 * b.share, b.days, b.tsb) END ||
       CASE WHEN o.race_s IS NULL THEN ''
            ELSE char(10) || printf('    it would take %s%s', hms(o.race_s), CASE WHEN o.race_lower_s IS NULL THEN '' ELSE printf(' (%s to %s)', hms(o.race_lower_s), hms(o.race_upper_s)) END) END
FROM temp.page
JOIN gold_race_tapers AS n ON n.athlete_id = page.athlete_id AND n.share = 1
LEFT JOIN gold_race_tapers AS b ON b.athlete_id = n.athlete_id AND b.is_best
LEFT JOIN gold_plan_outlook AS o ON o.athlete_id = n.athlete_id AND o.plan_date = n.race_date;

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
SELECT CASE WHEN b.evidence = 'none' THEN '  from weekly kilometres alone: there is no race of two years and no run of 5 km and 20 minutes in 90 days'
            ELSE printf('  from %d %s, best of all %s of %s: %.1f km in %s, %d %s before', b.n_evidence, CASE b.n_evidence WHEN 1 THEN 'result' ELSE 'results' END,
                        CASE WHEN b.is_race THEN 'the race' ELSE 'the run' END, b.result_date, b.distance_m / (SELECT m FROM unit), hms(b.seconds), b.days_before, CASE CAST(b.days_before AS INTEGER) WHEN 1 THEN 'day' ELSE 'days' END) ||
                 COALESCE(char(10) || '    by itself it would not count (' ||
                          CASE WHEN NOT b.is_race
                               THEN (SELECT e.doubt FROM run_evidence AS e WHERE e.athlete_id = b.athlete_id AND e.activity_id = b.activity_id) END ||
                          '), but another run near it bears it out', '') ||
                 CASE WHEN 2 * b.activities_90d < b.most_activities_90d
                      THEN char(10) || printf('    before a break: up to %d activities in 90 days since then, %d in the last; it counts as slower', b.most_activities_90d, b.activities_90d)
                      ELSE '' END END
FROM gold_estimate_evidence AS b
WHERE b.prediction_id = (SELECT MAX(e.prediction_id) FROM estimate AS e WHERE e.model = 'time_estimator' AND e.age = 1);

CREATE TEMP TABLE judged AS
SELECT e.*, CASE e.source WHEN 'history' THEN 'this athlete' ELSE 'the survey' END AS who
FROM gold_race_errors AS e
WHERE e.source = 'survey' AND EXISTS (SELECT 1 FROM estimate) OR e.source = 'history' AND e.subject IN (SELECT athlete_id FROM temp.page);

SELECT char(10) || 'HOW GOOD: error of races not seen in training: median of this athlete''s, mean of the survey''s' ||
       char(10) || '                             races   estimate  in interval     Riegel     VDOT  Vickers'
WHERE EXISTS (SELECT 1 FROM judged);
SELECT printf('  %-12s %-13s %6d   %8s  %9.0f %%   %8s %8s  %7s', MIN(who), MIN(d.name),
              MAX(races) FILTER (WHERE model = 'time_estimator'),
              hms(MAX(typical_error_s) FILTER (WHERE model = 'time_estimator')),
              MAX(inside_pct) FILTER (WHERE model = 'time_estimator'),
              COALESCE(hms(MAX(typical_error_s) FILTER (WHERE model = 'riegel')), '-'),
              COALESCE(hms(MAX(typical_error_s) FILTER (WHERE model = 'vdot')), '-'),
              COALESCE(hms(MAX(typical_error_s) FILTER (WHERE model = 'vickers_one_race')), '-'))
FROM judged AS j
JOIN race_distances AS d USING (distance_class)
GROUP BY j.source, d.distance_class
ORDER BY j.source, d.distance_m;
SELECT printf('  model version %d%s: %s', v.version, CASE v.status WHEN 'refused' THEN ' refused' ELSE ' accepted' END,
              CASE WHEN instr(v.reason, 'gate_mae_10k_s') AND m.mae_s IS NOT NULL
                   THEN printf('10K error of %.1f s on runners it had not seen, the gate is %.0f s', m.mae_s,
                               CAST(substr(v.reason, instr(v.reason, 'gate_mae_10k_s') + 16) AS REAL)) ELSE v.reason END)
FROM ml_model_versions AS v
LEFT JOIN ml_metrics AS m ON (m.model, m.version, m.source, m.distance_class) = (v.model, v.version, 'survey', '10k')
WHERE v.model = 'time_estimator' AND EXISTS (SELECT 1 FROM judged) ORDER BY v.version DESC LIMIT 1;

-- What each registered model says of this athlete's last day, most because of what, what was decided of it last and what its last version
-- changed; or why it says nothing. The answers of the time estimator stand above.
CREATE TEMP TABLE asked AS
SELECT k.model, k.learner, k.columns_sql, k.definition ->> '$.label' AS label, a.version, g.inference_id, g.prediction, g.predicted, i.lower, i.upper, g.prediction_date, g.item, v.model_json,
       (SELECT c.cluster_name FROM ml_clusters AS c WHERE (c.model, c.version, c.cluster_id) = (g.model, g.version, g.predicted)) AS cluster_name,
       (SELECT r.reason FROM ml_runs AS r WHERE r.model = k.model AND r.search_id IS NULL ORDER BY r.run_id DESC LIMIT 1) AS failure,
       (SELECT v.reason FROM ml_model_versions AS v WHERE v.model = k.model AND v.status = 'refused' ORDER BY v.version DESC LIMIT 1) AS refusal,
       (SELECT x.reason FROM inference_faults AS x WHERE x.model = k.model) AS fault,
       (SELECT printf('version %d: %s, %s', d.challenger, CASE d.decision WHEN 'PROMOTE' THEN 'promoted' WHEN 'HOLD' THEN 'held back' WHEN 'REJECT' THEN 'rejected' ELSE d.decision END, d.reason) FROM ml_decisions AS d WHERE d.model = k.model ORDER BY d.decision_id DESC LIMIT 1) AS decision
FROM temp.page AS p
CROSS JOIN ml_models_current AS k
LEFT JOIN ml_aliases AS a ON a.model = k.model AND a.alias = 'champion'
LEFT JOIN inference_log AS g ON g.inference_id = (SELECT o.inference_id FROM inference_log AS o WHERE (o.model, o.entity) = (k.model, p.athlete_id) ORDER BY o.prediction_date DESC, o.inference_id DESC LIMIT 1)
LEFT JOIN inference_intervals AS i ON i.inference_id = g.inference_id
LEFT JOIN ml_model_versions AS v ON (v.model, v.version) = (g.model, g.version)
WHERE k.learner NOT IN ('simulation', 'none') AND k.model <> 'time_estimator';
CREATE TEMP TABLE because AS
SELECT q.model, e.feature, e.contribution, ROW_NUMBER() OVER (PARTITION BY q.model ORDER BY abs(e.contribution) DESC, e.feature) AS place
FROM asked AS q
CROSS JOIN gbdt_explain(q.model_json, 'SELECT s.inference_id, ' || q.columns_sql || ' FROM (SELECT inference_id, features AS row FROM inference_log WHERE inference_id = ' || q.inference_id || ') AS s') AS e
WHERE q.learner = 'gbdt' AND q.inference_id IS NOT NULL AND e.feature IS NOT NULL;
-- What the last version of each has that the one before it had not. A definition is a text that came from outside.
CREATE TEMP TABLE newest AS
SELECT v.model, v.version, v.status, v.training_rows, o.version AS before, o.training_rows AS rows_before,
       CASE WHEN json_valid(v.specification) THEN v.specification ELSE '{}' END AS spec, CASE WHEN json_valid(o.specification) THEN o.specification ELSE '{}' END AS spec_before
FROM ml_model_versions AS v
JOIN ml_model_versions AS o ON o.model = v.model AND o.version = (SELECT MAX(p.version) FROM ml_model_versions AS p WHERE p.model = v.model AND p.version < v.version)
WHERE v.version = (SELECT MAX(n.version) FROM ml_model_versions AS n WHERE n.model = v.model) AND EXISTS (SELECT 1 FROM temp.page)
  AND v.model NOT IN (SELECT model FROM ml_models_current WHERE learner = 'none');
CREATE TEMP TABLE change AS
WITH both AS (SELECT model, spec, 1 AS is_new FROM newest UNION ALL SELECT model, spec_before, 0 FROM newest),
part AS (
    SELECT b.model, b.is_new, 1 AS place, m.key AS name, m.value FROM both AS b CROSS JOIN json_each(b.spec) AS m
    WHERE m.key NOT IN ('features', 'learner', 'options', 'description', 'owner', 'card')
    UNION ALL
    SELECT b.model, b.is_new, 2, CASE m.type WHEN 'object' THEN m.value ->> '$.name' ELSE m.value END, 'there' FROM both AS b CROSS JOIN json_each(b.spec, '$.features') AS m
    UNION ALL
    SELECT b.model, b.is_new, 3, m.key, m.value FROM both AS b CROSS JOIN json_each(b.spec, '$.learner') AS m WHERE m.key <> 'options'
    UNION ALL
    SELECT b.model, b.is_new, 3, m.key, m.value FROM both AS b CROSS JOIN json_each(COALESCE(b.spec -> '$.learner.options', b.spec -> '$.options', '{}')) AS m
),
differs AS (
    SELECT model, place, name, MAX(value) FILTER (WHERE is_new) AS now, MAX(value) FILTER (WHERE NOT is_new) AS before
    FROM part GROUP BY model, place, name
    HAVING MAX(value) FILTER (WHERE is_new) IS NOT MAX(value) FILTER (WHERE NOT is_new)
),
measured AS (
    SELECT r.model, r.version, m.evaluation, '' AS slice, m.metric, m.value FROM ml_runs AS r JOIN ml_run_metrics AS m USING (run_id) WHERE (m.predictor, m.step) = ('model', 0)
    UNION ALL
    SELECT r.model, r.version, m.evaluation, m.slice, m.metric, m.value FROM ml_runs AS r JOIN ml_run_slices AS m USING (run_id) WHERE m.predictor = 'model'
),
error AS (
    SELECT n.model, g.value ->> '$.metric' || ' by ' || (g.value ->> '$.evaluation') || COALESCE(' of ' || (g.value ->> '$.slice'), '') AS name,
           (SELECT m.value FROM measured AS m WHERE (m.model, m.version, m.evaluation, m.slice, m.metric)
                                                = (n.model, n.version, g.value ->> '$.evaluation', COALESCE(g.value ->> '$.slice', ''), g.value ->> '$.metric')) AS now,
           (SELECT m.value FROM measured AS m WHERE (m.model, m.version, m.evaluation, m.slice, m.metric)
                                                = (n.model, n.before, g.value ->> '$.evaluation', COALESCE(g.value ->> '$.slice', ''), g.value ->> '$.metric')) AS before
    FROM newest AS n
    CROSS JOIN json_each(n.spec, '$.gate') AS g
    WHERE g.type = 'object' AND g.key = 0
    UNION ALL
    SELECT n.model, 'error of the survey''s ' || m.distance_class || ' in s', m.mae_s, o.mae_s
    FROM newest AS n
    JOIN ml_metrics AS m ON (m.model, m.version, m.source) = (n.model, n.version, 'survey')
    JOIN ml_metrics AS o ON (o.model, o.version, o.source, o.distance_class) = (n.model, n.before, 'survey', m.distance_class)
)
SELECT model, place, name, CASE WHEN place = 2 THEN 'feature ' || name || CASE WHEN now IS NULL THEN ' gone' ELSE ' new' END
                                WHEN place = 1 AND name <> 'version' THEN 'another ' || name
                                ELSE CASE name WHEN 'version' THEN 'definition' ELSE name END || ' ' || COALESCE(before, 'none') || ' to ' || COALESCE(now, 'none') END AS text
FROM differs
UNION ALL
SELECT model, 4, '', printf('%d %s', abs(training_rows - rows_before), CASE WHEN training_rows > rows_before THEN 'rows more' ELSE 'rows fewer' END) FROM newest WHERE training_rows <> rows_before
UNION ALL
SELECT model, 5, name, printf('%s %.3f to %.3f', name, before, now) FROM error WHERE now <> before;

SELECT char(10) || 'MODELS by definition, and what they say of this athlete (their cards: make card MODEL=name)' WHERE EXISTS (SELECT 1 FROM asked);
CREATE TEMP TABLE said AS
SELECT model, 0 AS n, CASE WHEN inference_id IS NOT NULL AND learner = 'kmeans' THEN printf('cluster %d, %s, on %s', predicted, cluster_name, prediction_date)
                           WHEN inference_id IS NOT NULL THEN printf('%s %.2f%s for %s', prediction, predicted, CASE WHEN lower IS NULL THEN '' ELSE printf(' (%.2f to %.2f)', lower, upper) END, prediction_date) || CASE item WHEN '' THEN '' ELSE ', ' || item END
                           WHEN version IS NOT NULL THEN 'nothing: ' || COALESCE(fault, 'none of its rows is this athlete''s')
                           WHEN failure IS NOT NULL THEN 'nothing: its training failed'
                           WHEN refusal IS NOT NULL THEN 'nothing: its gate refused it'
                           ELSE 'nothing: it was not trained yet' END AS text
FROM asked
UNION ALL SELECT model, 1, COALESCE(failure || COALESCE('. Its label: ' || label, ''), refusal) FROM asked WHERE inference_id IS NULL AND version IS NULL
UNION ALL SELECT model, 2, (SELECT 'most because of ' || group_concat(feature || printf(' (%+.2f)', contribution), ', ') FROM because AS b WHERE b.model = asked.model AND b.place <= 3) FROM asked
UNION ALL SELECT model, 3, decision FROM asked
UNION ALL SELECT model, 0, 'a new version' FROM newest WHERE model NOT IN (SELECT model FROM asked)
UNION ALL
SELECT model, 4, printf('version %d (%s) beside version %d: ', version, trim(CASE status WHEN 'refused' THEN ' refused' ELSE ' accepted' END), before)
                 || COALESCE((SELECT group_concat(text, '; ') FROM (SELECT text FROM change AS c WHERE c.model = n.model ORDER BY c.place, c.name)), 'the same definition and as many rows')
FROM newest AS n;
WITH RECURSIVE word (model, n, line, rest) AS (
    SELECT model, n, '', replace(text, char(10), ' ') || ' ' FROM said WHERE text IS NOT NULL
    UNION ALL
    SELECT model, n, CASE WHEN length(line) + instr(rest, ' ') > 94 - 20 * (n = 0) THEN substr(rest, 1, instr(rest, ' ')) ELSE line || substr(rest, 1, instr(rest, ' ')) END,
           substr(rest, instr(rest, ' ') + 1)
    FROM word WHERE rest <> ''
)
SELECT CASE n WHEN 0 THEN printf('  %-22s ', model) ELSE '    ' END || rtrim(substr(line, 1, 94))
FROM (SELECT *, LEAD(length(line)) OVER (PARTITION BY model, n ORDER BY length(rest) DESC) AS next FROM word)
WHERE line <> '' AND (next IS NULL OR next < length(line))
ORDER BY model, n, length(rest) DESC;

-- What the watch saw of this athlete's last month, and what asks for somebody: of the athlete, of models and of stages.
CREATE TEMP TABLE moved AS
SELECT m.* FROM temp.page AS p CROSS JOIN gold_moved_features AS m ON m.athlete_id = p.athlete_id;
CREATE TEMP TABLE alarm AS
SELECT a.* FROM temp.page AS p
CROSS JOIN gold_open_alerts AS a
WHERE CASE a.kind WHEN 'risk' THEN a.subject = p.athlete_id
                  WHEN 'drift' THEN a.subject NOT LIKE '% of %' OR substr(a.subject, instr(a.subject, ' of ') + 4) = p.athlete_id OR a.subject LIKE 'inference_log of %'
                  ELSE 1 END;
SELECT char(10) || 'WATCH, what it saw' WHERE EXISTS (SELECT 1 FROM moved) OR EXISTS (SELECT 1 FROM alarm);
SELECT printf('  %s: %d of %d features have left the range of their own months', substr(MAX(window_start), 1, 7), COUNT(CASE WHEN is_drift THEN 1 END), COUNT(*))
FROM moved GROUP BY NULL;
SELECT printf('    %s of %s, %.1f times as far as by itself', column_name, monitor, times_own) FROM moved WHERE is_drift ORDER BY times_own DESC, monitor, column_name LIMIT 3;
SELECT CASE line WHEN 1 THEN substr(printf('  alert:%s %s, since %s',
                                           CASE kind WHEN 'risk' THEN ' risk' WHEN 'drift' THEN ' drift' WHEN 'freshness' THEN ' freshness' WHEN 'failure' THEN ' failure' ELSE ' ' || replace(kind, '_', ' ') END, CASE WHEN alerts > 1 THEN printf('of %d feature groups', alerts) WHEN kind = 'risk' THEN '' ELSE subject END,
                                           substr(opened_at, 1, 10))
                            || CASE n_bad WHEN 1 THEN '' ELSE printf(', %d times', n_bad) END, 1, 96)
                 ELSE '    ' || substr(replace(CASE WHEN alerts > 1 THEN printf('nothing has come after %s; which they are: SELECT subjects FROM gold_open_alerts', last_day) ELSE message END, char(10), ' '), 1, 92) END
FROM (SELECT * FROM alarm ORDER BY kind, subject LIMIT 5)
CROSS JOIN (SELECT 1 AS line UNION ALL SELECT 2)
ORDER BY kind, subject, line;
SELECT printf('  and %d alerts more', COUNT(*) - 5) FROM alarm GROUP BY NULL HAVING COUNT(*) > 5;

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
SELECT char(10) || 'A RACE? Untagged, and no run as long was faster in its season; say what it was with sql/tools/tell'
WHERE EXISTS (SELECT 1 FROM candidate);
SELECT printf('  %s  %-13s %8s  activity %s  %!.40s', c.local_date, d.name, hms(c.elapsed_s), c.activity_id, replace(COALESCE(c.name, ''), char(10), ' '))
FROM candidate AS c JOIN race_distances AS d USING (distance_class)
WHERE c.age <= 5 ORDER BY c.local_date;
SELECT printf('  and %d older: SELECT * FROM race_candidates', COUNT(*) - 5) FROM candidate GROUP BY NULL HAVING COUNT(*) > 5;

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
