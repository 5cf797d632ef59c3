-- stage:    100_bronze_strava
-- purpose:  land what arrived in the inbox as received, append-only; what cannot be read goes to bronze_rejects
-- reads:    -; bronze_inbox, bronze_landings, bronze_strava_activities, bronze_strava_athlete, bronze_strava_sub_activity, bronze_documents, bronze_rejects
-- writes:   bronze_strava_activities, bronze_strava_athlete, bronze_strava_sub_activity, bronze_documents; bronze_inbox, bronze_landings, bronze_rejects
-- follows:  -
-- grain:    one row per version of an object
-- params:   -
-- rests:    bronze_inbox

-- begin: printed by `make stages`
BEGIN IMMEDIATE;

INSERT INTO ops_announced (stage, purpose, inputs, products, follows) VALUES (
    '100_bronze_strava',
    'land what arrived in the inbox as received, append-only; what cannot be read goes to bronze_rejects',
    '[]',
    '["bronze_strava_activities", "bronze_strava_athlete", "bronze_strava_sub_activity", "bronze_documents"]',
    '[]');
-- end

-- Any program brings data by inserting text here: an array of API objects, one object per line, or one object.
CREATE TABLE IF NOT EXISTS bronze_inbox (
    inbox_id    INTEGER PRIMARY KEY,
    source      TEXT NOT NULL,
    body        NOT NULL,
    received_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))
);

-- What landed together, and how far the tables that it landed in reached then (NULL: none of it is there). As long as they
-- reach no further, the same texts again change nothing and need not be read.
CREATE TABLE IF NOT EXISTS bronze_landings (
    content_hash TEXT PRIMARY KEY,
    activities   INTEGER,
    athletes     INTEGER,
    laps         INTEGER,
    documents    INTEGER
) WITHOUT ROWID;

