-- stage:    470_training_breaks
-- purpose:  how regularly an athlete trains and how he has paused, for every calendar day
-- reads:    athlete_daily_features, athlete_rolling_features; silver_corrections, ops_stale, ops_actor, training_breaks, training_breaks_history, ops_watermarks, ops_due, feature_upgrades, training_breaks_versions, ops_upstreams
-- writes:   training_breaks; training_breaks_history, training_breaks_earlier, feature_publications, ops_seen, ops_due
-- follows:  430_rolling_features
-- grain:    athlete_id, as_of_date
-- params:   -
-- rests:    ops_due; feature_groups, feature_publications

-- begin: printed by `make stages`
BEGIN IMMEDIATE;

INSERT INTO ops_announced (stage, purpose, inputs, products, follows) VALUES (
    '470_training_breaks',
    'how regularly an athlete trains and how he has paused, for every calendar day',
    '["athlete_daily_features", "athlete_rolling_features"]',
    '["training_breaks"]',
    '["430_rolling_features"]');

CREATE TEMP TABLE stage_clock AS
SELECT strftime('%Y-%m-%dT%H:%M:%SZ', 'now') AS started_at, julianday('now') AS started;

CREATE TEMP TABLE changed AS
SELECT athlete_id, position, MIN(since) AS since
FROM (SELECT s.athlete_id, s.position,
             CASE WHEN json_valid(s.position) AND json_extract(s.position, '$[15]') = substr(row_hash(m.position), 1, 32)
                  THEN json_extract(s.position, '$[14]') ELSE '' END AS since
      FROM ops_stale AS s
      LEFT JOIN ops_watermarks AS m ON m.stage = s.stage AND m.athlete_id = s.athlete_id
      WHERE s.stage = '470_training_breaks'
      UNION ALL -- everyone, for a version that has not been published
      SELECT w.athlete_id, w.position, ''
      FROM feature_upgrades AS g
      CROSS JOIN ops_upstreams AS d ON d.stage = '470_training_breaks'
      CROSS JOIN ops_watermarks AS w ON w.stage = d.upstream
      WHERE g.table_name = 'training_breaks' AND g.earlier IS NOT NULL)
GROUP BY athlete_id, position;
-- end

-- Sine and cosine of the angle of each day of a year of 365.25 days: each is the one before, turned by a day.
CREATE TEMP TABLE season (day INTEGER PRIMARY KEY, sine REAL, cosine REAL);
INSERT INTO season
WITH RECURSIVE turned (day, sine, cosine) AS (
    SELECT 1, exact_real('0.017201575418260506'), exact_real('0.9998520419557735')
    UNION ALL
    SELECT t.day + 1, t.sine * a.cosine + t.cosine * a.sine, t.cosine * a.cosine - t.sine * a.sine
    FROM turned AS t, (SELECT exact_real('0.017201575418260506') AS sine, exact_real('0.9998520419557735') AS cosine) AS a WHERE t.day < 366
)
SELECT day, min(max(sine, -1.0), 1.0), min(max(cosine, -1.0), 1.0) FROM turned;

CREATE TEMP TABLE computed AS
SELECT s.athlete_id, s.as_of_date, s.event_timestamp, h.active_days_7d, h.active_days_28d, h.active_days_90d, h.active_share_14d, h.active_share_28d,
       h.days_since_activity, h.longest_gap_28d, h.longest_gap_90d, h.gap_spread_56d, h.breaks_365d, h.days_since_break, h.break_last_year,
       y.sine AS season_sin1, y.cosine AS season_cos1,
       2 * y.sine * y.cosine AS season_sin2, 1 - 2 * y.sine * y.sine AS season_cos2,
       y.sine * (3 - 4 * y.sine * y.sine) AS season_sin3, y.cosine * (4 * y.cosine * y.cosine - 3) AS season_cos3,
       max(s.event_timestamp, s.available_at,
           COALESCE((SELECT MAX(c.corrected_at) FROM silver_corrections AS c WHERE c.athlete_id = s.athlete_id AND c.from_date <= s.as_of_date), '')) AS available_at
