
CREATE TEMP TABLE stage_clock AS
SELECT strftime('%Y-%m-%dT%H:%M:%SZ', 'now') AS started_at, julianday('now') AS started;
