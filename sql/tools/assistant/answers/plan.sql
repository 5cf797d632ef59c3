-- answer: days, from gold_plan_outlook by athlete_id, plan_date
SELECT * FROM gold_plan_outlook WHERE athlete_id = :athlete ORDER BY plan_date LIMIT 200;

-- answer: tapers, from gold_race_tapers by athlete_id, days, share
SELECT * FROM gold_race_tapers WHERE athlete_id = :athlete ORDER BY is_best DESC, readiness DESC;
