-- stage:    120_activity_streams
-- purpose:  places for what a device recorded by the second, and for which files have been read; sql/tools/import writes them
-- reads:    -
-- writes:   activity_streams; bronze_files, activity_streams_due
-- follows:  -
-- grain:    activity_id, channel
-- params:   -
-- rests:    -

-- begin: printed by `make stages`
BEGIN IMMEDIATE;

INSERT INTO ops_announced (stage, purpose, inputs, products, follows) VALUES (
    '120_activity_streams',
    'places for what a device recorded by the second, and for which files have been read; sql/tools/import writes them',
    '[]',
    '["activity_streams"]',
    '[]');
-- end

-- A channel of a recording, one number a sample, packed to about a byte each: stream_values(time, samples) reads them. All channels
-- of an activity have the samples of its 'time'. A newer recording of the same activity takes the place of the one before.
CREATE TABLE IF NOT EXISTS activity_streams (
    activity_id  TEXT NOT NULL,
    channel      TEXT NOT NULL, -- its unit: see the list below
    athlete_id   TEXT NOT NULL,
    content_hash TEXT NOT NULL,
    source       TEXT NOT NULL,
    ingested_at  TEXT NOT NULL,
    samples      BLOB NOT NULL,
    PRIMARY KEY (activity_id, channel),
    CONSTRAINT "channel is time (s), distance (m), altitude (m), heart_rate (bpm), cadence (1/min), power (W), temperature (degrees Celsius), latitude or longitude (degrees)"
    CHECK (channel IN ('time', 'distance', 'altitude', 'heart_rate', 'cadence', 'power', 'temperature', 'latitude', 'longitude')),
    CONSTRAINT "samples is a packed channel, a BLOB" CHECK (typeof(samples) = 'blob')
);
CREATE INDEX IF NOT EXISTS activity_streams_by_athlete ON activity_streams (athlete_id, activity_id);

-- Whose streams 270_silver_streams has to read.
CREATE TABLE IF NOT EXISTS activity_streams_due (
    activity_id TEXT PRIMARY KEY
) WITHOUT ROWID;
CREATE TRIGGER IF NOT EXISTS activity_streams_due_added AFTER INSERT ON activity_streams
BEGIN INSERT INTO activity_streams_due VALUES (new.activity_id) ON CONFLICT DO NOTHING; END;
CREATE TRIGGER IF NOT EXISTS activity_streams_due_changed AFTER UPDATE ON activity_streams
BEGIN INSERT INTO activity_streams_due VALUES (old.activity_id), (new.activity_id) ON CONFLICT DO NOTHING; END;
CREATE TRIGGER IF NOT EXISTS activity_streams_due_gone AFTER DELETE ON activity_streams
BEGIN INSERT INTO activity_streams_due VALUES (old.activity_id) ON CONFLICT DO NOTHING; END;

-- Files that have been read, so that they need not be decoded again. The hash is of the content and of all that its reading depends
-- on. What activities they became: one that has been deleted since is read again.
CREATE TABLE IF NOT EXISTS bronze_files (
    file_hash   TEXT PRIMARY KEY,
    activities  TEXT NOT NULL, -- a JSON list of numbers
    source      TEXT NOT NULL,
    ingested_at TEXT NOT NULL
) WITHOUT ROWID;

CREATE TEMP TABLE stage_clock AS
SELECT strftime('%Y-%m-%dT%H:%M:%SZ', 'now') AS started_at, julianday('now') AS started;
CREATE TEMP TABLE counted AS SELECT 0 AS rows_in, 0 AS rows_out, 0 AS rows_rejected, NULL AS message;

-- finish: printed by `make stages`
INSERT INTO ops_runs (stage, started_at, duration_ms, rows_in, rows_out, rows_rejected, outcome, message)
SELECT '120_activity_streams', started_at, (julianday('now') - started) * 86400000, rows_in, rows_out, rows_rejected, 'ok', message
FROM stage_clock, counted;

DROP TABLE temp.counted;
DROP TABLE temp.stage_clock;

COMMIT;
