-- A coach's list, one row for each athlete; those with a sign to look at first. Reads only; sql/tools/squad prints it or makes a page of it.
--
--     sqlite3 -box -cmd '.load build/athlete' athlete.db < sql/reports/squad.sql

-- Of distances: miles where sql/tools/squad is told so.
CREATE TEMP TABLE IF NOT EXISTS unit AS SELECT 1000.0 AS m, 1.0 AS per_km;

WITH setting AS (
    SELECT MAX(value) FILTER (WHERE name = 'acwr_risk_threshold') AS risk, MAX(value) FILTER (WHERE name = 'acwr_steady_threshold') AS steady,
           MAX(value) FILTER (WHERE name = 'acwr_min_history_days') AS history, MAX(value) FILTER (WHERE name = 'monotony_risk_threshold') AS monotony,
           MAX(value) FILTER (WHERE name = 'form_risk_threshold') AS lowest_form
    FROM ops_config
),
member AS (
    SELECT s.*, c.*,
           s.acwr > c.risk AND s.history_days >= c.history AS is_sudden, s.training_monotony_7d > c.monotony AS is_even,
           (SELECT d.name FROM race_distances AS d WHERE d.distance_class = s.distance_class) AS distance
    FROM gold_squad_evening AS s CROSS JOIN setting AS c
),
sign AS (
    SELECT *, CASE WHEN is_sudden THEN printf('; ratio %.2f is above %.1f', acwr, risk) ELSE '' END ||
              CASE WHEN is_even THEN printf('; monotony %.2f is above %.1f', training_monotony_7d, monotony) ELSE '' END ||
              CASE WHEN is_overtraining_risk AND is_sudden IS NOT 1 AND is_even IS NOT 1 THEN '; seven days of the same load' ELSE '' END ||
              CASE WHEN is_overtraining_risk IS NOT 1 AND risk_days_28d > 0 THEN printf('; %d of 28 days flagged', risk_days_28d) ELSE '' END ||
              CASE WHEN tsb < lowest_form THEN printf('; form %.1f is below %g', tsb, lowest_form) ELSE '' END ||
              CASE WHEN unknown_load_share_42d > 0 THEN printf('; load of %d %% of the time unknown', 100 * unknown_load_share_42d + 0.5) ELSE '' END ||
              CASE WHEN days_without > 7 THEN printf('; no activity for %d days, this form is of then', days_without) ELSE '' END ||
              CASE WHEN history_days = 1 AND history > 1 THEN '; one day of history' WHEN history_days < history THEN printf('; %d days of history', history_days) ELSE '' END AS signs
    FROM member
)
SELECT athlete_id, name, last_activity_date, as_of_date,
       (SELECT sparkline(ctl_42d)
        FROM (SELECT f.ctl_42d FROM athlete_rolling_features AS f
              WHERE f.athlete_id = sign.athlete_id AND f.as_of_date > date(sign.as_of_date, '-84 days') AND (julianday(sign.as_of_date) - julianday(f.as_of_date)) % 7 = 0
              ORDER BY f.as_of_date)) AS fitness,
       (SELECT svg_sparkline('{"title": "Fitness of 12 weeks"}', f.ctl_42d) FROM athlete_rolling_features AS f
        WHERE f.athlete_id = sign.athlete_id AND f.as_of_date > date(sign.as_of_date, '-84 days')) AS picture,
       ctl_42d, tsb, z.form, z.tone, acwr, steady, risk, history_days < history OR unknown_load_share_42d > 0 AS is_doubtful,
       COALESCE(distance, printf('%.1f km', race_m / (SELECT m FROM unit))) AS distance, race_date, hms(predicted_s) AS estimate, hms(lower_s) AS lower, hms(upper_s) AS upper,
       substr(signs, 3) AS signs
FROM sign
LEFT JOIN gold_form_zones AS z ON z.above = (SELECT MAX(o.above) FROM gold_form_zones AS o WHERE sign.tsb > o.above)
ORDER BY signs = '', is_overtraining_risk IS NOT 1, COALESCE(name, athlete_id), athlete_id;