FROM active_days('SELECT r.athlete_id, r.as_of_date, COALESCE(d.activities, 0) > 0
                  FROM temp.changed AS c
                  CROSS JOIN main.athlete_rolling_features AS r USING (athlete_id)
                  LEFT JOIN main.athlete_daily_features AS d ON d.athlete_id = r.athlete_id AND d.activity_date = r.as_of_date',
                 (SELECT MIN(since) FROM changed)) AS h
CROSS JOIN changed AS c ON c.athlete_id = h.athlete_id AND h.day >= c.since
CROSS JOIN athlete_rolling_features AS s ON (s.athlete_id, s.as_of_date) = (h.athlete_id, h.day)
CROSS JOIN season AS y ON y.day = CAST(strftime('%j', s.as_of_date) AS INTEGER);
CREATE UNIQUE INDEX temp.computed_by_day ON computed (athlete_id, as_of_date);

SELECT assert_that((SELECT COUNT(*) FROM computed) = (SELECT COUNT(*) FROM changed AS c CROSS JOIN athlete_rolling_features AS s ON s.athlete_id = c.athlete_id AND s.as_of_date >= c.since), '470_training_breaks: a day is lost or doubled');
SELECT assert_that(NOT EXISTS (SELECT 1 FROM computed WHERE available_at < event_timestamp OR active_days_7d > 0 AND days_since_activity > 6),
                   '470_training_breaks: a row known before its time, or a week that is active and is not');

-- publish training_breaks, corrected from o.as_of_date: printed by `make stages`
-- A row is known from the instant at which its values first stood; what changes or goes stays in the history until then.
-- What moved without news, as by a setting, is known from now on; and as before, where the formula of a version that has not been
-- published moved it: then that version is published over the whole history, and what stood before goes to training_breaks_earlier.
CREATE TEMP TABLE heard AS
SELECT c.athlete_id, json_extract(m.position, '$[10]') AS until, json_extract(c.position, '$[10]') AS until_now
FROM changed AS c
JOIN ops_watermarks AS m ON m.stage = '470_training_breaks' AND m.athlete_id = c.athlete_id;
CREATE UNIQUE INDEX temp.heard_by_athlete ON heard (athlete_id);
CREATE TEMP TABLE standing AS
SELECT o.athlete_id, o.as_of_date, o.available_at AS since, n.available_at AS told
FROM computed AS n
CROSS JOIN training_breaks AS o USING (athlete_id, as_of_date);
CREATE UNIQUE INDEX temp.standing_by_key ON standing (athlete_id, as_of_date);
UPDATE computed AS n SET available_at = s.since
FROM standing AS s
WHERE (n.athlete_id, n.as_of_date) = (s.athlete_id, s.as_of_date) AND n.available_at <> s.since;
CREATE TEMP TABLE fresh AS
SELECT n.athlete_id, n.as_of_date, n.event_timestamp, n.active_days_7d, n.active_days_28d, n.active_days_90d, n.active_share_14d, n.active_share_28d, n.days_since_activity, n.longest_gap_28d, n.longest_gap_90d, n.gap_spread_56d, n.breaks_365d, n.days_since_break, n.break_last_year, n.season_sin1, n.season_cos1, n.season_sin2, n.season_cos2, n.season_sin3, n.season_cos3, n.available_at
FROM computed AS n
LEFT JOIN training_breaks AS o ON (o.athlete_id, o.as_of_date) = (n.athlete_id, n.as_of_date)
WHERE (n.athlete_id, n.as_of_date, n.event_timestamp, n.active_days_7d, n.active_days_28d, n.active_days_90d, n.active_share_14d, n.active_share_28d, n.days_since_activity, n.longest_gap_28d, n.longest_gap_90d, n.gap_spread_56d, n.breaks_365d, n.days_since_break, n.break_last_year, n.season_sin1, n.season_cos1, n.season_sin2, n.season_cos2, n.season_sin3, n.season_cos3, n.available_at) IS NOT (o.athlete_id, o.as_of_date, o.event_timestamp, o.active_days_7d, o.active_days_28d, o.active_days_90d, o.active_share_14d, o.active_share_28d, o.days_since_activity, o.longest_gap_28d, o.longest_gap_90d, o.gap_spread_56d, o.breaks_365d, o.days_since_break, o.break_last_year, o.season_sin1, o.season_cos1, o.season_sin2, o.season_cos2, o.season_sin3, o.season_cos3, o.available_at);
CREATE TEMP TABLE upgrade AS
SELECT u.*, u.earlier IS NULL OR EXISTS (
           SELECT 1 FROM fresh AS n
           LEFT JOIN standing AS s USING (athlete_id, as_of_date)
           LEFT JOIN heard AS h ON h.athlete_id = n.athlete_id
           WHERE h.until_now IS h.until OR COALESCE(s.told, n.available_at) <= max(COALESCE(s.since, ''), COALESCE(h.until, '')))
       OR EXISTS (
           SELECT 1 FROM changed AS c
           CROSS JOIN training_breaks AS o USING (athlete_id)
           LEFT JOIN heard AS h ON h.athlete_id = o.athlete_id
           WHERE NOT EXISTS (SELECT 1 FROM computed AS n WHERE (n.athlete_id, n.as_of_date) = (o.athlete_id, o.as_of_date))
             AND NOT EXISTS (SELECT 1 FROM silver_corrections AS s
                             WHERE s.athlete_id = o.athlete_id AND s.from_date <= o.as_of_date AND s.corrected_at > max(o.available_at, COALESCE(h.until, '')))) AS is_new
