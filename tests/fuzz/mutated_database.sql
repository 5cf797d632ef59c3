-- What reads a damaged database besides the page: every function of this extension that runs a statement, or trusts a
-- text, of the file. Statements may fail; see mutated_database.c.

-- The registry and the views.
SELECT * FROM feature_groups_current;
SELECT * FROM features_current;
SELECT * FROM feature_freshness;
SELECT group_name, quote(value) FROM features_current, json_each(rules);
SELECT feature_group_fault(definition), feature_group_ddl(definition) FROM feature_groups;
SELECT feature_group_trial(definition) FROM feature_groups WHERE name IN ('athlete_profile', 'race_results');
SELECT feature_group_ingest(definition, 'SELECT * FROM ' || table_name) FROM feature_groups;
SELECT * FROM activity_features_versions;
SELECT * FROM feature_lineage_paths LIMIT 200;

-- As it was known.
CREATE VIRTUAL TABLE temp.form USING asof(athlete_rolling_features);
CREATE VIRTUAL TABLE temp.days USING asof(athlete_daily_features, backfill=1);
CREATE VIRTUAL TABLE temp.runs USING asof(activity_features, entity=athlete_id, ignore_nulls=1, lookback='30 days');
CREATE VIRTUAL TABLE temp.facts USING asof(athlete_profile, strict=1);
SELECT f.* FROM silver_strava_activities AS a JOIN temp.form AS f ON f.athlete_id = a.athlete_id AND f.as_of = a.end_time;
SELECT f.*, f.row_found_by, f.row_age_days FROM silver_strava_activities AS a
JOIN temp.days AS f ON f.athlete_id = a.athlete_id AND f.as_of = a.start_time;
SELECT f.*, f.row_id FROM activity_features AS a
LEFT JOIN temp.runs AS f ON f.athlete_id = a.athlete_id AND f.as_of = a.event_timestamp;
SELECT f.* FROM temp.facts AS f WHERE athlete_id = (SELECT athlete_id FROM temp.page) AND as_of = '2025-10-20T00:00:00Z';

-- Training sets: one of our own, and the one whose specification the file keeps.
CREATE VIRTUAL TABLE temp.examples USING training_set('{
    "labels": "SELECT athlete_id, event_timestamp AS at, pace_min_km AS label FROM activity_features", "as_of": "at",
    "lookups": [{"group": "athlete_rolling_features", "features": ["ctl_42d", "atl_7d", "acwr"], "lookback": "60 days"},
                {"group": "activity_features", "keys": {"athlete_id": "athlete_id"}, "prefix": "last_", "strict": true}],
    "computed": {"ratio": "atl_7d / ctl_42d"}}');
SELECT *, row_sources FROM temp.examples;
SELECT s.name, t.c1, t.c2, t.c3 FROM ml_training_sets AS s, select_rows(s.spec ->> 'labels') AS t;
SELECT rows_hash(row), group_concat(exact_literals(row)) FROM ml_training_set_rows;
SELECT * FROM leakage_report('SELECT * FROM temp.examples', '{"label": "label", "as_of": "at", "min_rows": 5}');

-- Models.
SELECT gbdt_margin(model_json, 8.5, 1.2, 0.06, 1, 40, 0, 1, 1, NULL, NULL, 50, 0, 20, 8) FROM ml_model_versions;
SELECT gbdt_predict(model_json, ln_distance, ln_speed, endurance, uncertainty, weekly_km, is_female, from_shorter, from_longer,
                    evidence_fitness, evidence_difficulty, ctl_42d, pace_trend_30d, longest_distance_90d_km, climb_m_per_km_30d)
FROM ml_model_versions, time_estimator_rows;
SELECT s.* FROM ml_model_versions AS m, gbdt_score(m.model_json, 'SELECT subject, * FROM time_estimator_rows') AS s;
SELECT s.* FROM ml_model_versions AS m, gbdt_score(m.model_json, 'SELECT subject, * FROM time_estimator_rows LIMIT 2', '{"output": "leaf"}') AS s;
SELECT s.* FROM ml_model_versions AS m, gbdt_explain(m.model_json, 'SELECT subject, * FROM time_estimator_rows LIMIT 5') AS s;
SELECT s.* FROM ml_model_versions AS m, gbdt_interactions(m.model_json, 'SELECT subject, * FROM time_estimator_rows LIMIT 1') AS s;
SELECT i.* FROM ml_model_versions AS m, gbdt_importance(m.model_json) AS i;
SELECT t.* FROM ml_model_versions AS m, gbdt_trees(m.model_json) AS t;
SELECT gbdt_import(gbdt_export(model_json, 'lightgbm')) FROM ml_model_versions;
SELECT gbdt_options_fault(specification -> 'options', 3), specification ->> 'features' FROM ml_model_versions;
SELECT length(gbdt_train('{"num_boost_round": 2, "max_depth": 2, "nthread": 1}', pace_min_km, distance_km, avg_hr, sport_type)) FROM activity_features;

-- What is kept as SQL, and rows against rules.
SELECT q.*, e.c1, e.c2, e.c3 FROM feature_extent_queries AS q, stored_query(q.query) AS e;
SELECT stored_query_fault(query) FROM feature_extent_queries;
SELECT * FROM select_rows('SELECT query FROM feature_extent_queries');
SELECT b.* FROM (SELECT DISTINCT table_name FROM silver_rules) AS t,
                broken_rules('SELECT athlete_id || activity_id, * FROM silver_strava_activities',
                             'SELECT rule, predicate FROM silver_rules WHERE table_name = ''' || t.table_name || '''') AS b;
SELECT v.* FROM feature_groups AS g, feature_validate(g.name, 'SELECT * FROM ' || g.table_name || ' LIMIT 5') AS v;

-- Loads, statistics, JSON, and values that formulas get as they are.
SELECT * FROM training_load('SELECT athlete_id, activity_date, estimated_tss, distance_km, moving_time_min, pace_min_km, elevation_gain_m
                             FROM activity_features');
SELECT ewma(estimated_tss, 7) OVER w, linear_trend(pace_min_km, distance_km) OVER w, training_monotony(estimated_tss) OVER w,
       quantile(pace_min_km, 0.5) OVER w, exact_sum(distance_km) OVER w, exact_avg(avg_hr) OVER w
FROM activity_features WINDOW w AS (ORDER BY event_timestamp ROWS BETWEEN 6 PRECEDING AND CURRENT ROW);
SELECT week_start(activity_date), hms(moving_time_min * 60), tss(moving_time_min, pace_min_km, 5), sparkline(distance_km), row_hash(athlete_id, avg_hr)
FROM activity_features GROUP BY 1;
SELECT count(*) FROM (SELECT MIN(activity_date) AS low, MAX(activity_date) AS high FROM activity_features), calendar(low, high);
SELECT * FROM time_series_split_dates('SELECT activity_id, activity_date FROM activity_features', 3, 2);
SELECT json_fields(payload, fields) FROM bronze_strava_activities, silver_field_lists WHERE table_name = 'silver_strava_activities';
SELECT o.* FROM bronze_strava_activities AS b, json_objects(b.payload) AS o;
SELECT sha256(payload), number_text(json_extract(payload, '$.distance')), exact_real(payload -> 'distance') FROM bronze_strava_activities;
PRAGMA integrity_check(20);
