-- Why the estimate of temp.asked (prediction_id) is what it is, as steps in seconds from the time that the evidence alone speaks for to the
-- estimate: exact SHAP values, the largest first. They are of the logarithm of the time, so each step is a share of what stands before it.

CREATE TEMP TABLE explained AS
WITH asked AS (
    SELECT g.prediction_id, g.inputs, v.model_json,
           'SELECT prediction_id, inputs ->> ''$.ln_distance'' AS ln_distance, inputs ->> ''$.ln_speed'' AS ln_speed, inputs ->> ''$.endurance'' AS endurance,
                   inputs ->> ''$.uncertainty'' AS uncertainty, inputs ->> ''$.weekly_km'' AS weekly_km, inputs ->> ''$.is_female'' AS is_female,
                   inputs ->> ''$.from_shorter'' AS from_shorter, inputs ->> ''$.from_longer'' AS from_longer,
                   inputs ->> ''$.evidence_fitness'' AS evidence_fitness, inputs ->> ''$.evidence_difficulty'' AS evidence_difficulty,
                   inputs ->> ''$.ctl_42d'' AS ctl_42d, inputs ->> ''$.pace_trend_30d'' AS pace_trend_30d,
                   inputs ->> ''$.longest_distance_90d_km'' AS longest_distance_90d_km, inputs ->> ''$.climb_m_per_km_30d'' AS climb_m_per_km_30d
            FROM gold_athlete_predictions WHERE prediction_id = ' || g.prediction_id AS question
    FROM temp.asked JOIN gold_athlete_predictions AS g USING (prediction_id) JOIN ml_model_versions AS v USING (model, version)
    WHERE g.model = 'time_estimator'
),
label (feature, label) AS (VALUES
    ('ln_distance', 'the distance'), ('ln_speed', 'speed of the best result'), ('endurance', 'how speed fades with distance'), ('uncertainty', 'how sure the evidence is'),
    ('weekly_km', 'kilometres a week'), ('is_female', 'sex'), ('from_shorter', 'results over less'), ('from_longer', 'results over more'),
    ('evidence_fitness', 'fitness in that race'), ('evidence_difficulty', 'difficulty of that race'), ('ctl_42d', 'fitness CTL'), ('pace_trend_30d', 'trend of the pace'),
    ('longest_distance_90d_km', 'longest run'), ('climb_m_per_km_30d', 'climbing')),
part AS (
    SELECT a.prediction_id, COALESCE(e.feature, '') AS feature, COALESCE(l.label, 'all runners alike') AS label, e.value, e.contribution, a.inputs ->> '$.base_ln_s' AS base_ln_s,
           ROW_NUMBER() OVER (ORDER BY e.feature IS NOT NULL, abs(e.contribution) DESC, e.feature) AS step
    FROM asked AS a JOIN gbdt_explain(a.model_json, a.question) AS e LEFT JOIN label AS l ON l.feature = e.feature
),
placed AS (
    SELECT *, portable_exp(base_ln_s + (SELECT exact_sum(n.contribution) FROM part AS n WHERE n.step <= part.step)) AS after_s FROM part
)
SELECT prediction_id, step, feature, label, value, contribution, after_s - LAG(after_s, 1, portable_exp(base_ln_s)) OVER (ORDER BY step) AS seconds, after_s,
       portable_exp(base_ln_s) AS start_s
FROM placed;
