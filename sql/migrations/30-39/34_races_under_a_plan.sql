-- needs: gold_plan_outlook, gold_race_tapers, athlete_plan
--
-- What a plan would bring says what its races would take. It is computed anew for everyone who has a plan.
DROP TABLE gold_plan_outlook;
DROP TABLE gold_race_tapers;
INSERT INTO ops_due (stage, athlete_id) SELECT DISTINCT '640_plan_outlook', athlete_id FROM athlete_plan WHERE true ON CONFLICT DO NOTHING;
