-- One athlete's pictures: each statement gives rows of a heading, words and a picture (SVG). Reads only; sql/tools/report makes a file of it.
--
-- The athlete is in temp.report, made before with one row of athlete_id.

-- Of distances: miles where sql/tools/report is told so.
CREATE TEMP TABLE IF NOT EXISTS unit AS SELECT 1000.0 AS m, 1.0 AS per_km;

-- In the titles of the pictures stands what they show: trend, form and risk.
CREATE TEMP TABLE lately AS
SELECT f.*, f.history_days < (SELECT value FROM ops_config WHERE name = 'acwr_min_history_days') OR f.unknown_load_42d > 0 AS is_doubtful,
       f.as_of_date = (SELECT MAX(n.as_of_date) FROM athlete_rolling_features AS n WHERE n.athlete_id = f.athlete_id) AS is_last,
       f.as_of_date > (SELECT date(MAX(n.as_of_date), '-56 days') FROM athlete_rolling_features AS n WHERE n.athlete_id = f.athlete_id)
       AND f.history_days >= (SELECT value FROM ops_config WHERE name = 'acwr_min_history_days') AS is_recent
FROM temp.report
JOIN athlete_rolling_features AS f USING (athlete_id)
WHERE f.as_of_date > (SELECT date(MAX(n.as_of_date), '-365 days') FROM athlete_rolling_features AS n WHERE n.athlete_id = f.athlete_id);

CREATE TEMP TABLE shown AS
SELECT CASE WHEN b.ctl_42d IS NULL THEN 'Load, fitness and fatigue' ELSE printf('Fitness %.1f, %+.1f in four weeks', t.ctl_42d, t.ctl_42d - b.ctl_42d) END AS trend,
       'Form: ' || CASE WHEN t.of_mean IS NULL OR t.of_weighted IS NULL THEN 'not known' WHEN t.of_weighted = t.of_mean THEN printf('%s, %+.1f (means) and %+.1f (weighted)', t.of_mean, t.tsb, t.tsb_ewma)
                                 ELSE printf('%s, %+.1f (means); %s, %+.1f (weighted)', t.of_mean, t.tsb, t.of_weighted, t.tsb_ewma) END AS form,
       CASE WHEN t.history_days < c.history THEN 'last evening: too early to tell' WHEN t.of_weighted <> t.of_mean THEN 'last evening: changing fast' ELSE 'last evening' END AS evening,
       'Ratio: ' || CASE WHEN t.acwr IS NULL THEN 'not known'
                         ELSE CASE WHEN t.history_days < c.history THEN 'too early to tell' WHEN t.acwr > c.risk THEN 'a sudden rise' WHEN t.acwr >= c.steady THEN 'steady' ELSE 'less than usual' END
                              || printf(', %.2f', t.acwr) END
       || CASE WHEN r.peak > max(c.risk, t.acwr) THEN printf('; peak %.2f %d days before', r.peak, julianday(t.as_of_date) - julianday(r.peak_date)) ELSE '' END
       || CASE WHEN c28.untold_days_28d = c28.days_28d OR c28.days_28d = 1 THEN ''
               ELSE printf('; %d of %d days flagged', c28.risk_days_28d, c28.days_28d) || CASE c28.untold_days_28d WHEN 0 THEN '' ELSE printf(', %d unknown', c28.untold_days_28d) END END AS risk,
       printf('flagged: ratio above %.1f or monotony above %.1f', c.risk, c.monotony) AS flagged,
       c.level, date(t.as_of_date, 'weekday 0', '-6 days') AS week_start, julianday(t.as_of_date) - julianday(t.as_of_date, 'weekday 0', '-6 days') + 1 AS days_of_week
FROM (SELECT *, (SELECT form FROM gold_form_zones WHERE tsb > above ORDER BY above DESC LIMIT 1) AS of_mean,
             (SELECT form FROM gold_form_zones WHERE tsb_ewma > above ORDER BY above DESC LIMIT 1) AS of_weighted
      FROM temp.lately ORDER BY as_of_date DESC LIMIT 1) AS t
