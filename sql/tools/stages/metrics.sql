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
)
SELECT r.model, r.evaluation, r.predictor, s.slice, s.step, s.n, m.column1 AS metric, CASE m.column1 WHEN 'mae' THEN s.mae WHEN 'rmse' THEN s.rmse ELSE s.mape_pct END AS value
FROM size AS s
JOIN series AS r USING (series)
CROSS JOIN (VALUES ('mae'), ('rmse'), ('mape_pct')) AS m
WHERE m.column1 <> 'mape_pct' OR s.mape_pct IS NOT NULL
UNION ALL
SELECT r.model, r.evaluation, r.predictor, s.slice, s.step, s.n, m.column1,
       CASE m.column1 WHEN 'auc' THEN s.auc WHEN 'brier' THEN s.brier WHEN 'ece' THEN s.ece ELSE 1 - s.brier / NULLIF(c.brier, 0) END
FROM share AS s
JOIN series AS r USING (series)
LEFT JOIN series AS k ON (k.model, k.evaluation, k.predictor) = (r.model, r.evaluation, 'constant')
LEFT JOIN share AS c ON (c.series, c.slice, c.step) = (k.series, s.slice, s.step) AND c.is_sure
CROSS JOIN (VALUES ('auc'), ('brier'), ('brier_skill'), ('ece')) AS m
WHERE CASE m.column1 WHEN 'auc' THEN r.predictor <> 'constant' WHEN 'brier_skill' THEN s.is_sure AND c.series IS NOT NULL AND r.predictor <> 'constant' ELSE s.is_sure END;