FROM feature_upgrades AS u
WHERE u.table_name = 'training_breaks';
CREATE TEMP TABLE formula AS SELECT * FROM upgrade WHERE is_new AND earlier IS NOT NULL;
UPDATE fresh AS n SET available_at = max(n.available_at, k.started_at)
FROM heard AS h, stage_clock AS k
WHERE h.athlete_id = n.athlete_id AND n.available_at <= h.until AND NOT EXISTS (SELECT 1 FROM formula);
UPDATE fresh AS n SET available_at = CASE WHEN EXISTS (SELECT 1 FROM formula) AND (h.until_now IS h.until OR s.told <= max(s.since, COALESCE(h.until, ''))) THEN s.since
                                         WHEN s.told > s.since AND s.told > COALESCE(h.until, '') THEN s.told ELSE max(s.since, k.started_at) END
FROM standing AS s, stage_clock AS k
LEFT JOIN heard AS h ON h.athlete_id = s.athlete_id
WHERE (n.athlete_id, n.as_of_date) = (s.athlete_id, s.as_of_date);
INSERT INTO training_breaks_earlier (publication_id, athlete_id, as_of_date, event_timestamp, active_days_7d, active_days_28d, active_days_90d, active_share_14d, active_share_28d, days_since_activity, longest_gap_28d, longest_gap_90d, gap_spread_56d, breaks_365d, days_since_break, break_last_year, season_sin1, season_cos1, season_sin2, season_cos2, season_sin3, season_cos3, available_at, superseded_at, superseded_by)
SELECT f.earlier, o.athlete_id, o.as_of_date, o.event_timestamp, o.active_days_7d, o.active_days_28d, o.active_days_90d, o.active_share_14d, o.active_share_28d, o.days_since_activity, o.longest_gap_28d, o.longest_gap_90d, o.gap_spread_56d, o.breaks_365d, o.days_since_break, o.break_last_year, o.season_sin1, o.season_cos1, o.season_sin2, o.season_cos2, o.season_sin3, o.season_cos3, o.available_at, o.superseded_at, o.superseded_by FROM formula AS f CROSS JOIN training_breaks_versions AS o;
DELETE FROM training_breaks_history WHERE EXISTS (SELECT 1 FROM formula);
UPDATE fresh AS n SET available_at = max(available_at, COALESCE((SELECT MAX(superseded_at) FROM training_breaks_history AS h WHERE (h.athlete_id, h.as_of_date) = (n.athlete_id, n.as_of_date)), ''))
WHERE EXISTS (SELECT 1 FROM training_breaks_history AS h WHERE (h.athlete_id, h.as_of_date) = (n.athlete_id, n.as_of_date));
CREATE TEMP TABLE outdated AS
SELECT o.athlete_id, o.as_of_date, f.available_at AS superseded_at
FROM fresh AS f
CROSS JOIN training_breaks AS o USING (athlete_id, as_of_date)
UNION ALL
SELECT o.athlete_id, o.as_of_date,
       COALESCE((SELECT MAX(corrected_at) FROM silver_corrections AS s
                 WHERE s.athlete_id = o.athlete_id AND s.from_date <= o.as_of_date AND s.corrected_at > max(o.available_at, COALESCE(h.until, ''))),
                k.started_at)
