-- bronze_documents listed the kinds that it takes, and had to be made anew for another one.
CREATE TABLE IF NOT EXISTS bronze_documents (bronze_id, kind, document_id, payload, content_hash, source, ingested_at);
CREATE TEMP TABLE kept AS
SELECT bronze_id, kind, document_id, payload, content_hash, source, ingested_at FROM bronze_documents;
DROP TABLE bronze_documents;
CREATE TABLE bronze_documents (
    bronze_id    INTEGER PRIMARY KEY,
    kind         TEXT NOT NULL CHECK (kind <> ''),
    document_id  TEXT NOT NULL,
    payload      TEXT NOT NULL,
    content_hash TEXT NOT NULL,
    source       TEXT NOT NULL,
    ingested_at  TEXT NOT NULL
);
INSERT INTO bronze_documents SELECT * FROM temp.kept ORDER BY bronze_id;
DROP TABLE temp.kept;
