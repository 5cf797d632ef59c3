
INSERT INTO ops_seen (stage, athlete_id, position) SELECT {stage}, athlete_id, position FROM changed;
