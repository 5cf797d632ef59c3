CREATE TRIGGER IF NOT EXISTS {table}_due_added AFTER INSERT ON {table}
BEGIN INSERT OR IGNORE INTO ops_due (stage, athlete_id) VALUES {new}; END;
CREATE TRIGGER IF NOT EXISTS {table}_due_changed AFTER UPDATE ON {table}
BEGIN INSERT OR IGNORE INTO ops_due (stage, athlete_id) VALUES {old}, {new}; END;
CREATE TRIGGER IF NOT EXISTS {table}_due_gone AFTER DELETE ON {table}
BEGIN INSERT OR IGNORE INTO ops_due (stage, athlete_id) VALUES {old}; END;
