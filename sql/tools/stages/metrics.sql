CREATE TEMP TABLE metric AS
WITH share AS (
    SELECT series, slice, step, COUNT(*) AS n, roc_auc(predicted, label) AS auc, MIN(predicted) >= 0 AND MAX(predicted) <= 1 AS is_sure,
           brier_score(CASE WHEN predicted BETWEEN 0 AND 1 THEN predicted END, label) AS brier,
           expected_calibration_error(CASE WHEN predicted BETWEEN 0 AND 1 THEN predicted END, label, 10, 'quantile') AS ece
    FROM (SELECT series, '' AS slice, 0 AS step, predicted, label FROM judged
          UNION ALL SELECT series, '', step, predicted, label FROM judged
          UNION ALL SELECT series, slice, 0, predicted, label FROM judged WHERE slice IS NOT NULL)
    WHERE series IN (SELECT series FROM series WHERE is_binary)
    GROUP BY series, slice, step
),
sure AS (SELECT r.model, r.evaluation, r.predictor, s.* FROM share AS s JOIN series AS r USING (series) WHERE s.is_sure),
skilled AS (
    SELECT s.*, 1 - s.brier / NULLIF(c.brier, 0) AS skill
    FROM sure AS s
    JOIN sure AS c ON c.predictor = 'constant' AND (c.model, c.evaluation, c.slice, c.step) = (s.model, s.evaluation, s.slice, s.step)
),
size AS ( -- each in the order of its key
    SELECT series, '' AS slice, 0 AS step, COUNT(*) AS n, mean_absolute_error(label, predicted) AS mae, root_mean_squared_error(label, predicted) AS rmse,
           100 * mean_absolute_percentage_error(CASE WHEN label <> 0 THEN label END, predicted) AS mape_pct
    FROM judged WHERE series IN (SELECT series FROM series WHERE NOT is_binary) GROUP BY series
    UNION ALL
    SELECT series, '', step, COUNT(*), mean_absolute_error(label, predicted), root_mean_squared_error(label, predicted),
           100 * mean_absolute_percentage_error(CASE WHEN label <> 0 THEN label END, predicted)
    FROM judged WHERE series IN (SELECT series FROM series WHERE NOT is_binary) GROUP BY series, step
    UNION ALL
    SELECT series, slice, 0, COUNT(*), mean_absolute_error(label, predicted), root_mean_squared_error(label, predicted),
           100 * mean_absolute_percentage_error(CASE WHEN label <> 0 THEN label END, predicted)
    FROM judged WHERE series IN (SELECT series FROM series WHERE NOT is_binary) AND slice IS NOT NULL GROUP BY series, slice
),
value AS (
    SELECT series, slice, step, n, 'mae' AS metric, mae AS value FROM size
    UNION ALL SELECT series, slice, step, n, 'rmse', rmse FROM size
    UNION ALL SELECT series, slice, step, n, 'mape_pct', mape_pct FROM size WHERE mape_pct IS NOT NULL
    UNION ALL SELECT series, slice, step, n, 'auc', auc FROM share WHERE series IN (SELECT series FROM series WHERE predictor <> 'constant')
    UNION ALL SELECT series, slice, step, n, 'brier', brier FROM sure
    UNION ALL SELECT series, slice, step, n, 'brier_skill', skill FROM skilled WHERE predictor <> 'constant'
    UNION ALL SELECT series, slice, step, n, 'ece', ece FROM sure
)
SELECT r.model, r.evaluation, r.predictor, v.slice, v.step, v.n, v.metric, v.value FROM value AS v JOIN series AS r USING (series);
