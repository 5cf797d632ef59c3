CREATE TRIGGER IF NOT EXISTS {table}_due_{first}_added AFTER INSERT ON {table}
BEGIN INSERT INTO ops_due (stage, athlete_id, since) VALUES {new} ON CONFLICT DO UPDATE SET since = excluded.since WHERE excluded.since < since; END;
CREATE TRIGGER IF NOT EXISTS {table}_due_{first}_changed AFTER UPDATE ON {table}
BEGIN INSERT INTO ops_due (stage, athlete_id, since) VALUES {old}, {new} ON CONFLICT DO UPDATE SET since = excluded.since WHERE excluded.since < since; END;
CREATE TRIGGER IF NOT EXISTS {table}_due_{first}_gone AFTER DELETE ON {table}
BEGIN INSERT INTO ops_due (stage, athlete_id, since) VALUES {old} ON CONFLICT DO UPDATE SET since = excluded.since WHERE excluded.since < since; END;