-- Activity objects: a summary and a detailed object are two streams of versions of one activity. A deletion
-- (the webhook's aspect_type 'delete') is a version without payload facts: a tombstone.
CREATE TABLE IF NOT EXISTS bronze_strava_activities (
    bronze_id    INTEGER PRIMARY KEY,
    activity_id  TEXT NOT NULL,
    stream       TEXT NOT NULL CHECK (stream IN ('summary', 'detail', 'tombstone')),
    payload      TEXT NOT NULL,
    content_hash TEXT NOT NULL,
    source       TEXT NOT NULL,
    ingested_at  TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS bronze_strava_activities_by_activity ON bronze_strava_activities (activity_id, bronze_id);

CREATE TABLE IF NOT EXISTS bronze_strava_athlete (
    bronze_id    INTEGER PRIMARY KEY,
    athlete_id   TEXT NOT NULL,
    payload      TEXT NOT NULL,
    content_hash TEXT NOT NULL,
    source       TEXT NOT NULL,
    ingested_at  TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS bronze_strava_athlete_by_athlete ON bronze_strava_athlete (athlete_id, bronze_id);

-- Laps that arrived on their own; those inside a detailed activity stay in its payload.
CREATE TABLE IF NOT EXISTS bronze_strava_sub_activity (
    bronze_id    INTEGER PRIMARY KEY,
    activity_id  TEXT NOT NULL,
    lap_id       TEXT NOT NULL,
    payload      TEXT NOT NULL,
    content_hash TEXT NOT NULL,
    source       TEXT NOT NULL,
    ingested_at  TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS bronze_strava_sub_activity_by_lap ON bronze_strava_sub_activity (lap_id, bronze_id);
CREATE INDEX IF NOT EXISTS bronze_strava_sub_activity_by_activity ON bronze_strava_sub_activity (activity_id, bronze_id);

-- What is not Strava's: answers of the race survey, specifications of models, definitions of feature groups.
CREATE TABLE IF NOT EXISTS bronze_documents (
    bronze_id    INTEGER PRIMARY KEY,
    kind         TEXT NOT NULL CHECK (kind <> ''),
    document_id  TEXT NOT NULL,
    payload      TEXT NOT NULL,
    content_hash TEXT NOT NULL,
    source       TEXT NOT NULL,
    ingested_at  TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS bronze_documents_by_id ON bronze_documents (kind, document_id, bronze_id);

CREATE TABLE IF NOT EXISTS bronze_rejects (
    reject_id    INTEGER PRIMARY KEY,
    source       TEXT NOT NULL,
    ingested_at  TEXT NOT NULL,
    line         INTEGER NOT NULL,
    byte_offset  INTEGER NOT NULL,
    reason       TEXT NOT NULL,
    object       TEXT NOT NULL,
    content_hash TEXT NOT NULL,
    field        TEXT,             -- that the object is refused for, and its value as JSON; NULL: it is no object at all
    value        TEXT,
    UNIQUE (source, byte_offset, content_hash)
);

-- append-only bronze_strava_activities, bronze_strava_athlete, bronze_strava_sub_activity, bronze_documents: printed by `make stages`
CREATE TRIGGER IF NOT EXISTS bronze_strava_activities_keep BEFORE UPDATE ON bronze_strava_activities
BEGIN SELECT RAISE(ABORT, 'bronze_strava_activities is append-only'); END;
CREATE TRIGGER IF NOT EXISTS bronze_strava_activities_stay BEFORE DELETE ON bronze_strava_activities
BEGIN SELECT RAISE(ABORT, 'bronze_strava_activities is append-only'); END;
CREATE TRIGGER IF NOT EXISTS bronze_strava_activities_once BEFORE INSERT ON bronze_strava_activities
WHEN EXISTS (SELECT 1 FROM bronze_strava_activities AS o WHERE (o.bronze_id) = (new.bronze_id))
BEGIN SELECT RAISE(ABORT, 'bronze_strava_activities is append-only'); END;
CREATE TRIGGER IF NOT EXISTS bronze_strava_athlete_keep BEFORE UPDATE ON bronze_strava_athlete
BEGIN SELECT RAISE(ABORT, 'bronze_strava_athlete is append-only'); END;
CREATE TRIGGER IF NOT EXISTS bronze_strava_athlete_stay BEFORE DELETE ON bronze_strava_athlete
BEGIN SELECT RAISE(ABORT, 'bronze_strava_athlete is append-only'); END;
CREATE TRIGGER IF NOT EXISTS bronze_strava_athlete_once BEFORE INSERT ON bronze_strava_athlete
WHEN EXISTS (SELECT 1 FROM bronze_strava_athlete AS o WHERE (o.bronze_id) = (new.bronze_id))
BEGIN SELECT RAISE(ABORT, 'bronze_strava_athlete is append-only'); END;
CREATE TRIGGER IF NOT EXISTS bronze_strava_sub_activity_keep BEFORE UPDATE ON bronze_strava_sub_activity
BEGIN SELECT RAISE(ABORT, 'bronze_strava_sub_activity is append-only'); END;
CREATE TRIGGER IF NOT EXISTS bronze_strava_sub_activity_stay BEFORE DELETE ON bronze_strava_sub_activity
BEGIN SELECT RAISE(ABORT, 'bronze_strava_sub_activity is append-only'); END;
CREATE TRIGGER IF NOT EXISTS bronze_strava_sub_activity_once BEFORE INSERT ON bronze_strava_sub_activity
WHEN EXISTS (SELECT 1 FROM bronze_strava_sub_activity AS o WHERE (o.bronze_id) = (new.bronze_id))
BEGIN SELECT RAISE(ABORT, 'bronze_strava_sub_activity is append-only'); END;
CREATE TRIGGER IF NOT EXISTS bronze_documents_keep BEFORE UPDATE ON bronze_documents
BEGIN SELECT RAISE(ABORT, 'bronze_documents is append-only'); END;
CREATE TRIGGER IF NOT EXISTS bronze_documents_stay BEFORE DELETE ON bronze_documents
BEGIN SELECT RAISE(ABORT, 'bronze_documents is append-only'); END;
CREATE TRIGGER IF NOT EXISTS bronze_documents_once BEFORE INSERT ON bronze_documents
WHEN EXISTS (SELECT 1 FROM bronze_documents AS o WHERE (o.bronze_id) = (new.bronze_id))
BEGIN SELECT RAISE(ABORT, 'bronze_documents is append-only'); END;
-- end

CREATE TEMP TABLE stage_clock AS
WITH reached AS (
    SELECT (SELECT MAX(bronze_id) FROM bronze_strava_activities) AS activities,
           (SELECT MAX(bronze_id) FROM bronze_strava_athlete) AS athletes,
           (SELECT MAX(bronze_id) FROM bronze_strava_sub_activity) AS laps,
           (SELECT MAX(bronze_id) FROM bronze_documents) AS documents
),
texts AS MATERIALIZED (
    SELECT rows_hash(source, sha256(body)) AS content_hash FROM (SELECT * FROM bronze_inbox ORDER BY inbox_id)
)
SELECT strftime('%Y-%m-%dT%H:%M:%SZ', 'now') AS started_at, julianday('now') AS started, r.*, t.content_hash,
       EXISTS (SELECT 1 FROM bronze_landings AS l
               WHERE l.content_hash = t.content_hash AND COALESCE(l.activities, r.activities) IS r.activities
                 AND COALESCE(l.athletes, r.athletes) IS r.athletes AND COALESCE(l.laps, r.laps) IS r.laps
                 AND COALESCE(l.documents, r.documents) IS r.documents) AS has_landed
FROM reached AS r
CROSS JOIN texts AS t;

-- Cut the texts into objects, in the order of arrival, and recognise each by its shape. An identifier is a number or a
-- text of digits and stays a text, so that no digit is lost on the way through a double.
CREATE TEMP TABLE arrived AS
WITH landed AS MATERIALIZED ( -- what tells no instant, or one that is to come, has arrived now; a part of a second counts when it is over
    SELECT inbox_id, CASE WHEN at < started_at THEN row_instant(CAST(told AS TEXT)) ELSE started_at END AS received_at
    FROM (SELECT i.inbox_id, i.received_at AS told, c.started_at,
                 json_fields(json_object('at', CAST(i.received_at AS TEXT)), '[{"field": "at", "type": "instant"}]') ->> '$.values.at' AS at
          FROM stage_clock AS c
          CROSS JOIN bronze_inbox AS i)
),
object AS MATERIALIZED (
    SELECT i.inbox_id, i.source, l.received_at, o.seq, o.line, o.byte_offset, o.object, o.fault, o.fault_offset,
           CASE WHEN o.fault IS NULL THEN json_plain_names(o.object) END AS json
    FROM stage_clock AS c
    CROSS JOIN bronze_inbox AS i
    CROSS JOIN landed AS l USING (inbox_id)
    CROSS JOIN json_objects(CAST(i.body AS TEXT)) AS o
    WHERE NOT c.has_landed
),
-- Where an activity went is not kept, whether the object is landed or refused: the line, its ends, the segments on it, the names of
-- places. 43_places_of_earlier_files does the same to what landed before.
placeless AS MATERIALIZED (
    SELECT *,
           CASE WHEN json IS NOT NULL THEN json_fields(json, '[{"field": "id", "type": "id"}, {"field": "athlete.id", "type": "id"},
               {"field": "activity.id", "type": "id"}, {"field": "object_id", "type": "id"},
               {"field": "aspect_type", "type": "label"}, {"field": "object_type", "type": "label"},
               {"field": "resource_state", "type": "whole", "min": 1, "max": 3}]') END AS own,
           CASE WHEN json IS NOT NULL AND COALESCE(json_type(json, '$.map'), json_type(json, '$.start_latlng'), json_type(json, '$.end_latlng'),
                                                   json_type(json, '$.start_latitude'), json_type(json, '$.start_longitude'),
                                                   json_type(json, '$.end_latitude'), json_type(json, '$.end_longitude'), json_type(json, '$.segment_efforts'),
                                                   json_type(json, '$.latlng'), json_type(json, '$.polyline'), json_type(json, '$.summary_polyline'),
                                                   json_type(json, '$.location_city'), json_type(json, '$.location_state'), json_type(json, '$.location_country'),
                                                   json_type(json, '$.city'), json_type(json, '$.state'), json_type(json, '$.country'),
                                                   json_type(json, '$.athlete.city'), json_type(json, '$.athlete.state'), json_type(json, '$.athlete.country'),
                                                   json_type(json, '$.summary_geojson'), json_type(json, '$.photos')) IS NOT NULL
                     AND COALESCE(json_type(json, '$.feature_group'), json_type(json, '$.model'), json_type(json, '$.k5_ti')) IS NULL
                THEN json_remove(json, '$.map', '$.start_latlng', '$.end_latlng', '$.start_latitude', '$.start_longitude', '$.end_latitude', '$.end_longitude',
                                 '$.segment_efforts', '$.latlng', '$.polyline', '$.summary_polyline', '$.location_city', '$.location_state', '$.location_country',
                                 '$.city', '$.state', '$.country', '$.athlete.city', '$.athlete.state', '$.athlete.country', '$.summary_geojson', '$.photos') END AS trimmed
    FROM object
),
field AS MATERIALIZED (
    SELECT inbox_id, source, received_at, seq, line, byte_offset, COALESCE(trimmed, object) AS object, fault, fault_offset,
           own ->> '$.values.id' AS id,
           own ->> '$.values."athlete.id"' AS athlete_id,
           own ->> '$.values."activity.id"' AS activity_id,
           json_type(json, '$.lap_index') AS lap_index,
           json_type(json, '$.start_date') AS start_date,
           COALESCE(json_type(json, '$.sport_type'), json_type(json, '$.type')) AS sport,
           json_type(json, '$.distance') AS distance,
           json_type(json, '$.distribution_buckets') AS buckets,
           COALESCE(json_type(json, '$.all_run_totals'), json_type(json, '$.recent_run_totals')) AS totals,
           json_type(json, '$.heart_rate.zones') AS zones,
           json_type(json, '$.errors') AS errors,
           json_extract(json, '$.message') AS message,
           own ->> '$.values.aspect_type' AS aspect,
           own ->> '$.values.object_type' AS object_type,
           own ->> '$.values.object_id' AS object_id,
           instr(own, '"resource_state_') > 0 AS has_odd_state,
           CASE WHEN json_type(json, '$.model') = 'text' AND json_type(json, '$.features') = 'array' THEN json_extract(json, '$.model') END AS model,
           CASE WHEN json_type(json, '$.feature_group') = 'text' AND json_type(json, '$.features') = 'array'
                THEN nullif(json_extract(json, '$.feature_group'), '') END AS feature_group,
           CASE WHEN json_type(json, '$.k5_ti') IS NOT NULL AND json_type(json, '$.mf_ti') IS NOT NULL THEN 1 END AS is_survey,
           COALESCE(json_type(json, '$.firstname'), json_type(json, '$.username'), json_type(json, '$.measurement_preference'),
                    json_type(json, '$.sex'), json_type(json, '$.premium'), json_type(json, '$.follower_count')) AS person,
           -- a definition is kept as it was written, down to its blanks
           CASE WHEN fault IS NOT NULL THEN object WHEN json_type(json, '$.feature_group') = 'text' THEN json ELSE COALESCE(trimmed, json(json)) END AS payload,
           COALESCE(json_type(json, '$.feature_group'), json_type(json, '$.model')) AS definition,
           own ->> '$.values.resource_state' = 3 AS is_detail
    FROM placeless
),
-- Which member an object is refused for, by the reason.
refusal (reason, field) AS (
    VALUES ('an activity without athlete.id', 'athlete'), ('an activity without id', 'id'), ('an activity without start_date', 'start_date'),
           ('an activity whose resource_state is none of 1, 2 and 3', 'resource_state'), ('a lap without id or activity.id', 'activity'),
           ('a deletion without object_id', 'object_id'), ('a webhook event that deletes no activity', 'aspect_type'),
           ('an athlete without id', 'id'), ('an answer to the race survey without id', 'id'),
           ('a definition whose feature_group or model is no text, or whose features are no list', 'features')
),
recognised AS (
    SELECT *,
           CASE
               WHEN fault IS NOT NULL THEN 'reject'
               WHEN errors IS NOT NULL THEN 'reject'
               WHEN model IS NOT NULL OR feature_group IS NOT NULL OR (is_survey AND id IS NOT NULL) THEN 'document'
               WHEN aspect = 'delete' AND object_type = 'activity' AND object_id IS NOT NULL THEN 'tombstone'
               WHEN lap_index IS NOT NULL AND activity_id IS NOT NULL AND id IS NOT NULL THEN 'lap'
               WHEN id IS NOT NULL AND sport IS NOT NULL AND start_date IS NOT NULL AND athlete_id IS NOT NULL AND NOT has_odd_state THEN 'activity'
               WHEN id IS NOT NULL AND person IS NOT NULL AND start_date IS NULL AND sport IS NULL THEN 'athlete'
               ELSE 'reject'
           END AS kind,
           CASE
               WHEN fault IS NOT NULL THEN fault || ' at byte ' || fault_offset
               WHEN errors IS NOT NULL THEN 'an error answer of the API, not data: ' || COALESCE(message, errors)
               WHEN buckets IS NOT NULL THEN 'zones of an activity, which do not name their activity'
               WHEN zones IS NOT NULL THEN 'zones of an athlete, which do not name their athlete'
               WHEN totals IS NOT NULL AND person IS NULL THEN 'totals of an athlete, which do not name their athlete'
               WHEN sport IS NOT NULL AND athlete_id IS NULL THEN 'an activity without athlete.id'
               WHEN sport IS NOT NULL AND id IS NULL THEN 'an activity without id'
               WHEN sport IS NOT NULL AND start_date IS NULL THEN 'an activity without start_date'
               WHEN sport IS NOT NULL AND has_odd_state THEN 'an activity whose resource_state is none of 1, 2 and 3'
               WHEN lap_index IS NOT NULL THEN 'a lap without id or activity.id'
               WHEN aspect = 'delete' AND object_type = 'activity' THEN 'a deletion without object_id'
               WHEN aspect IS NOT NULL OR object_type IS NOT NULL THEN 'a webhook event that deletes no activity'
               WHEN is_survey THEN 'an answer to the race survey without id'
               WHEN definition IS NOT NULL THEN 'a definition whose feature_group or model is no text, or whose features are no list'
               WHEN person IS NOT NULL AND sport IS NULL AND start_date IS NULL THEN 'an athlete without id'
               ELSE 'no known kind of object'
           END AS reason
    FROM field
)
SELECT r.inbox_id, r.source, r.received_at, r.seq, r.line, r.byte_offset, r.object, r.kind, r.reason,
       CASE r.kind WHEN 'document' THEN COALESCE(r.model, r.feature_group, r.id) WHEN 'tombstone' THEN r.object_id WHEN 'lap' THEN r.activity_id
                   ELSE r.id END AS object_id,
       r.id,
       CASE WHEN r.model IS NOT NULL THEN 'model_specification' WHEN r.feature_group IS NOT NULL THEN 'feature_group' ELSE 'race_survey' END AS document_kind,
       CASE WHEN r.kind = 'tombstone' THEN 'tombstone' WHEN r.is_detail THEN 'detail' ELSE 'summary' END AS stream,
       r.payload, sha256(r.payload) AS content_hash, f.field, CASE WHEN f.field IS NOT NULL THEN substr(r.payload -> f.field, 1, 60) END AS value
FROM recognised AS r
LEFT JOIN refusal AS f ON r.kind = 'reject' AND f.reason = r.reason;

-- New activity versions: not identical to the one before in the same stream, where a tombstone starts anew. Most are the first of
-- their activity, and only those of the others are compared. What arrived has its rows in the order in which it did.
INSERT INTO bronze_strava_activities (activity_id, stream, payload, content_hash, source, ingested_at)
WITH several AS MATERIALIZED (
    SELECT object_id
    FROM arrived
    WHERE kind IN ('activity', 'tombstone')
    GROUP BY object_id
    HAVING COUNT(*) > 1 OR EXISTS (SELECT 1 FROM bronze_strava_activities AS b WHERE b.activity_id = arrived.object_id)
),
history AS (
    SELECT 0 AS is_new, b.bronze_id AS a, b.activity_id, b.stream, b.content_hash
    FROM several AS s
    CROSS JOIN bronze_strava_activities AS b ON b.activity_id = s.object_id
    UNION ALL
    SELECT 1, rowid, object_id, stream, content_hash
    FROM arrived
    WHERE kind IN ('activity', 'tombstone') AND object_id IN (SELECT object_id FROM several)
),
life AS (
    SELECT *,
           COUNT(*) FILTER (WHERE stream = 'tombstone')
               OVER (PARTITION BY activity_id ORDER BY is_new, a ROWS UNBOUNDED PRECEDING) AS life_number,
           LAG(stream) OVER (PARTITION BY activity_id ORDER BY is_new, a) AS stream_before
    FROM history
),
compared AS (
    SELECT *, LAG(content_hash) OVER (PARTITION BY activity_id, stream, life_number ORDER BY is_new, a) AS hash_before
    FROM life
)
SELECT object_id, stream, payload, content_hash, source, received_at
FROM arrived
WHERE kind IN ('activity', 'tombstone')
  AND (object_id NOT IN (SELECT object_id FROM several)
       OR rowid IN (SELECT a FROM compared
                    WHERE is_new AND CASE WHEN stream = 'tombstone' THEN stream_before IS NOT 'tombstone' ELSE hash_before IS NOT content_hash END))
ORDER BY rowid;

INSERT INTO bronze_strava_athlete (athlete_id, payload, content_hash, source, ingested_at)
WITH history AS (
    SELECT 0 AS is_new, bronze_id AS a, 0 AS b, athlete_id, payload, content_hash, source, ingested_at
    FROM bronze_strava_athlete
    WHERE athlete_id IN (SELECT object_id FROM arrived WHERE kind = 'athlete')
    UNION ALL
    SELECT 1, inbox_id, seq, object_id, payload, content_hash, source, received_at FROM arrived WHERE kind = 'athlete'
),
compared AS (
    SELECT *, LAG(content_hash) OVER (PARTITION BY athlete_id ORDER BY is_new, a, b) AS hash_before FROM history
)
SELECT athlete_id, payload, content_hash, source, ingested_at
FROM compared
WHERE is_new AND hash_before IS NOT content_hash
ORDER BY a, b;

INSERT INTO bronze_strava_sub_activity (activity_id, lap_id, payload, content_hash, source, ingested_at)
WITH history AS (
    SELECT 0 AS is_new, bronze_id AS a, 0 AS b, activity_id, lap_id, payload, content_hash, source, ingested_at
    FROM bronze_strava_sub_activity
    WHERE lap_id IN (SELECT id FROM arrived WHERE kind = 'lap')
    UNION ALL
    SELECT 1, inbox_id, seq, object_id, id, payload, content_hash, source, received_at FROM arrived WHERE kind = 'lap'
),
compared AS (
    SELECT *, LAG(content_hash) OVER (PARTITION BY lap_id ORDER BY is_new, a, b) AS hash_before FROM history
)
SELECT activity_id, lap_id, payload, content_hash, source, ingested_at
FROM compared
WHERE is_new AND hash_before IS NOT content_hash
ORDER BY a, b;

INSERT INTO bronze_documents (kind, document_id, payload, content_hash, source, ingested_at)
WITH history AS (
    SELECT 0 AS is_new, bronze_id AS a, 0 AS b, kind, document_id, NULL AS payload, content_hash, NULL AS source, NULL AS ingested_at
    FROM bronze_documents
    WHERE (kind, document_id) IN (SELECT document_kind, object_id FROM arrived WHERE kind = 'document')
    UNION ALL
    SELECT 1, inbox_id, seq, document_kind, object_id, payload, content_hash, source, received_at FROM arrived WHERE kind = 'document'
),
compared AS (
    SELECT *, LAG(content_hash) OVER (PARTITION BY kind, document_id ORDER BY is_new, a, b) AS hash_before FROM history
)
SELECT kind, document_id, payload, content_hash, source, ingested_at
FROM compared
WHERE is_new AND hash_before IS NOT content_hash
ORDER BY a, b;

INSERT OR IGNORE INTO bronze_rejects (source, ingested_at, line, byte_offset, reason, object, content_hash, field, value)
SELECT source, received_at, line, byte_offset, reason, object, content_hash, field, value
FROM arrived
WHERE kind = 'reject'
ORDER BY inbox_id, seq;

-- Audit: everything that arrived is in the database, word for word, or among the rejects.
SELECT assert_that(NOT EXISTS (
    SELECT 1 FROM arrived AS a
    WHERE NOT CASE a.kind
        WHEN 'reject' THEN EXISTS (SELECT 1 FROM bronze_rejects AS r
                                   WHERE (r.source, r.byte_offset, r.content_hash) = (a.source, a.byte_offset, a.content_hash))
        WHEN 'document' THEN EXISTS (SELECT 1 FROM bronze_documents AS b
                                     WHERE b.kind = a.document_kind AND b.document_id = a.object_id AND b.content_hash = a.content_hash)
        WHEN 'athlete' THEN EXISTS (SELECT 1 FROM bronze_strava_athlete AS b
                                    WHERE b.athlete_id = a.object_id AND b.content_hash = a.content_hash)
        WHEN 'lap' THEN EXISTS (SELECT 1 FROM bronze_strava_sub_activity AS b
                                WHERE b.lap_id = a.id AND b.content_hash = a.content_hash)
        ELSE EXISTS (SELECT 1 FROM bronze_strava_activities AS b
                     WHERE b.activity_id = a.object_id
                       AND (b.content_hash = a.content_hash OR (a.kind = 'tombstone' AND b.stream = 'tombstone')))
    END), '100_bronze_strava: something that arrived was neither landed nor rejected');

CREATE TEMP TABLE counted AS
SELECT (SELECT COUNT(*) FROM arrived) AS rows_in,
       (SELECT COUNT(*) FROM bronze_strava_activities WHERE bronze_id > COALESCE(activities, 0))
           + (SELECT COUNT(*) FROM bronze_strava_athlete WHERE bronze_id > COALESCE(athletes, 0))
           + (SELECT COUNT(*) FROM bronze_strava_sub_activity WHERE bronze_id > COALESCE(laps, 0))
           + (SELECT COUNT(*) FROM bronze_documents WHERE bronze_id > COALESCE(documents, 0)) AS rows_out,
       (SELECT COUNT(*) FROM arrived WHERE kind = 'reject') AS rows_rejected,
       CASE WHEN has_landed AND EXISTS (SELECT 1 FROM bronze_inbox) THEN 'the same texts have landed before' END AS message
FROM stage_clock;

-- Twice the same changes nothing only if nothing in it changed, left, or was refused.
INSERT OR REPLACE INTO bronze_landings (content_hash, activities, athletes, laps, documents)
SELECT c.content_hash,
       CASE WHEN SUM(kind = 'activity') THEN (SELECT MAX(bronze_id) FROM bronze_strava_activities) END,
       CASE WHEN SUM(kind = 'athlete') THEN (SELECT MAX(bronze_id) FROM bronze_strava_athlete) END,
       CASE WHEN SUM(kind = 'lap') THEN (SELECT MAX(bronze_id) FROM bronze_strava_sub_activity) END,
       CASE WHEN SUM(kind = 'document') THEN (SELECT MAX(bronze_id) FROM bronze_documents) END
FROM stage_clock AS c
CROSS JOIN (SELECT kind, COUNT(DISTINCT content_hash) AS n_versions
            FROM arrived
            GROUP BY kind, CASE kind WHEN 'activity' THEN stream WHEN 'document' THEN document_kind END, CASE kind WHEN 'lap' THEN id ELSE object_id END)
GROUP BY c.content_hash
HAVING SUM(kind IN ('reject', 'tombstone') OR n_versions > 1) = 0;

DELETE FROM bronze_inbox;
-- finish: printed by `make stages`
INSERT INTO ops_runs (stage, started_at, duration_ms, rows_in, rows_out, rows_rejected, outcome, message)
SELECT '100_bronze_strava', started_at, (julianday('now') - started) * 86400000, rows_in, rows_out, rows_rejected, 'ok', message
FROM stage_clock, counted;

DROP TABLE temp.counted;
DROP TABLE temp.arrived;
DROP TABLE temp.stage_clock;

COMMIT;
