CREATE TEMP TABLE metric AS
WITH share AS (
    SELECT model, evaluation, predictor, slice, step, COUNT(*) AS n, roc_auc(predicted, label) AS auc
    FROM judged WHERE is_binary GROUP BY model, evaluation, predictor, slice, step
),
sure AS (
    SELECT model, evaluation, predictor, slice, step, COUNT(*) AS n, brier_score(CASE WHEN predicted BETWEEN 0 AND 1 THEN predicted END, label) AS brier,
           expected_calibration_error(CASE WHEN predicted BETWEEN 0 AND 1 THEN predicted END, label, 10, 'quantile') AS ece
    FROM judged WHERE is_binary GROUP BY model, evaluation, predictor, slice, step
    HAVING MIN(predicted) >= 0 AND MAX(predicted) <= 1
),
skilled AS (
    SELECT s.*, 1 - s.brier / NULLIF(c.brier, 0) AS skill
    FROM sure AS s
    JOIN sure AS c ON c.predictor = 'constant' AND (c.model, c.evaluation, c.slice, c.step) = (s.model, s.evaluation, s.slice, s.step)
),
size AS (
    SELECT model, evaluation, predictor, slice, step, COUNT(*) AS n, mean_absolute_error(label, predicted) AS mae, root_mean_squared_error(label, predicted) AS rmse,
           100 * mean_absolute_percentage_error(CASE WHEN label <> 0 THEN label END, predicted) AS mape_pct
    FROM judged WHERE NOT is_binary GROUP BY model, evaluation, predictor, slice, step
)
SELECT model, evaluation, predictor, slice, step, n, 'mae' AS metric, mae AS value FROM size
UNION ALL SELECT model, evaluation, predictor, slice, step, n, 'rmse', rmse FROM size
UNION ALL SELECT model, evaluation, predictor, slice, step, n, 'mape_pct', mape_pct FROM size WHERE mape_pct IS NOT NULL
UNION ALL SELECT model, evaluation, predictor, slice, step, n, 'auc', auc FROM share WHERE predictor <> 'constant'
UNION ALL SELECT model, evaluation, predictor, slice, step, n, 'brier', brier FROM sure
UNION ALL SELECT model, evaluation, predictor, slice, step, n, 'brier_skill', skill FROM skilled WHERE predictor <> 'constant'
UNION ALL SELECT model, evaluation, predictor, slice, step, n, 'ece', ece FROM sure;
