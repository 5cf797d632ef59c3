-- needs: bronze_strava_athlete, silver_corrections, ops_watermarks, ops_audit, ops_actor, activity_features_history, athlete_daily_features_history, athlete_rolling_features_history, athlete_weekly_features_history, race_results_history, athlete_profile_history
--
-- What had arrived late took the place of a row under the old instant, so that both were believed at once. The history says
-- when the belief in a version ended, which is when the next one began: that one gets this instant. No row goes and no value
-- changes. The triggers dropped here are made anew with all others.
-- The integrity check of SQLite 3.40 misses values of a table whose key is not in front.
CREATE TEMP TABLE corrections AS SELECT * FROM silver_corrections;
DROP TABLE silver_corrections;
CREATE TABLE silver_corrections (
    athlete_id   TEXT NOT NULL,
    from_date    TEXT NOT NULL,
    bronze_id    INTEGER NOT NULL,
    corrected_at TEXT NOT NULL,
    activity_id  TEXT NOT NULL,
    PRIMARY KEY (athlete_id, from_date, bronze_id)
) WITHOUT ROWID;
CREATE INDEX silver_corrections_by_activity ON silver_corrections (activity_id);
INSERT INTO silver_corrections (athlete_id, from_date, bronze_id, corrected_at, activity_id)
SELECT athlete_id, from_date, bronze_id, corrected_at, activity_id FROM temp.corrections;
DROP TABLE temp.corrections;
INSERT OR IGNORE INTO ops_watermarks (stage, athlete_id, position)
SELECT '400_athlete_profile', '', MAX(bronze_id) FROM bronze_strava_athlete GROUP BY NULL;