CROSS JOIN (SELECT MAX(value) FILTER (WHERE name = 'acwr_risk_threshold') AS risk, MAX(value) FILTER (WHERE name = 'acwr_steady_threshold') AS steady,
                   MAX(value) FILTER (WHERE name = 'acwr_min_history_days') AS history, MAX(value) FILTER (WHERE name = 'monotony_risk_threshold') AS monotony,
                   MAX(value) FILTER (WHERE name = 'interval_level') AS level FROM ops_config) AS c
CROSS JOIN (SELECT (SELECT MAX(n.acwr) FROM temp.lately AS n WHERE n.is_recent) AS peak, (SELECT n.as_of_date FROM temp.lately AS n WHERE n.is_recent ORDER BY n.acwr DESC, n.as_of_date DESC LIMIT 1) AS peak_date) AS r
JOIN gold_risk_counts AS c28 ON c28.athlete_id = t.athlete_id AND c28.as_of_date = t.as_of_date
LEFT JOIN temp.lately AS b ON b.as_of_date = date(t.as_of_date, '-28 days');

SELECT 'Load, fitness and fatigue',
       printf('On the evening of %s: fitness CTL %.1f, fatigue ATL %.1f as means of 42 and 7 days; exponentially weighted %.1f and %.1f.',
              as_of_date, ctl_42d, atl_7d, ctl_ewma, atl_ewma) || COALESCE(' Only what is known counts: ' || load_reason || '.', ''),
       (SELECT svg_line(json_object('title', (SELECT trend FROM temp.shown), 'unit', 'TSS per day (100: an hour at threshold)', 'marks', json_array('bar', 'line', 'line', 'dashed', 'dashed'),
                                    'desc', 'A year of daily load (TSS, training stress score) as bars, with fitness (CTL, chronic training load) and fatigue (ATL, acute training load) as means of days and exponentially weighted.',
                                    'series', json_array('load of the day', 'fitness CTL, mean of 42 days', 'fatigue ATL, mean of 7 days', 'CTL weighted', 'ATL weighted')),
                        as_of_date, daily_tss, ctl_42d, atl_7d, ctl_ewma, atl_ewma) FROM temp.lately)
FROM temp.lately ORDER BY as_of_date DESC LIMIT 1;

SELECT 'Form', CASE WHEN tsb IS NULL THEN 'Form TSB is fitness less fatigue; of the last evening it is not known.'
                    ELSE printf('Form TSB is fitness less fatigue: %+.1f, exponentially weighted %+.1f.', tsb, tsb_ewma) END,
       (SELECT svg_line(json_object('title', (SELECT form FROM temp.shown), 'unit', 'TSB', 'marks', json_array('line', 'dashed', 'dot'), 'series', json_array('form TSB: means of 42 days less 7', 'weighted, the last days most', (SELECT evening FROM temp.shown)),
                                    'desc', 'A year of form (TSB, training stress balance: fitness CTL less fatigue ATL) in five zones from overloaded to losing fitness, by plain means and exponentially weighted.',
                                    'zones', json_insert(z.above, '$[#]', 1000), 'zone_tones', json(z.tones), 'zone_names', json(z.names)),
                        as_of_date, tsb, tsb_ewma, CASE WHEN is_last THEN tsb END)
        FROM temp.lately
        CROSS JOIN (SELECT json_group_array(above) AS above, json_group_array(tone) AS tones, json_group_array(form) AS names
                    FROM (SELECT * FROM gold_form_zones ORDER BY above)) AS z)
FROM temp.lately WHERE EXISTS (SELECT 1 FROM temp.lately AS n WHERE n.tsb IS NOT NULL) ORDER BY as_of_date DESC LIMIT 1;

