-- A reject names the field and the value that it is rejected for, and a value can be rejected without its row. A file may
-- be so early that it has no rejects yet; then their tables are made as they were.
CREATE TABLE IF NOT EXISTS bronze_rejects (
    reject_id    INTEGER PRIMARY KEY,
    source       TEXT NOT NULL,
    ingested_at  TEXT NOT NULL,
    line         INTEGER NOT NULL,
    byte_offset  INTEGER NOT NULL,
    reason       TEXT NOT NULL,
    object       TEXT NOT NULL,
    content_hash TEXT NOT NULL,
    UNIQUE (source, byte_offset, content_hash)
);
ALTER TABLE bronze_rejects ADD COLUMN field TEXT;
ALTER TABLE bronze_rejects ADD COLUMN value TEXT;
CREATE TABLE IF NOT EXISTS silver_rejects (
    table_name  TEXT NOT NULL,
    activity_id TEXT NOT NULL,
    item        TEXT NOT NULL,
    rule        TEXT NOT NULL,
    reason      TEXT NOT NULL,
    bronze_id   INTEGER NOT NULL,
    payload     TEXT NOT NULL,
    PRIMARY KEY (table_name, activity_id, item, rule)
) WITHOUT ROWID;
ALTER TABLE silver_rejects ADD COLUMN severity TEXT NOT NULL DEFAULT 'reject';
ALTER TABLE silver_rejects ADD COLUMN field TEXT;
ALTER TABLE silver_rejects ADD COLUMN value TEXT;