DROP TRIGGER IF EXISTS activity_features_replaced;
CREATE TEMP TABLE version AS
SELECT rowid AS id, athlete_id, activity_id, available_at, superseded_at,
       MAX(superseded_at) OVER (PARTITION BY athlete_id, activity_id ORDER BY rowid ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS ended_at
FROM activity_features_history;
CREATE TEMP TABLE doubled AS
SELECT id, min(ended_at, superseded_at) AS since FROM temp.version WHERE ended_at > available_at;
CREATE TEMP TABLE standing AS
SELECT o.athlete_id, o.activity_id, MAX(v.superseded_at) AS since
FROM temp.version AS v
JOIN activity_features AS o ON (o.athlete_id, o.activity_id) = (v.athlete_id, v.activity_id)
GROUP BY o.athlete_id, o.activity_id
HAVING MAX(v.superseded_at) > o.available_at;
UPDATE activity_features_history AS h SET available_at = d.since FROM temp.doubled AS d WHERE h.rowid = d.id;
UPDATE activity_features AS o SET available_at = s.since FROM temp.standing AS s WHERE (o.athlete_id, o.activity_id) = (s.athlete_id, s.activity_id);
INSERT INTO ops_audit (at, who, action, object, detail)
SELECT strftime('%Y-%m-%dT%H:%M:%SZ', 'now'), (SELECT who FROM ops_actor), 'migrate', 'activity_features',
       json_object('beliefs_ended', (SELECT COUNT(*) FROM temp.doubled) + (SELECT COUNT(*) FROM temp.standing))
WHERE EXISTS (SELECT 1 FROM temp.doubled) OR EXISTS (SELECT 1 FROM temp.standing);
DROP TABLE temp.standing;
DROP TABLE temp.doubled;
DROP TABLE temp.version;

DROP TRIGGER IF EXISTS athlete_daily_features_replaced;
CREATE TEMP TABLE version AS
SELECT rowid AS id, athlete_id, activity_date, available_at, superseded_at,
       MAX(superseded_at) OVER (PARTITION BY athlete_id, activity_date ORDER BY rowid ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS ended_at
FROM athlete_daily_features_history;
CREATE TEMP TABLE doubled AS
SELECT id, min(ended_at, superseded_at) AS since FROM temp.version WHERE ended_at > available_at;
CREATE TEMP TABLE standing AS
SELECT o.athlete_id, o.activity_date, MAX(v.superseded_at) AS since
FROM temp.version AS v
JOIN athlete_daily_features AS o ON (o.athlete_id, o.activity_date) = (v.athlete_id, v.activity_date)
GROUP BY o.athlete_id, o.activity_date
HAVING MAX(v.superseded_at) > o.available_at;
UPDATE athlete_daily_features_history AS h SET available_at = d.since FROM temp.doubled AS d WHERE h.rowid = d.id;
UPDATE athlete_daily_features AS o SET available_at = s.since FROM temp.standing AS s WHERE (o.athlete_id, o.activity_date) = (s.athlete_id, s.activity_date);
INSERT INTO ops_audit (at, who, action, object, detail)
SELECT strftime('%Y-%m-%dT%H:%M:%SZ', 'now'), (SELECT who FROM ops_actor), 'migrate', 'athlete_daily_features',
       json_object('beliefs_ended', (SELECT COUNT(*) FROM temp.doubled) + (SELECT COUNT(*) FROM temp.standing))
WHERE EXISTS (SELECT 1 FROM temp.doubled) OR EXISTS (SELECT 1 FROM temp.standing);
DROP TABLE temp.standing;
DROP TABLE temp.doubled;
DROP TABLE temp.version;

DROP TRIGGER IF EXISTS athlete_rolling_features_replaced;
CREATE TEMP TABLE version AS
SELECT rowid AS id, athlete_id, as_of_date, available_at, superseded_at,
       MAX(superseded_at) OVER (PARTITION BY athlete_id, as_of_date ORDER BY rowid ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS ended_at
FROM athlete_rolling_features_history;
CREATE TEMP TABLE doubled AS
SELECT id, min(ended_at, superseded_at) AS since FROM temp.version WHERE ended_at > available_at;
CREATE TEMP TABLE standing AS
SELECT o.athlete_id, o.as_of_date, MAX(v.superseded_at) AS since
FROM temp.version AS v
JOIN athlete_rolling_features AS o ON (o.athlete_id, o.as_of_date) = (v.athlete_id, v.as_of_date)
GROUP BY o.athlete_id, o.as_of_date
HAVING MAX(v.superseded_at) > o.available_at;
UPDATE athlete_rolling_features_history AS h SET available_at = d.since FROM temp.doubled AS d WHERE h.rowid = d.id;
UPDATE athlete_rolling_features AS o SET available_at = s.since FROM temp.standing AS s WHERE (o.athlete_id, o.as_of_date) = (s.athlete_id, s.as_of_date);
INSERT INTO ops_audit (at, who, action, object, detail)
SELECT strftime('%Y-%m-%dT%H:%M:%SZ', 'now'), (SELECT who FROM ops_actor), 'migrate', 'athlete_rolling_features',
       json_object('beliefs_ended', (SELECT COUNT(*) FROM temp.doubled) + (SELECT COUNT(*) FROM temp.standing))
WHERE EXISTS (SELECT 1 FROM temp.doubled) OR EXISTS (SELECT 1 FROM temp.standing);
DROP TABLE temp.standing;
DROP TABLE temp.doubled;
DROP TABLE temp.version;

DROP TRIGGER IF EXISTS athlete_weekly_features_replaced;
CREATE TEMP TABLE version AS
SELECT rowid AS id, athlete_id, week_start, available_at, superseded_at,
       MAX(superseded_at) OVER (PARTITION BY athlete_id, week_start ORDER BY rowid ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS ended_at
FROM athlete_weekly_features_history;
CREATE TEMP TABLE doubled AS
SELECT id, min(ended_at, superseded_at) AS since FROM temp.version WHERE ended_at > available_at;
CREATE TEMP TABLE standing AS
SELECT o.athlete_id, o.week_start, MAX(v.superseded_at) AS since
FROM temp.version AS v
JOIN athlete_weekly_features AS o ON (o.athlete_id, o.week_start) = (v.athlete_id, v.week_start)
GROUP BY o.athlete_id, o.week_start
HAVING MAX(v.superseded_at) > o.available_at;
UPDATE athlete_weekly_features_history AS h SET available_at = d.since FROM temp.doubled AS d WHERE h.rowid = d.id;
UPDATE athlete_weekly_features AS o SET available_at = s.since FROM temp.standing AS s WHERE (o.athlete_id, o.week_start) = (s.athlete_id, s.week_start);
INSERT INTO ops_audit (at, who, action, object, detail)
SELECT strftime('%Y-%m-%dT%H:%M:%SZ', 'now'), (SELECT who FROM ops_actor), 'migrate', 'athlete_weekly_features',
       json_object('beliefs_ended', (SELECT COUNT(*) FROM temp.doubled) + (SELECT COUNT(*) FROM temp.standing))
WHERE EXISTS (SELECT 1 FROM temp.doubled) OR EXISTS (SELECT 1 FROM temp.standing);
DROP TABLE temp.standing;
DROP TABLE temp.doubled;
DROP TABLE temp.version;

DROP TRIGGER IF EXISTS race_results_replaced;
CREATE TEMP TABLE version AS
SELECT rowid AS id, athlete_id, activity_id, available_at, superseded_at,
       MAX(superseded_at) OVER (PARTITION BY athlete_id, activity_id ORDER BY rowid ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS ended_at
FROM race_results_history;
CREATE TEMP TABLE doubled AS
SELECT id, min(ended_at, superseded_at) AS since FROM temp.version WHERE ended_at > available_at;
CREATE TEMP TABLE standing AS
SELECT o.athlete_id, o.activity_id, MAX(v.superseded_at) AS since
FROM temp.version AS v
JOIN race_results AS o ON (o.athlete_id, o.activity_id) = (v.athlete_id, v.activity_id)
GROUP BY o.athlete_id, o.activity_id
HAVING MAX(v.superseded_at) > o.available_at;
UPDATE race_results_history AS h SET available_at = d.since FROM temp.doubled AS d WHERE h.rowid = d.id;
UPDATE race_results AS o SET available_at = s.since FROM temp.standing AS s WHERE (o.athlete_id, o.activity_id) = (s.athlete_id, s.activity_id);
INSERT INTO ops_audit (at, who, action, object, detail)
SELECT strftime('%Y-%m-%dT%H:%M:%SZ', 'now'), (SELECT who FROM ops_actor), 'migrate', 'race_results',
       json_object('beliefs_ended', (SELECT COUNT(*) FROM temp.doubled) + (SELECT COUNT(*) FROM temp.standing))
WHERE EXISTS (SELECT 1 FROM temp.doubled) OR EXISTS (SELECT 1 FROM temp.standing);
DROP TABLE temp.standing;
DROP TABLE temp.doubled;
DROP TABLE temp.version;

DROP TRIGGER IF EXISTS athlete_profile_replaced;
CREATE TEMP TABLE version AS
SELECT rowid AS id, athlete_id, available_at, superseded_at,
       MAX(superseded_at) OVER (PARTITION BY athlete_id ORDER BY rowid ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS ended_at
FROM athlete_profile_history;
CREATE TEMP TABLE doubled AS
SELECT id, min(ended_at, superseded_at) AS since FROM temp.version WHERE ended_at > available_at;
CREATE TEMP TABLE standing AS
SELECT o.athlete_id, MAX(v.superseded_at) AS since
FROM temp.version AS v
JOIN athlete_profile AS o ON (o.athlete_id) = (v.athlete_id)
GROUP BY o.athlete_id
HAVING MAX(v.superseded_at) > o.available_at;
UPDATE athlete_profile_history AS h SET available_at = d.since FROM temp.doubled AS d WHERE h.rowid = d.id;
UPDATE athlete_profile AS o SET available_at = s.since FROM temp.standing AS s WHERE (o.athlete_id) = (s.athlete_id);
INSERT INTO ops_audit (at, who, action, object, detail)
SELECT strftime('%Y-%m-%dT%H:%M:%SZ', 'now'), (SELECT who FROM ops_actor), 'migrate', 'athlete_profile',
       json_object('beliefs_ended', (SELECT COUNT(*) FROM temp.doubled) + (SELECT COUNT(*) FROM temp.standing))
WHERE EXISTS (SELECT 1 FROM temp.doubled) OR EXISTS (SELECT 1 FROM temp.standing);
DROP TABLE temp.standing;
DROP TABLE temp.doubled;
DROP TABLE temp.version;
