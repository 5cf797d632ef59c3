-- stage:    270_silver_streams
-- purpose:  what the seconds of each recording say: pace and power for the effort, heart rates, temperature; what cannot be read is rejected
-- reads:    activity_streams; activity_streams_due, silver_stream_facts, silver_stream_heart_rates, silver_rejects, ops_config, ops_published
-- writes:   silver_stream_facts, silver_stream_heart_rates; activity_streams_due, silver_rejects
-- follows:  -
-- grain:    activity_id
-- params:   arrivals
-- rests:    activity_streams_due

-- begin: printed by `make stages`
BEGIN IMMEDIATE;

INSERT INTO ops_announced (stage, purpose, inputs, products, follows) VALUES (
    '270_silver_streams',
    'what the seconds of each recording say: pace and power for the effort, heart rates, temperature; what cannot be read is rejected',
    '["activity_streams"]',
    '["silver_stream_facts", "silver_stream_heart_rates"]',
    '[]');
-- end

CREATE TABLE IF NOT EXISTS silver_stream_facts (
    activity_id                    TEXT PRIMARY KEY,
    athlete_id                     TEXT NOT NULL,
    graded_pace_min_km             REAL,          -- on the flat for the same effort; means something for runs
    minetti_pace_min_km            REAL,          -- the same by the energy that slopes cost
    normalized_graded_pace_min_km  REAL,
    decoupling_pct                 REAL,
    heart_rate_s                   REAL,          -- with a rate to believe; NULL without a sensor
    heart_rate_lost_s              REAL,          -- with a dropout or a spike
    avg_hr                         REAL,
    normalized_power_w             REAL,
    temperature_c                  REAL,
    content_hash                   TEXT NOT NULL,
    known_at                       TEXT NOT NULL  -- when it arrived, for an athlete who had been published; else ''
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS silver_stream_facts_by_athlete ON silver_stream_facts (athlete_id, activity_id);
-- due silver_stream_facts for 410_activity_features since the day of activity_id, 410_activity_features since the day of the training of activity_id: printed by `make stages`
CREATE TRIGGER IF NOT EXISTS silver_stream_facts_due_410_added AFTER INSERT ON silver_stream_facts
BEGIN INSERT INTO ops_due (stage, athlete_id, since) VALUES ('410_activity_features', new.athlete_id, COALESCE((SELECT local_date FROM silver_strava_activities AS a WHERE (a.athlete_id, a.activity_id) = (new.athlete_id, new.activity_id)), (SELECT local_date FROM silver_unusable_activities AS u WHERE (u.athlete_id, u.activity_id) = (new.athlete_id, new.activity_id)), (SELECT MIN(from_date) FROM silver_corrections AS c WHERE c.activity_id = new.activity_id AND c.athlete_id = new.athlete_id), '')), ('410_activity_features', new.athlete_id, COALESCE((SELECT local_date FROM silver_strava_activities AS a WHERE (a.athlete_id, a.activity_id) = (new.athlete_id, COALESCE((SELECT same_training_as FROM silver_same_training AS t WHERE (t.athlete_id, t.activity_id) = (new.athlete_id, new.activity_id)), new.activity_id))), (SELECT local_date FROM silver_unusable_activities AS u WHERE (u.athlete_id, u.activity_id) = (new.athlete_id, COALESCE((SELECT same_training_as FROM silver_same_training AS t WHERE (t.athlete_id, t.activity_id) = (new.athlete_id, new.activity_id)), new.activity_id))), (SELECT MIN(from_date) FROM silver_corrections AS c WHERE c.activity_id = COALESCE((SELECT same_training_as FROM silver_same_training AS t WHERE (t.athlete_id, t.activity_id) = (new.athlete_id, new.activity_id)), new.activity_id) AND c.athlete_id = new.athlete_id), '')) ON CONFLICT DO UPDATE SET since = excluded.since WHERE excluded.since < since; END;
CREATE TRIGGER IF NOT EXISTS silver_stream_facts_due_410_changed AFTER UPDATE ON silver_stream_facts
BEGIN INSERT INTO ops_due (stage, athlete_id, since) VALUES ('410_activity_features', old.athlete_id, COALESCE((SELECT local_date FROM silver_strava_activities AS a WHERE (a.athlete_id, a.activity_id) = (old.athlete_id, old.activity_id)), (SELECT local_date FROM silver_unusable_activities AS u WHERE (u.athlete_id, u.activity_id) = (old.athlete_id, old.activity_id)), (SELECT MIN(from_date) FROM silver_corrections AS c WHERE c.activity_id = old.activity_id AND c.athlete_id = old.athlete_id), '')), ('410_activity_features', old.athlete_id, COALESCE((SELECT local_date FROM silver_strava_activities AS a WHERE (a.athlete_id, a.activity_id) = (old.athlete_id, COALESCE((SELECT same_training_as FROM silver_same_training AS t WHERE (t.athlete_id, t.activity_id) = (old.athlete_id, old.activity_id)), old.activity_id))), (SELECT local_date FROM silver_unusable_activities AS u WHERE (u.athlete_id, u.activity_id) = (old.athlete_id, COALESCE((SELECT same_training_as FROM silver_same_training AS t WHERE (t.athlete_id, t.activity_id) = (old.athlete_id, old.activity_id)), old.activity_id))), (SELECT MIN(from_date) FROM silver_corrections AS c WHERE c.activity_id = COALESCE((SELECT same_training_as FROM silver_same_training AS t WHERE (t.athlete_id, t.activity_id) = (old.athlete_id, old.activity_id)), old.activity_id) AND c.athlete_id = old.athlete_id), '')), ('410_activity_features', new.athlete_id, COALESCE((SELECT local_date FROM silver_strava_activities AS a WHERE (a.athlete_id, a.activity_id) = (new.athlete_id, new.activity_id)), (SELECT local_date FROM silver_unusable_activities AS u WHERE (u.athlete_id, u.activity_id) = (new.athlete_id, new.activity_id)), (SELECT MIN(from_date) FROM silver_corrections AS c WHERE c.activity_id = new.activity_id AND c.athlete_id = new.athlete_id), '')), ('410_activity_features', new.athlete_id, COALESCE((SELECT local_date FROM silver_strava_activities AS a WHERE (a.athlete_id, a.activity_id) = (new.athlete_id, COALESCE((SELECT same_training_as FROM silver_same_training AS t WHERE (t.athlete_id, t.activity_id) = (new.athlete_id, new.activity_id)), new.activity_id))), (SELECT local_date FROM silver_unusable_activities AS u WHERE (u.athlete_id, u.activity_id) = (new.athlete_id, COALESCE((SELECT same_training_as FROM silver_same_training AS t WHERE (t.athlete_id, t.activity_id) = (new.athlete_id, new.activity_id)), new.activity_id))), (SELECT MIN(from_date) FROM silver_corrections AS c WHERE c.activity_id = COALESCE((SELECT same_training_as FROM silver_same_training AS t WHERE (t.athlete_id, t.activity_id) = (new.athlete_id, new.activity_id)), new.activity_id) AND c.athlete_id = new.athlete_id), '')) ON CONFLICT DO UPDATE SET since = excluded.since WHERE excluded.since < since; END;
CREATE TRIGGER IF NOT EXISTS silver_stream_facts_due_410_gone AFTER DELETE ON silver_stream_facts
BEGIN INSERT INTO ops_due (stage, athlete_id, since) VALUES ('410_activity_features', old.athlete_id, COALESCE((SELECT local_date FROM silver_strava_activities AS a WHERE (a.athlete_id, a.activity_id) = (old.athlete_id, old.activity_id)), (SELECT local_date FROM silver_unusable_activities AS u WHERE (u.athlete_id, u.activity_id) = (old.athlete_id, old.activity_id)), (SELECT MIN(from_date) FROM silver_corrections AS c WHERE c.activity_id = old.activity_id AND c.athlete_id = old.athlete_id), '')), ('410_activity_features', old.athlete_id, COALESCE((SELECT local_date FROM silver_strava_activities AS a WHERE (a.athlete_id, a.activity_id) = (old.athlete_id, COALESCE((SELECT same_training_as FROM silver_same_training AS t WHERE (t.athlete_id, t.activity_id) = (old.athlete_id, old.activity_id)), old.activity_id))), (SELECT local_date FROM silver_unusable_activities AS u WHERE (u.athlete_id, u.activity_id) = (old.athlete_id, COALESCE((SELECT same_training_as FROM silver_same_training AS t WHERE (t.athlete_id, t.activity_id) = (old.athlete_id, old.activity_id)), old.activity_id))), (SELECT MIN(from_date) FROM silver_corrections AS c WHERE c.activity_id = COALESCE((SELECT same_training_as FROM silver_same_training AS t WHERE (t.athlete_id, t.activity_id) = (old.athlete_id, old.activity_id)), old.activity_id) AND c.athlete_id = old.athlete_id), '')) ON CONFLICT DO UPDATE SET since = excluded.since WHERE excluded.since < since; END;
-- end

CREATE TABLE IF NOT EXISTS silver_stream_heart_rates (
    activity_id TEXT NOT NULL,
    hr          INTEGER NOT NULL,
    seconds     REAL NOT NULL,
    PRIMARY KEY (activity_id, hr)
) WITHOUT ROWID;

CREATE TEMP TABLE stage_clock AS
SELECT strftime('%Y-%m-%dT%H:%M:%SZ', 'now') AS started_at, julianday('now') AS started;

-- The channels of each recording side by side.
CREATE TEMP TABLE recording AS
SELECT d.activity_id, MIN(s.athlete_id) AS athlete_id, MAX(s.ingested_at) AS ingested_at,
       (SELECT rows_hash(channel, content_hash) FROM (SELECT * FROM activity_streams AS o WHERE o.activity_id = d.activity_id ORDER BY channel)) AS content_hash,
       MAX(s.samples) FILTER (WHERE s.channel = 'time') AS time, MAX(s.samples) FILTER (WHERE s.channel = 'distance') AS distance,
       MAX(s.samples) FILTER (WHERE s.channel = 'altitude') AS altitude, MAX(s.samples) FILTER (WHERE s.channel = 'heart_rate') AS heart_rate,
       MAX(s.samples) FILTER (WHERE s.channel = 'power') AS power, MAX(s.samples) FILTER (WHERE s.channel = 'temperature') AS temperature
FROM activity_streams_due AS d
CROSS JOIN activity_streams AS s USING (activity_id)
WHERE s.channel NOT IN ('latitude', 'longitude')
GROUP BY d.activity_id;

CREATE UNIQUE INDEX temp.recording_by_activity ON recording (activity_id);

-- Each is tried by itself: one that is damaged stops no other.
CREATE TEMP TABLE tried AS
SELECT r.activity_id, a.fault, a.c1 AS graded_pace_min_km, a.c2 AS minetti_pace_min_km, a.c3 AS normalized_graded_pace_min_km, a.c4 AS decoupling_pct,
       a.c5 AS normalized_power_w, a.c6 AS temperature_c
FROM recording AS r
CROSS JOIN attempt('SELECT graded_pace(time, distance, altitude), graded_pace(time, distance, altitude, ''minetti''),
                           normalized_graded_pace(time, distance, altitude), decoupling(time, distance, altitude, heart_rate),
                           normalized_power(time, power), stream_mean(time, temperature)
                    FROM temp.recording WHERE activity_id = ?1', r.activity_id) AS a;
CREATE TEMP TABLE beat AS
SELECT r.activity_id, a.fault, CAST(a.c1 AS INTEGER) AS hr, CAST(a.c2 AS REAL) AS seconds
FROM recording AS r
CROSS JOIN attempt('SELECT h.hr, h.seconds FROM temp.recording AS r, heart_rate_seconds(r.time, r.heart_rate) AS h WHERE r.activity_id = ?1', r.activity_id) AS a;
CREATE INDEX temp.beat_by_activity ON beat (activity_id, hr);

CREATE TEMP TABLE broken AS
SELECT activity_id, MIN(fault) AS fault
FROM (SELECT activity_id, fault FROM tried WHERE fault IS NOT NULL
      UNION ALL SELECT activity_id, fault FROM beat WHERE fault IS NOT NULL
      UNION ALL SELECT activity_id, 'there is no time for its channels' FROM recording WHERE time IS NULL)
GROUP BY activity_id;
CREATE UNIQUE INDEX temp.broken_by_activity ON broken (activity_id);

CREATE TEMP TABLE computed AS
SELECT r.activity_id, r.athlete_id, t.graded_pace_min_km, t.minetti_pace_min_km, t.normalized_graded_pace_min_km, t.decoupling_pct,
       CASE WHEN r.heart_rate IS NOT NULL THEN COALESCE((SELECT exact_sum(seconds) FROM beat AS b WHERE b.activity_id = r.activity_id AND b.hr IS NOT NULL), 0.0) END AS heart_rate_s,
       CASE WHEN r.heart_rate IS NOT NULL THEN COALESCE((SELECT exact_sum(seconds) FROM beat AS b WHERE b.activity_id = r.activity_id AND b.hr IS NULL), 0.0) END AS heart_rate_lost_s,
       (SELECT exact_sum(hr * seconds) / exact_sum(seconds) FROM beat AS b WHERE b.activity_id = r.activity_id AND b.hr IS NOT NULL) AS avg_hr,
       t.normalized_power_w, t.temperature_c, r.content_hash,
       -- what comes for an athlete who has been published is known from then on
       CASE WHEN COALESCE(c.value, CASE WHEN p.athlete_id IS NOT NULL THEN 'live' END) = 'live' THEN r.ingested_at ELSE '' END AS known_at
FROM recording AS r
JOIN tried AS t USING (activity_id)
CROSS JOIN ops_config AS c ON c.name = 'arrivals'
LEFT JOIN ops_published AS p ON p.athlete_id = r.athlete_id
WHERE NOT EXISTS (SELECT 1 FROM broken AS b WHERE b.activity_id = r.activity_id);
CREATE UNIQUE INDEX temp.computed_by_activity ON computed (activity_id);

SELECT assert_that((SELECT COUNT(*) FROM computed) + (SELECT COUNT(*) FROM broken) = (SELECT COUNT(*) FROM recording),
                   '270_silver_streams: a recording is lost or doubled');

DELETE FROM silver_stream_heart_rates WHERE activity_id IN (SELECT activity_id FROM activity_streams_due);
INSERT INTO silver_stream_heart_rates (activity_id, hr, seconds)
SELECT activity_id, hr, seconds FROM computed CROSS JOIN beat USING (activity_id) WHERE hr IS NOT NULL;
DELETE FROM silver_stream_facts
WHERE activity_id IN (SELECT activity_id FROM activity_streams_due)
  AND NOT EXISTS (SELECT 1 FROM computed AS n WHERE (n.activity_id, n.content_hash) = (silver_stream_facts.activity_id, silver_stream_facts.content_hash));
INSERT INTO silver_stream_facts
SELECT * FROM computed AS n
WHERE NOT EXISTS (SELECT 1 FROM silver_stream_facts AS o WHERE o.activity_id = n.activity_id);

DELETE FROM silver_rejects WHERE table_name = 'activity_streams' AND activity_id IN (SELECT activity_id FROM activity_streams_due);
INSERT INTO silver_rejects (table_name, activity_id, item, rule, reason, bronze_id, payload)
SELECT 'activity_streams', activity_id, '', 'channels_are_readable', fault, 0, '' FROM broken;

CREATE TEMP TABLE counted AS
SELECT (SELECT COUNT(*) FROM recording) AS rows_in, (SELECT COUNT(*) FROM computed) AS rows_out, (SELECT COUNT(*) FROM broken) AS rows_rejected, NULL AS message;

DELETE FROM activity_streams_due;
-- finish: printed by `make stages`
INSERT INTO ops_runs (stage, started_at, duration_ms, rows_in, rows_out, rows_rejected, outcome, message)
SELECT '270_silver_streams', started_at, (julianday('now') - started) * 86400000, rows_in, rows_out, rows_rejected, 'ok', message
FROM stage_clock, counted;

DROP TABLE temp.counted;
DROP TABLE temp.computed;
DROP TABLE temp.broken;
DROP TABLE temp.beat;
DROP TABLE temp.tried;
DROP TABLE temp.recording;
DROP TABLE temp.stage_clock;

COMMIT;
