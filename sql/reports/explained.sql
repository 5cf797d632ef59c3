-- Why the estimate of temp.asked (prediction_id) is what it is, as steps in seconds from the time that the evidence alone speaks for to the
-- estimate: exact SHAP values, the largest first. They are of the logarithm of the time, so each step is a share of what stands before it.

CREATE TEMP TABLE explained AS
WITH asked AS (
    SELECT g.prediction_id, g.inputs, v.model_json,
           'SELECT prediction_id, ' || (SELECT group_concat('inputs ->> ''$.' || name || ''' AS "' || name || '"', ', ')
                                        FROM (SELECT replace(replace(CASE f.type WHEN 'object' THEN f.value ->> '$.name' ELSE f.value END, '"', ''), '''', '') AS name
                                              FROM json_each(v.specification, '$.features') AS f ORDER BY f.key))
           || ' FROM gold_athlete_predictions WHERE prediction_id = ' || g.prediction_id AS question
    FROM temp.asked JOIN gold_athlete_predictions AS g USING (prediction_id) JOIN ml_model_versions AS v USING (model, version)
    WHERE g.model = 'time_estimator'
),
label (feature, label) AS (VALUES
    ('ln_distance', 'the distance'), ('ln_speed', 'speed of the best result'), ('endurance', 'how speed fades with distance'), ('uncertainty', 'how sure the evidence is'),
    ('weekly_km', 'kilometres a week'), ('is_female', 'sex'), ('from_shorter', 'results over less'), ('from_longer', 'results over more'),
    ('evidence_fitness', 'fitness in that race'), ('evidence_difficulty', 'difficulty of that race'), ('ctl_42d', 'fitness CTL'), ('pace_trend_30d', 'trend of the pace'),
    ('longest_distance_90d_km', 'longest run'), ('climb_m_per_km_30d', 'climbing')),
part AS (
    SELECT a.prediction_id, COALESCE(e.feature, '') AS feature, CASE WHEN e.feature IS NULL THEN 'all runners alike' ELSE COALESCE(l.label, e.feature) END AS label, e.value, e.contribution, a.inputs ->> '$.base_ln_s' AS base_ln_s,
           ROW_NUMBER() OVER (ORDER BY e.feature IS NOT NULL, abs(e.contribution) DESC, e.feature) AS step
    FROM asked AS a JOIN gbdt_explain(a.model_json, a.question) AS e LEFT JOIN label AS l ON l.feature = e.feature
),
placed AS (
    SELECT *, portable_exp(base_ln_s + (SELECT exact_sum(n.contribution) FROM part AS n WHERE n.step <= part.step)) AS after_s FROM part
)
SELECT prediction_id, step, feature, label, value, contribution, after_s - LAG(after_s, 1, portable_exp(base_ln_s)) OVER (ORDER BY step) AS seconds, after_s,
       portable_exp(base_ln_s) AS start_s
FROM placed;
