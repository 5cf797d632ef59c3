-- A reject names the field and the value that it is rejected for, and a value can be rejected without its row. A file may
-- be so early that it has no rejects yet.
CREATE TABLE IF NOT EXISTS bronze_rejects (reject_id, source, ingested_at, line, byte_offset, reason, object, content_hash);
CREATE TEMP TABLE refused AS SELECT reject_id, source, ingested_at, line, byte_offset, reason, object, content_hash FROM bronze_rejects;
DROP TABLE bronze_rejects;
CREATE TABLE bronze_rejects (
    reject_id    INTEGER PRIMARY KEY,
    source       TEXT NOT NULL,
    ingested_at  TEXT NOT NULL,
    line         INTEGER NOT NULL,
    byte_offset  INTEGER NOT NULL,
    reason       TEXT NOT NULL,
    object       TEXT NOT NULL,
    content_hash TEXT NOT NULL,
    field        TEXT,
    value        TEXT,
    UNIQUE (source, byte_offset, content_hash)
);
INSERT INTO bronze_rejects (reject_id, source, ingested_at, line, byte_offset, reason, object, content_hash) SELECT * FROM temp.refused;
DROP TABLE temp.refused;

CREATE TABLE IF NOT EXISTS silver_rejects (table_name, activity_id, item, rule, reason, bronze_id, payload);
CREATE TEMP TABLE rejected AS SELECT table_name, activity_id, item, rule, reason, bronze_id, payload FROM silver_rejects;
DROP TABLE silver_rejects;
CREATE TABLE silver_rejects (
    table_name  TEXT NOT NULL,
    activity_id TEXT NOT NULL,
    item        TEXT NOT NULL,
    rule        TEXT NOT NULL,
    reason      TEXT NOT NULL,
    bronze_id   INTEGER NOT NULL,
    payload     TEXT NOT NULL,
    severity    TEXT NOT NULL DEFAULT 'reject',
    field       TEXT,
    value       TEXT,
    PRIMARY KEY (table_name, activity_id, item, rule)
) WITHOUT ROWID;
INSERT INTO silver_rejects (table_name, activity_id, item, rule, reason, bronze_id, payload) SELECT * FROM temp.rejected;
DROP TABLE temp.rejected;
