CREATE TRIGGER IF NOT EXISTS {table}_keep BEFORE UPDATE ON {table}
BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END;
CREATE TRIGGER IF NOT EXISTS {table}_stay BEFORE DELETE ON {table}
BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END;
CREATE TRIGGER IF NOT EXISTS {table}_once BEFORE INSERT ON {table}
WHEN EXISTS (SELECT 1 FROM {table} AS o WHERE {same})
BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END;