SELECT 'Acute to chronic ratio',
       CASE WHEN acwr IS NULL THEN 'Of the last evening it is not known.' ELSE printf('%.2f, exponentially weighted %.2f.', acwr, acwr_ewma) END
       || ' Hatched: days whose ratio is in doubt, because the history is short or the load of an activity unknown. Flagged: days whose ratio or monotony is above its threshold.',
       (SELECT svg_line(json_object('title', (SELECT risk FROM temp.shown), 'unit', 'ATL / CTL', 'decimals', 2, 'y_min', 0, 'marks', json_array('line', 'dashed', 'dot', 'hatch', 'ring'),
                                    'desc', 'A year of the acute to chronic workload ratio (ACWR: fatigue ATL by fitness CTL) on its band.',
                                    'series', json_array('ratio ACWR: mean of 7 days by that of 42', 'weighted, the last days most', 'last evening', 'in doubt', (SELECT flagged FROM temp.shown)),
                                    'zones', json_array(0, (SELECT value FROM ops_config WHERE name = 'acwr_steady_threshold'),
                                                        (SELECT value FROM ops_config WHERE name = 'acwr_risk_threshold'), 1000),
                                    'zone_names', json_array('less than usual', 'steady', 'a sudden rise'), 'zone_tones', json_array('none', 'good', 'bad')),
                        as_of_date, acwr, acwr_ewma, CASE WHEN is_last THEN acwr END, is_doubtful, CASE WHEN is_overtraining_risk THEN acwr END) FROM temp.lately)
FROM temp.lately WHERE EXISTS (SELECT 1 FROM temp.lately AS n WHERE n.acwr IS NOT NULL) ORDER BY as_of_date DESC LIMIT 1;

CREATE TEMP TABLE estimated AS
SELECT d.name || ' (' || hms(g.s_per_km * g.distance_m / 1000) || ')' AS name, g.distance_class, g.distance_m, g.lower_s_per_km / per_km AS lower, g.upper_s_per_km / per_km AS upper, g.s_per_km / per_km AS estimate,
       g.prediction_date, ROW_NUMBER() OVER (PARTITION BY g.distance_class ORDER BY g.prediction_date DESC, g.prediction_id DESC) AS age
FROM temp.report JOIN gold_estimate_paces AS g USING (athlete_id) JOIN race_distances AS d USING (distance_class) CROSS JOIN unit
WHERE g.model = 'time_estimator';
SELECT 'Races', 'Pace of the estimates for ' || (SELECT MAX(prediction_date) FROM temp.estimated) || ' with their intervals, and of all past races.',
       svg_line(json_object('title', (SELECT printf('%d of 100 races are to be inside; ', 100 * level + 0.5) FROM temp.shown)
                                     || (SELECT CASE WHEN COUNT(*) = 0 THEN 'no past race has tried it' ELSE printf('here %d of %d', SUM(f.is_inside), COUNT(*)) || CASE WHEN 2 * SUM(f.is_inside) < COUNT(*) THEN ': trust these little' ELSE '' END END
                                         FROM temp.report AS p JOIN gold_race_forecasts AS f ON f.source = 'history' AND f.subject = p.athlete_id WHERE f.model = 'time_estimator'),
                            'unit', 'min/km', 'format', 'time', 'marks', json_array('low', 'high', 'dot', 'ring'),
                            'desc', 'For each distance the interval of the estimate and the races that were run.',
                            'series', json_array('interval (lower is faster)', '', 'estimate (finish time)', 'past races')), name, lower, upper, estimate, raced)
FROM (SELECT name, distance_m, lower, upper, estimate, NULL AS raced FROM temp.estimated WHERE age = 1
      UNION ALL
      SELECT COALESCE(e.name, d.name), r.distance_m, NULL, NULL, NULL, r.s_per_km / per_km
      FROM temp.report JOIN gold_race_paces AS r USING (athlete_id) JOIN race_distances AS d USING (distance_class) CROSS JOIN unit
      LEFT JOIN temp.estimated AS e ON e.distance_class = r.distance_class AND e.age = 1
      ORDER BY 2, 6)
WHERE EXISTS (SELECT 1 FROM temp.estimated)
GROUP BY NULL;

