INSERT INTO ops_runs (stage, started_at, duration_ms, rows_in, rows_out, rows_rejected, outcome, message)
SELECT {stage}, started_at, (julianday('now') - started) * 86400000, rows_in, rows_out, rows_rejected, 'ok', message
FROM stage_clock, counted;
