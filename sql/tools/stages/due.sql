CREATE TRIGGER IF NOT EXISTS {table}_due_{first}_added AFTER INSERT ON {table}
BEGIN INSERT OR IGNORE INTO ops_due (stage, athlete_id) VALUES {new}; END;
CREATE TRIGGER IF NOT EXISTS {table}_due_{first}_changed AFTER UPDATE ON {table}
BEGIN INSERT OR IGNORE INTO ops_due (stage, athlete_id) VALUES {old}, {new}; END;
CREATE TRIGGER IF NOT EXISTS {table}_due_{first}_gone AFTER DELETE ON {table}
BEGIN INSERT OR IGNORE INTO ops_due (stage, athlete_id) VALUES {old}; END;