-- Why this estimate: of the race that is planned next, or of 10 km.
CREATE TEMP TABLE asked AS
SELECT s.prediction_id FROM temp.report JOIN gold_squad AS s USING (athlete_id) WHERE s.prediction_id IS NOT NULL;
-- include: reports/explained.sql
SELECT 'Why ' || hms(e.predicted_s) || ' (' || d.name || ')',
       'Where the estimate comes from: ' || hms(x.start_s) || CASE WHEN v.evidence = 'none' THEN ' is what the distance of a week by itself speaks for, as there is no result'
                                                                   ELSE ' is what the best result' || COALESCE(' (' || a.local_date || ', ' || CAST(a.distance_m / (SELECT m FROM unit) + 0.5 AS INTEGER) || ' km in ' || hms(a.elapsed_s) || CASE WHEN v.is_race THEN ')' ELSE ', a training and no race)' END, '') || ' speaks for' END
       || '; the model adds what it has learnt of other runners. Blue: faster, orange: slower.',
       (SELECT svg_waterfall(json_object('title', printf('%s: from the result to the estimate; blue faster, orange slower', d.name), 'format', 'time', 'start', x.start_whole_s,
                                         'start_name', CASE WHEN v.evidence = 'none' THEN 'by the distance of a week' WHEN v.is_race THEN 'by the best race' ELSE 'by the best training run' END,
                                         'end_name', 'estimate', 'desc', 'Steps in seconds from the time that the best result speaks for to the estimate; blue ones are faster, orange ones slower.'), label, seconds)
        FROM (SELECT place, label, whole_s + (rest_place <= x.end_whole_s - x.start_whole_s - SUM(whole_s) OVER ()) AS seconds
              FROM (SELECT place, step, label, whole_s, ROW_NUMBER() OVER (ORDER BY seconds - whole_s DESC, place, step) AS rest_place
                    FROM (SELECT place, step, label, seconds, CAST(seconds AS INTEGER) - (seconds < CAST(seconds AS INTEGER)) AS whole_s
                          FROM (SELECT 0 AS place, step, label, seconds FROM temp.explained WHERE step <= 7
                                UNION ALL SELECT 1, 8, 'all else', COALESCE(exact_sum(seconds), 0.0) FROM temp.explained WHERE step > 7)))
              ORDER BY place, step))
FROM temp.asked JOIN gold_athlete_predictions AS e USING (prediction_id) JOIN race_distances AS d USING (distance_class)
JOIN (SELECT MAX(start_s) AS start_s, CAST(MAX(start_s) + 0.5 AS INTEGER) AS start_whole_s, CAST(MAX(after_s) FILTER (WHERE step = n) + 0.5 AS INTEGER) AS end_whole_s FROM (SELECT *, COUNT(*) OVER () AS n FROM temp.explained)) AS x ON x.start_s IS NOT NULL
LEFT JOIN gold_estimate_evidence AS v USING (prediction_id)
LEFT JOIN silver_strava_activities AS a ON a.athlete_id = e.athlete_id AND a.activity_id = e.inputs ->> '$.evidence_activity_id';
DROP TABLE temp.explained;
DROP TABLE temp.asked;

SELECT 'The record of the estimates',
       printf('Races of this athlete as they were foretold by models that had not seen them: %d of %d within the interval. %s',
              SUM(is_inside), COUNT(*), (SELECT 'Version ' || v.version || ' was accepted: ' ||
                         CASE WHEN instr(v.reason, 'gate_mae_10k_s') AND m.mae_s IS NOT NULL
                              THEN printf('10K error of %.1f s on runners it had not seen, the gate is %.0f s', m.mae_s, CAST(substr(v.reason, instr(v.reason, 'gate_mae_10k_s') + 16) AS REAL))
                              ELSE v.reason END || '.'
                  FROM ml_aliases AS c JOIN ml_model_versions AS v USING (model, version)
                  LEFT JOIN ml_metrics AS m ON (m.model, m.version, m.source, m.distance_class) = (v.model, v.version, 'survey', '10k')
                  WHERE (c.model, c.alias) = ('time_estimator', 'champion'))),
       svg_line(json_object('title', 'Races against what was foretold', 'unit', '% of the estimate', 'marks', json_array('low', 'high', 'dot'), 
                            'desc', 'For each race its interval, and the time that was run, in per cent of the estimate; below zero: faster.', 'series', json_array('interval', '', 'run')),
                as_of_date, lower_pct, upper_pct, actual_pct)
FROM (SELECT f.* FROM temp.report JOIN gold_race_forecasts AS f ON f.source = 'history' AND f.subject = report.athlete_id
      WHERE f.model = 'time_estimator'
      ORDER BY f.as_of_date)
GROUP BY NULL;

