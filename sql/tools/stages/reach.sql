-- Threshold pace and single run that make each race credible, and which days speak of it.
CREATE TEMP TABLE reach AS
SELECT r.athlete_id, r.activity_id, r.race_date, -l.value || ' days' AS lookback, date(r.race_date, -l.value || ' days') AS since, date(r.race_date, l.value || ' days') AS until,
       threshold_pace(vdot(d.distance_m, r.seconds) / (1 + g.value)) AS slowest_min_km, threshold_pace(vdot(d.distance_m, r.seconds) / (1 + e.value)) AS equal_min_km,
       vdot(d.distance_m, r.seconds) / (1 + b.value) AS best_vdot
FROM ops_config AS l
CROSS JOIN ops_config AS g ON g.name = 'race_gain_max'
CROSS JOIN ops_config AS b ON b.name = 'race_best_gain_max'
CROSS JOIN ops_config AS e ON e.name = 'evidence_tolerance'
CROSS JOIN {races} AS r
JOIN race_distances AS d ON d.distance_class = r.distance_class
WHERE l.name = 'threshold_lookback_days' AND vdot(d.distance_m, r.seconds) > 0{where};
