-- needs: silver_rules, ops_audit, ops_actor
--
-- Clocks that were never set begin in 1970, 1980 or 1989, and one activity of 1930 made a calendar of 35,000 days. A rule that its
-- owner has changed stays as it is.
UPDATE silver_rules
SET predicate = 'start_time >= ''1970-01-02'' AND substr(start_time, 1, 10) NOT IN (''1980-01-06'', ''1989-12-31'')',
    reason = 'starts before 1970, or on a day on which the clocks of phones, of GPS or of watches begin: one that was never set'
WHERE (table_name, rule, predicate) = ('silver_strava_activities', 'start_is_in_living_memory', 'start_time >= ''1930''');
INSERT INTO ops_audit (at, who, action, object, detail)
SELECT strftime('%Y-%m-%dT%H:%M:%SZ', 'now'), (SELECT who FROM ops_actor), 'migrate', 'silver_rules', '{"rule":"start_is_in_living_memory"}'
WHERE changes() > 0;