SELECT 'The plan and the form it leads to',
       printf('Planned to %s: %d days of training, %d with a flag of risk.', o.until_date, o.training_days, o.risk_days)
       || COALESCE((SELECT ' On the eve of the race on ' || n.race_date || ' form is ' || printf('%+.1f', n.tsb) || ' as planned'
                           || CASE WHEN b.share IS NULL THEN '.' ELSE printf('; best served by %d %% of the last %d days: %+.1f.', 100 * b.share, b.days, b.tsb) END
                    FROM temp.report AS p JOIN gold_race_tapers AS n ON n.athlete_id = p.athlete_id AND n.share = 1
                    LEFT JOIN gold_race_tapers AS b ON b.athlete_id = n.athlete_id AND b.is_best AND b.share < 1), ''),
       (SELECT svg_line(json_object('title', 'The plan and the form it leads to', 'unit', 'TSS per day (100: an hour at threshold)', 'marks', json_array('bar', 'bar', 'line', 'dashed'), 'series', json_array('done', 'planned', 'fitness CTL', 'form TSB'),
                                    'desc', 'The load of the last six weeks and of the plan, with fitness and form.'), day, done, planned, ctl, tsb)
        FROM (SELECT l.as_of_date AS day, l.daily_tss AS done, NULL AS planned, l.ctl_42d AS ctl, l.tsb FROM temp.lately AS l
              WHERE l.as_of_date > (SELECT date(MAX(as_of_date), '-42 days') FROM temp.lately)
              UNION ALL
              SELECT q.plan_date, NULL, q.load_tss, q.ctl_42d, q.tsb FROM temp.report JOIN gold_plan_outlook AS q USING (athlete_id) ORDER BY 1))
FROM temp.report JOIN gold_plan_summaries AS o USING (athlete_id);

CREATE TEMP TABLE energy AS
SELECT e.* FROM temp.report JOIN gold_energy_weeks AS e USING (athlete_id)
WHERE e.week_start > (SELECT date(MAX(as_of_date), '-182 days') FROM temp.lately)
ORDER BY e.week_start;
-- A week that is not over says so in the titles.
CREATE TEMP TABLE newest AS
SELECT CASE WHEN s.days_of_week < 7 AND EXISTS (SELECT 1 FROM temp.energy AS e WHERE e.week_start = s.week_start AND e.trainings > 0) THEN printf('; newest week: %d of 7 days so far', s.days_of_week) ELSE '' END AS so_far
FROM temp.shown AS s;

CREATE TEMP TABLE zoned AS
SELECT z.* FROM temp.report JOIN gold_zone_weeks AS z USING (athlete_id)
WHERE z.week_start > (SELECT date(MAX(as_of_date), '-182 days') FROM temp.lately) AND z.zone_1_min IS NOT NULL
ORDER BY z.week_start;
SELECT 'Zones of the last weeks', 'Minutes in the five zones of heart rate, by week; activities without heart rate are not in them.',
       svg_bars(json_object('title', (SELECT CASE WHEN t.hours > 0 AND z.hours < t.hours * 0.995 THEN printf('Zones by week, %d %% of time unknown', 100 * (1 - z.hours / t.hours) + 0.5) ELSE 'Zones by week' END
                                      FROM (SELECT total(zone_1_min + zone_2_min + zone_3_min + zone_4_min + zone_5_min) / 60 AS hours FROM temp.zoned) AS z
                                      CROSS JOIN (SELECT total(hours) AS hours FROM temp.energy) AS t) || (SELECT CASE WHEN EXISTS (SELECT 1 FROM temp.zoned AS n JOIN temp.shown AS s USING (week_start)) THEN so_far ELSE '' END FROM temp.newest),
                            'unit', 'min', 'series', json_array('zone 1', 'zone 2', 'zone 3', 'zone 4', 'zone 5'),
                            'desc', 'Minutes in each zone of heart rate, by week.'), week_start, zone_1_min, zone_2_min, zone_3_min, zone_4_min, zone_5_min)
FROM temp.zoned
GROUP BY NULL;
DROP TABLE temp.zoned;

SELECT 'Days', 'Load of each day, of the last three years.',
       svg_calendar(json_object('title', (SELECT printf('Load to %s: stronger is more, grey is rest', MAX(as_of_date)) FROM temp.lately), 'unit', 'TSS',
                                'desc', 'Days of the last three years as squares, the stronger the more load (TSS, training stress score: 100 is an hour at threshold); grey ones are without load, frames are before the first day and after the last evening.'), d.activity_date, d.daily_tss)