FROM stage_clock AS k
CROSS JOIN changed AS c
CROSS JOIN training_breaks AS o USING (athlete_id)
LEFT JOIN heard AS h ON h.athlete_id = o.athlete_id
WHERE o.as_of_date >= c.since AND NOT EXISTS (SELECT 1 FROM computed AS n WHERE (n.athlete_id, n.as_of_date) = (o.athlete_id, o.as_of_date));
INSERT INTO training_breaks_history (athlete_id, as_of_date, event_timestamp, active_days_7d, active_days_28d, active_days_90d, active_share_14d, active_share_28d, days_since_activity, longest_gap_28d, longest_gap_90d, gap_spread_56d, breaks_365d, days_since_break, break_last_year, season_sin1, season_cos1, season_sin2, season_cos2, season_sin3, season_cos3, available_at, superseded_at, superseded_by)
SELECT o.athlete_id, o.as_of_date, o.event_timestamp, o.active_days_7d, o.active_days_28d, o.active_days_90d, o.active_share_14d, o.active_share_28d, o.days_since_activity, o.longest_gap_28d, o.longest_gap_90d, o.gap_spread_56d, o.breaks_365d, o.days_since_break, o.break_last_year, o.season_sin1, o.season_cos1, o.season_sin2, o.season_cos2, o.season_sin3, o.season_cos3, o.available_at, d.superseded_at, (SELECT who FROM ops_actor)
FROM outdated AS d
JOIN training_breaks AS o USING (athlete_id, as_of_date);
DELETE FROM training_breaks
WHERE (athlete_id, as_of_date) IN (SELECT athlete_id, as_of_date FROM outdated);
DELETE FROM training_breaks_history -- what was never believed leaves no version
WHERE (athlete_id, as_of_date) IN (SELECT athlete_id, as_of_date FROM outdated) AND superseded_at <= available_at OR EXISTS (SELECT 1 FROM formula);
INSERT INTO training_breaks (athlete_id, as_of_date, event_timestamp, active_days_7d, active_days_28d, active_days_90d, active_share_14d, active_share_28d, days_since_activity, longest_gap_28d, longest_gap_90d, gap_spread_56d, breaks_365d, days_since_break, break_last_year, season_sin1, season_cos1, season_sin2, season_cos2, season_sin3, season_cos3, available_at) SELECT athlete_id, as_of_date, event_timestamp, active_days_7d, active_days_28d, active_days_90d, active_share_14d, active_share_28d, days_since_activity, longest_gap_28d, longest_gap_90d, gap_spread_56d, breaks_365d, days_since_break, break_last_year, season_sin1, season_cos1, season_sin2, season_cos2, season_sin3, season_cos3, available_at FROM fresh;
INSERT INTO feature_publications (group_name, major, minor, patch, build, is_new, published_at)
SELECT name, major, minor, patch, max(1, builds + is_new), is_new, started_at FROM upgrade, stage_clock;
-- end

CREATE TEMP TABLE counted AS
SELECT (SELECT COUNT(*) FROM changed CROSS JOIN athlete_rolling_features USING (athlete_id)) AS rows_in, (SELECT COUNT(*) FROM computed) AS rows_out, 0 AS rows_rejected, NULL AS message;

-- finish: printed by `make stages`
INSERT INTO ops_runs (stage, started_at, duration_ms, rows_in, rows_out, rows_rejected, outcome, message)
SELECT '470_training_breaks', started_at, (julianday('now') - started) * 86400000, rows_in, rows_out, rows_rejected, 'ok', message
FROM stage_clock, counted;

INSERT INTO ops_seen (stage, athlete_id, position) SELECT '470_training_breaks', athlete_id, position FROM changed;

DELETE FROM ops_due WHERE stage = '470_training_breaks';

DROP TABLE temp.counted;
DROP TABLE temp.outdated;
DROP TABLE temp.formula;
DROP TABLE temp.upgrade;
DROP TABLE temp.fresh;
DROP TABLE temp.standing;
DROP TABLE temp.heard;
DROP TABLE temp.computed;
DROP TABLE temp.season;
DROP TABLE temp.changed;
DROP TABLE temp.stage_clock;

COMMIT;