FROM temp.report JOIN athlete_daily_features AS d USING (athlete_id)
WHERE d.activity_date >= (SELECT date(MAX(as_of_date), 'start of year', '-2 years') FROM temp.lately)
GROUP BY NULL;

SELECT 'Energy by week', printf('Kilocalories of training as the devices told them; %d of %d activities of these weeks say nothing, and are not in it.', SUM(trainings_untold), SUM(trainings)),
       svg_bars(json_object('title', 'Energy by week' || (SELECT so_far FROM temp.newest), 'unit', 'kcal', 'decimals', 0, 'desc', 'Kilocalories of training by week, of the activities that tell them.'), week_start, energy_kcal)
FROM (SELECT * FROM temp.energy WHERE trainings > 0)
GROUP BY NULL HAVING SUM(trainings) > SUM(trainings_untold);
SELECT 'Energy by day', printf('Of the last four weeks: %d of %d activities tell no energy.', SUM(trainings_untold), SUM(trainings)),
       svg_bars(json_object('title', 'Energy by day', 'unit', 'kcal', 'decimals', 0, 'desc', 'Kilocalories of training of each day of four weeks.'), activity_date, energy_kcal)
FROM (SELECT e.* FROM temp.report JOIN gold_energy_days AS e USING (athlete_id)
      WHERE e.activity_date > (SELECT date(MAX(as_of_date), '-28 days') FROM temp.lately) AND e.trainings > 0 ORDER BY e.activity_date)
GROUP BY NULL HAVING SUM(trainings) > SUM(trainings_untold);
SELECT 'Hours by week', 'Hours of training of each week.',
       svg_line(json_object('title', 'Hours by week' || (SELECT so_far FROM temp.newest), 'unit', 'h', 'marks', json_array('bar'), 'series', json_array('hours'), 'desc', 'Hours of training by week.'), week_start, hours)
FROM (SELECT * FROM temp.energy WHERE trainings > 0)
GROUP BY NULL;
SELECT 'Intensity by week', 'How hard they were: the mean intensity as a share of threshold, weighted by time, of the activities of which it is known; a gap is a week without.',
       svg_line(json_object('title', 'Intensity by week' || (SELECT so_far FROM temp.newest), 'unit', '% of threshold', 'decimals', 0, 'series', json_array('intensity'), 'desc', 'Mean intensity of training by week.'), week_start, 100 * intensity)
FROM temp.energy
GROUP BY NULL HAVING COUNT(intensity) > 0;
DROP TABLE temp.newest;
DROP TABLE temp.energy;

-- include: reports/column_labels.sql
CREATE TEMP TABLE drifted AS
SELECT COALESCE((SELECT l.label FROM temp.column_label AS l WHERE l.column_name = d.column_name), d.column_name) AS column_name, d.shift, d.window_start, d.watched
FROM (SELECT m.*, COUNT(*) OVER () AS watched FROM temp.report JOIN gold_moved_features AS m USING (athlete_id)) AS d
WHERE d.is_drift;
SELECT 'What is not as it was', 'In ' || strftime('%Y-%m', MAX(window_start)) || ' against the year before: ' || COUNT(*) || ' of ' || MAX(watched) || ' watched columns are another distribution. The largest shifts of their means:',
       (SELECT svg_bars(json_object('title', (SELECT strftime('%Y-%m', MAX(n.window_start)) FROM temp.drifted AS n) || ' against the year before: other, not good or bad', 'unit', 'standard deviations', 'desc', 'The columns whose means have moved most, in standard deviations of the year before.', 'decimals', 2), column_name, shift)
        FROM (SELECT n.column_name, n.shift FROM temp.drifted AS n WHERE n.shift IS NOT NULL ORDER BY abs(n.shift) DESC, n.column_name LIMIT 5))
FROM temp.drifted
GROUP BY NULL HAVING COUNT(shift) > 0;

DROP TABLE temp.drifted;
DROP TABLE temp.column_label;
DROP TABLE temp.shown;
DROP TABLE temp.estimated;
DROP TABLE temp.lately;
