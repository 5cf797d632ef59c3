-- stage:    400_athlete_profile
-- purpose:  who an athlete is (first values kept; an odd one goes to silver_rejects), and a place for the settings that an athlete dates
-- reads:    bronze_strava_athlete, silver_strava_activities; ops_config, ops_published, ops_watermarks, silver_rules, silver_fields, silver_field_lists, silver_rule_fields, silver_rejects, silver_corrections, ops_actor, athlete_profile, athlete_profile_history, ops_due, ops_upstreams, feature_upgrades, athlete_profile_versions, silver_rule_rejects
-- writes:   athlete_profile; athlete_profile_history, athlete_profile_earlier, feature_publications, athlete_profile_settings, silver_rejects, silver_corrections, ops_seen, ops_due, silver_rule_rejects
-- follows:  -
-- grain:    athlete_id
-- params:   arrivals
-- rests:    ops_due; bronze_strava_athlete, feature_groups, feature_publications, silver_field_lists, silver_rules

-- begin: printed by `make stages`
BEGIN IMMEDIATE;

INSERT INTO ops_announced (stage, purpose, inputs, products, follows) VALUES (
    '400_athlete_profile',
    'who an athlete is (first values kept; an odd one goes to silver_rejects), and a place for the settings that an athlete dates',
    '["bronze_strava_athlete", "silver_strava_activities"]',
    '["athlete_profile"]',
    '[]');
-- end

-- A setting holds from its day until the next one of its kind; changing one does not rewrite the days before it:
--     INSERT INTO athlete_profile_settings VALUES ('4001', 'max_hr', '2024-01-01', 192);
CREATE TABLE IF NOT EXISTS athlete_profile_settings (
    athlete_id TEXT NOT NULL,
    setting    TEXT NOT NULL CONSTRAINT "setting is max_hr, resting_hr, threshold_hr, threshold_pace_min_km or ftp_w"
               CHECK (setting IN ('max_hr', 'resting_hr', 'threshold_hr', 'threshold_pace_min_km', 'ftp_w')),
    valid_from TEXT NOT NULL CONSTRAINT "valid_from is a day such as 2024-01-01" CHECK (valid_from IS date(valid_from, '+0 days')),
    value      REAL NOT NULL,
    CONSTRAINT "value is 20 to 250 bpm, 2 to 20 min/km or 20 to 1000 W"
    CHECK (typeof(value) = 'real' AND value BETWEEN CASE setting WHEN 'threshold_pace_min_km' THEN 2 ELSE 20 END
                                                AND CASE setting WHEN 'threshold_pace_min_km' THEN 20 WHEN 'ftp_w' THEN 1000 ELSE 250 END),
    PRIMARY KEY (athlete_id, setting, valid_from)
) WITHOUT ROWID;
-- due athlete_profile_settings for 410_activity_features since valid_from: printed by `make stages`
CREATE TRIGGER IF NOT EXISTS athlete_profile_settings_due_410_added AFTER INSERT ON athlete_profile_settings
BEGIN INSERT INTO ops_due (stage, athlete_id, since) VALUES ('410_activity_features', new.athlete_id, COALESCE(new.valid_from, '')) ON CONFLICT DO UPDATE SET since = excluded.since WHERE excluded.since < since; END;
CREATE TRIGGER IF NOT EXISTS athlete_profile_settings_due_410_changed AFTER UPDATE ON athlete_profile_settings
BEGIN INSERT INTO ops_due (stage, athlete_id, since) VALUES ('410_activity_features', old.athlete_id, COALESCE(old.valid_from, '')), ('410_activity_features', new.athlete_id, COALESCE(new.valid_from, '')) ON CONFLICT DO UPDATE SET since = excluded.since WHERE excluded.since < since; END;
CREATE TRIGGER IF NOT EXISTS athlete_profile_settings_due_410_gone AFTER DELETE ON athlete_profile_settings
BEGIN INSERT INTO ops_due (stage, athlete_id, since) VALUES ('410_activity_features', old.athlete_id, COALESCE(old.valid_from, '')) ON CONFLICT DO UPDATE SET since = excluded.since WHERE excluded.since < since; END;
-- end
-- due bronze_strava_athlete for 400_athlete_profile: printed by `make stages`
CREATE TRIGGER IF NOT EXISTS bronze_strava_athlete_due_400_added AFTER INSERT ON bronze_strava_athlete
BEGIN INSERT INTO ops_due (stage, athlete_id, since) VALUES ('400_athlete_profile', new.athlete_id, '') ON CONFLICT DO UPDATE SET since = excluded.since WHERE excluded.since < since; END;
CREATE TRIGGER IF NOT EXISTS bronze_strava_athlete_due_400_changed AFTER UPDATE ON bronze_strava_athlete
BEGIN INSERT INTO ops_due (stage, athlete_id, since) VALUES ('400_athlete_profile', old.athlete_id, ''), ('400_athlete_profile', new.athlete_id, '') ON CONFLICT DO UPDATE SET since = excluded.since WHERE excluded.since < since; END;
CREATE TRIGGER IF NOT EXISTS bronze_strava_athlete_due_400_gone AFTER DELETE ON bronze_strava_athlete
BEGIN INSERT INTO ops_due (stage, athlete_id, since) VALUES ('400_athlete_profile', old.athlete_id, '') ON CONFLICT DO UPDATE SET since = excluded.since WHERE excluded.since < since; END;
-- end
-- due athlete_profile for 400_athlete_profile, 410_activity_features: printed by `make stages`
CREATE TRIGGER IF NOT EXISTS athlete_profile_due_400_added AFTER INSERT ON athlete_profile
BEGIN INSERT INTO ops_due (stage, athlete_id, since) VALUES ('400_athlete_profile', new.athlete_id, ''), ('410_activity_features', new.athlete_id, '') ON CONFLICT DO UPDATE SET since = excluded.since WHERE excluded.since < since; END;
CREATE TRIGGER IF NOT EXISTS athlete_profile_due_400_changed AFTER UPDATE ON athlete_profile
BEGIN INSERT INTO ops_due (stage, athlete_id, since) VALUES ('400_athlete_profile', old.athlete_id, ''), ('410_activity_features', old.athlete_id, ''), ('400_athlete_profile', new.athlete_id, ''), ('410_activity_features', new.athlete_id, '') ON CONFLICT DO UPDATE SET since = excluded.since WHERE excluded.since < since; END;
CREATE TRIGGER IF NOT EXISTS athlete_profile_due_400_gone AFTER DELETE ON athlete_profile
BEGIN INSERT INTO ops_due (stage, athlete_id, since) VALUES ('400_athlete_profile', old.athlete_id, ''), ('410_activity_features', old.athlete_id, '') ON CONFLICT DO UPDATE SET since = excluded.since WHERE excluded.since < since; END;
-- end

CREATE TEMP TABLE stage_clock AS
SELECT strftime('%Y-%m-%dT%H:%M:%SZ', 'now') AS started_at, julianday('now') AS started,
       COALESCE((SELECT MAX(bronze_id) FROM bronze_strava_athlete), 0) || ' '
           || (SELECT rows_hash(rule, severity, predicate, reason) FROM (SELECT * FROM silver_rules WHERE table_name = 'athlete_profile' ORDER BY rule))
           || (SELECT rows_hash(table_name, fields) FROM (SELECT * FROM silver_field_lists ORDER BY table_name)) AS position,
       (SELECT position FROM ops_watermarks WHERE stage = '400_athlete_profile' AND athlete_id = '') AS position_before;

-- All of them when a rule has changed, or the version.
CREATE TEMP TABLE changed AS
SELECT athlete_id FROM ops_due WHERE stage = '400_athlete_profile' AND athlete_id <> ''
UNION
SELECT a.athlete_id
FROM (SELECT 1 FROM stage_clock WHERE substr(position, instr(position, ' ')) IS NOT substr(position_before, instr(position_before, ' '))
      UNION SELECT 1 FROM feature_upgrades WHERE table_name = 'athlete_profile' AND earlier IS NOT NULL)
CROSS JOIN (SELECT athlete_id FROM silver_strava_activities UNION SELECT athlete_id FROM athlete_profile UNION SELECT athlete_id FROM bronze_strava_athlete) AS a;

CREATE TEMP TABLE first_activity AS
SELECT *, CAST(substr(local_date, 1, 4) AS INTEGER) AS first_year
FROM (SELECT athlete_id, local_date, start_time, available_at,
             ROW_NUMBER() OVER (PARTITION BY athlete_id ORDER BY start_time, activity_id) AS age
      FROM changed AS c
      CROSS JOIN silver_strava_activities USING (athlete_id)
      WHERE local_date <= date((SELECT MIN(local_date) FROM silver_strava_activities AS e WHERE e.athlete_id = c.athlete_id), '+30 days')) -- no clock is as far off
WHERE age = 1;

CREATE TEMP TABLE reading AS
SELECT b.athlete_id, b.bronze_id, b.payload, json_fields(b.payload, l.fields) AS p
FROM silver_field_lists AS l
CROSS JOIN changed
CROSS JOIN bronze_strava_athlete AS b USING (athlete_id)
WHERE l.table_name = 'athlete_profile';

-- What each version of an athlete says; a value that breaks a rule says nothing.
CREATE TEMP TABLE version AS
SELECT r.*, p ->> '$.values.sex' AS sex, CAST(substr(p ->> '$.values.birthdate', 1, 4) AS INTEGER) AS birth_year, f.first_year,
       LEAD(bronze_id) OVER (PARTITION BY athlete_id ORDER BY bronze_id) IS NULL AS is_last
FROM reading AS r
LEFT JOIN first_activity AS f USING (athlete_id);

-- judge athlete_profile by bronze_id: printed by `make stages`
-- A value for which a rule has no answer, such as a text that is no JSON, breaks it. A rule that may not be asked judges nothing.
-- Where nothing is new and no rule has changed, nothing is asked: what was said of the rules stands.
CREATE TEMP TABLE judging AS
SELECT 1 FROM stage_clock WHERE position IS NOT position_before OR EXISTS (SELECT 1 FROM version);
CREATE TEMP TABLE judged AS
SELECT r.*
FROM judging
CROSS JOIN broken_rules('SELECT bronze_id, * FROM temp.version',
                        'SELECT rule, predicate FROM silver_rules WHERE table_name = ''athlete_profile''') AS r;
CREATE TEMP TABLE broken_rule AS
SELECT CAST(j.key AS INTEGER) AS bronze_id, r.rule, r.severity, r.reason || CASE WHEN j.error IS NULL THEN '' ELSE ' (or has no answer)' END AS reason
FROM judged AS j
JOIN silver_rules AS r USING (rule)
WHERE r.table_name = 'athlete_profile' AND j.refusal IS NULL;
DELETE FROM silver_rule_rejects
WHERE table_name = 'athlete_profile' AND EXISTS (SELECT 1 FROM judging)
  AND NOT EXISTS (SELECT 1 FROM silver_rules AS r JOIN judged AS j USING (rule)
                  WHERE (r.table_name, r.rule, r.predicate) = (silver_rule_rejects.table_name, silver_rule_rejects.rule, silver_rule_rejects.predicate)
                    AND j.refusal IS NOT NULL);
INSERT OR IGNORE INTO silver_rule_rejects (table_name, rule, predicate, reason, rejected_at)
SELECT r.table_name, rule, r.predicate, j.refusal, started_at
FROM stage_clock, judged AS j
JOIN silver_rules AS r USING (rule)
WHERE r.table_name = 'athlete_profile' AND j.refusal IS NOT NULL;
-- end

CREATE TEMP TABLE broken AS
SELECT b.*, f.field
FROM broken_rule AS b
LEFT JOIN silver_rule_fields AS f ON f.table_name = 'athlete_profile' AND f.rule = b.rule;
CREATE INDEX temp.broken_by_version ON broken (bronze_id);

CREATE TEMP TABLE told AS
SELECT athlete_id, bronze_id,
       CASE WHEN NOT EXISTS (SELECT 1 FROM broken AS b WHERE b.bronze_id = v.bronze_id AND b.field = 'sex') THEN sex END AS sex,
       CASE WHEN NOT EXISTS (SELECT 1 FROM broken AS b WHERE b.bronze_id = v.bronze_id AND b.field = 'birthdate') THEN birth_year END AS birth_year
FROM version AS v;
CREATE INDEX temp.told_by_athlete ON told (athlete_id, bronze_id);

-- Who is published and says for the first time who he is, is known from then on to be so: a correction of all his days, with
-- the number of the athlete's object below zero, where no activity's is.
INSERT OR IGNORE INTO silver_corrections (athlete_id, from_date, corrected_at, activity_id, bronze_id)
SELECT t.athlete_id, f.local_date, b.ingested_at, '', -t.bronze_id
FROM ops_config AS s
CROSS JOIN told AS t
JOIN bronze_strava_athlete AS b USING (bronze_id)
JOIN first_activity AS f ON f.athlete_id = t.athlete_id
LEFT JOIN ops_published AS p ON p.athlete_id = t.athlete_id
WHERE s.name = 'arrivals' AND COALESCE(s.value, CASE WHEN p.athlete_id IS NOT NULL THEN 'live' END) = 'live'
  AND t.bronze_id > COALESCE((SELECT CAST(position AS INTEGER) FROM ops_watermarks WHERE stage = '400_athlete_profile' AND athlete_id = ''), 0)
  AND (t.sex IS NOT NULL AND NOT EXISTS (SELECT 1 FROM told AS e WHERE e.athlete_id = t.athlete_id AND e.bronze_id < t.bronze_id AND e.sex IS NOT NULL)
       OR t.birth_year IS NOT NULL
          AND NOT EXISTS (SELECT 1 FROM told AS e WHERE e.athlete_id = t.athlete_id AND e.bronze_id < t.bronze_id AND e.birth_year IS NOT NULL));

CREATE TEMP TABLE computed AS
SELECT f.athlete_id,
       (SELECT t.sex FROM told AS t WHERE t.athlete_id = f.athlete_id AND t.sex IS NOT NULL ORDER BY bronze_id LIMIT 1) AS sex,
       (SELECT t.birth_year FROM told AS t WHERE t.athlete_id = f.athlete_id AND t.birth_year IS NOT NULL ORDER BY bronze_id LIMIT 1) AS birth_year,
       f.local_date AS first_activity_date, f.start_time AS event_timestamp,
       max(f.available_at, COALESCE((SELECT MAX(corrected_at) FROM silver_corrections AS c
                                     WHERE c.athlete_id = f.athlete_id AND c.from_date <= f.local_date), '')) AS available_at
FROM first_activity AS f;

-- What the newest version of an athlete says that is no answer.
DELETE FROM silver_rejects
WHERE table_name = 'athlete_profile' AND activity_id = '' AND item IN (SELECT 'athlete ' || athlete_id FROM changed);
INSERT INTO silver_rejects (table_name, activity_id, item, rule, reason, bronze_id, payload, severity, field, value)
SELECT 'athlete_profile', '', 'athlete ' || v.athlete_id, b.rule, b.reason, v.bronze_id, v.payload, b.severity, group_concat(b.field, ', '),
       group_concat(substr(v.payload -> b.field, 1, 60), ', ')
FROM version AS v
JOIN broken AS b USING (bronze_id)
WHERE v.is_last
GROUP BY v.athlete_id, b.rule
UNION ALL
SELECT 'athlete_profile', '', 'athlete ' || v.athlete_id, f.value ->> '$.rule', f.value ->> '$.reason', v.bronze_id, v.payload, s.severity,
       f.value ->> '$.field', f.value ->> '$.value'
FROM version AS v
CROSS JOIN json_each(v.p, '$.faults') AS f
CROSS JOIN silver_fields AS s ON s.table_name = 'athlete_profile' AND s.field = f.value ->> '$.field'
WHERE v.is_last;

CREATE UNIQUE INDEX temp.computed_by_athlete ON computed (athlete_id);

-- publish athlete_profile, corrected from o.first_activity_date: printed by `make stages`
-- A row is known from the instant at which its values first stood; what changes or goes stays in the history until then.
-- What moved without news, as by a setting, is known from now on; and as before, where the formula of a version that has not been
-- published moved it: then that version is published over the whole history, and what stood before goes to athlete_profile_earlier.
CREATE TEMP TABLE heard AS
SELECT c.athlete_id, json_extract(m.position, '$[10]') AS until, '' AS until_now
FROM changed AS c
JOIN ops_watermarks AS m ON m.stage = '400_athlete_profile' AND m.athlete_id = c.athlete_id;
CREATE UNIQUE INDEX temp.heard_by_athlete ON heard (athlete_id);
CREATE TEMP TABLE standing AS
SELECT o.athlete_id, o.available_at AS since, n.available_at AS told
FROM computed AS n
CROSS JOIN athlete_profile AS o USING (athlete_id);
CREATE UNIQUE INDEX temp.standing_by_key ON standing (athlete_id);
UPDATE computed AS n SET available_at = s.since
FROM standing AS s
WHERE (n.athlete_id) = (s.athlete_id) AND n.available_at <> s.since;
CREATE TEMP TABLE fresh AS
SELECT n.athlete_id, n.sex, n.birth_year, n.first_activity_date, n.event_timestamp, n.available_at
FROM computed AS n
LEFT JOIN athlete_profile AS o ON (o.athlete_id) = (n.athlete_id)
WHERE (n.athlete_id, n.sex, n.birth_year, n.first_activity_date, n.event_timestamp, n.available_at) IS NOT (o.athlete_id, o.sex, o.birth_year, o.first_activity_date, o.event_timestamp, o.available_at);
CREATE TEMP TABLE upgrade AS
SELECT u.*, u.earlier IS NULL OR EXISTS (
           SELECT 1 FROM fresh AS n
           LEFT JOIN standing AS s USING (athlete_id)
           LEFT JOIN heard AS h ON h.athlete_id = n.athlete_id
           WHERE h.until_now IS h.until OR COALESCE(s.told, n.available_at) <= max(COALESCE(s.since, ''), COALESCE(h.until, '')))
       OR EXISTS (
           SELECT 1 FROM changed AS c
           CROSS JOIN athlete_profile AS o USING (athlete_id)
           LEFT JOIN heard AS h ON h.athlete_id = o.athlete_id
           WHERE NOT EXISTS (SELECT 1 FROM computed AS n WHERE (n.athlete_id) = (o.athlete_id))
             AND NOT EXISTS (SELECT 1 FROM silver_corrections AS s
                             WHERE s.athlete_id = o.athlete_id AND s.from_date <= o.first_activity_date AND s.corrected_at > max(o.available_at, COALESCE(h.until, '')))) AS is_new
FROM feature_upgrades AS u
WHERE u.table_name = 'athlete_profile';
CREATE TEMP TABLE formula AS SELECT * FROM upgrade WHERE is_new AND earlier IS NOT NULL;
UPDATE fresh AS n SET available_at = max(n.available_at, k.started_at)
FROM heard AS h, stage_clock AS k
WHERE h.athlete_id = n.athlete_id AND n.available_at <= h.until AND NOT EXISTS (SELECT 1 FROM formula);
UPDATE fresh AS n SET available_at = CASE WHEN EXISTS (SELECT 1 FROM formula) AND (h.until_now IS h.until OR s.told <= max(s.since, COALESCE(h.until, ''))) THEN s.since
                                         WHEN s.told > s.since AND s.told > COALESCE(h.until, '') THEN s.told ELSE max(s.since, k.started_at) END
FROM standing AS s, stage_clock AS k
LEFT JOIN heard AS h ON h.athlete_id = s.athlete_id
WHERE (n.athlete_id) = (s.athlete_id);
INSERT INTO athlete_profile_earlier (publication_id, athlete_id, sex, birth_year, first_activity_date, event_timestamp, available_at, superseded_at, superseded_by)
SELECT f.earlier, o.athlete_id, o.sex, o.birth_year, o.first_activity_date, o.event_timestamp, o.available_at, o.superseded_at, o.superseded_by FROM formula AS f CROSS JOIN athlete_profile_versions AS o;
DELETE FROM athlete_profile_history WHERE EXISTS (SELECT 1 FROM formula);
UPDATE fresh AS n SET available_at = max(available_at, COALESCE((SELECT MAX(superseded_at) FROM athlete_profile_history AS h WHERE (h.athlete_id) = (n.athlete_id)), ''))
WHERE EXISTS (SELECT 1 FROM athlete_profile_history AS h WHERE (h.athlete_id) = (n.athlete_id));
CREATE TEMP TABLE outdated AS
SELECT o.athlete_id, f.available_at AS superseded_at
FROM fresh AS f
CROSS JOIN athlete_profile AS o USING (athlete_id)
UNION ALL
SELECT o.athlete_id,
       COALESCE((SELECT MAX(corrected_at) FROM silver_corrections AS s
                 WHERE s.athlete_id = o.athlete_id AND s.from_date <= o.first_activity_date AND s.corrected_at > max(o.available_at, COALESCE(h.until, ''))),
                k.started_at)
FROM stage_clock AS k
CROSS JOIN changed AS c
CROSS JOIN athlete_profile AS o USING (athlete_id)
LEFT JOIN heard AS h ON h.athlete_id = o.athlete_id
WHERE NOT EXISTS (SELECT 1 FROM computed AS n WHERE (n.athlete_id) = (o.athlete_id));
INSERT INTO athlete_profile_history (athlete_id, sex, birth_year, first_activity_date, event_timestamp, available_at, superseded_at, superseded_by)
SELECT o.athlete_id, o.sex, o.birth_year, o.first_activity_date, o.event_timestamp, o.available_at, d.superseded_at, (SELECT who FROM ops_actor)
FROM outdated AS d
JOIN athlete_profile AS o USING (athlete_id);
DELETE FROM athlete_profile
WHERE (athlete_id) IN (SELECT athlete_id FROM outdated);
DELETE FROM athlete_profile_history -- what was never believed leaves no version
WHERE (athlete_id) IN (SELECT athlete_id FROM outdated) AND superseded_at <= available_at OR EXISTS (SELECT 1 FROM formula);
INSERT INTO athlete_profile (athlete_id, sex, birth_year, first_activity_date, event_timestamp, available_at) SELECT athlete_id, sex, birth_year, first_activity_date, event_timestamp, available_at FROM fresh;
INSERT INTO feature_publications (group_name, major, minor, patch, build, is_new, published_at)
SELECT name, major, minor, patch, max(1, builds + is_new), is_new, started_at FROM upgrade, stage_clock;
-- end

INSERT INTO ops_due (stage, athlete_id)
SELECT u.stage, d.athlete_id
FROM ops_upstreams AS u
CROSS JOIN (SELECT athlete_id FROM fresh UNION SELECT athlete_id FROM outdated) AS d
WHERE u.upstream = '400_athlete_profile'
ON CONFLICT DO UPDATE SET since = '' WHERE since <> '';

SELECT assert_that(NOT EXISTS (
    SELECT 1 FROM changed AS c
    WHERE EXISTS (SELECT 1 FROM athlete_profile AS p WHERE p.athlete_id = c.athlete_id)
          <> EXISTS (SELECT 1 FROM silver_strava_activities AS a WHERE a.athlete_id = c.athlete_id)),
                   '400_athlete_profile: an athlete with activities has no profile');

CREATE TEMP TABLE counted AS
SELECT (SELECT COUNT(*) FROM changed) AS rows_in,
       (SELECT COUNT(*) FROM computed) AS rows_out,
       0 AS rows_rejected, NULL AS message;

INSERT INTO ops_seen (stage, athlete_id, position) SELECT '400_athlete_profile', '', position FROM stage_clock WHERE position IS NOT position_before;
-- Until when an athlete had been heard of, at the place where the block above looks for it.
INSERT INTO ops_seen (stage, athlete_id, position)
SELECT '400_athlete_profile', n.athlete_id, n.position
FROM (SELECT f.athlete_id,
             json_array(NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
                        max((SELECT MAX(a.available_at) FROM silver_strava_activities AS a WHERE a.athlete_id = f.athlete_id),
                            COALESCE((SELECT MAX(c.corrected_at) FROM silver_corrections AS c WHERE c.athlete_id = f.athlete_id), ''))) AS position
      FROM first_activity AS f) AS n
LEFT JOIN ops_watermarks AS m ON m.stage = '400_athlete_profile' AND m.athlete_id = n.athlete_id
WHERE m.position IS NOT n.position;

-- finish: printed by `make stages`
INSERT INTO ops_runs (stage, started_at, duration_ms, rows_in, rows_out, rows_rejected, outcome, message)
SELECT '400_athlete_profile', started_at, (julianday('now') - started) * 86400000, rows_in, rows_out, rows_rejected, 'ok', message
FROM stage_clock, counted;

DELETE FROM ops_due WHERE stage = '400_athlete_profile';

DROP TABLE temp.counted;
DROP TABLE temp.outdated;
DROP TABLE temp.formula;
DROP TABLE temp.upgrade;
DROP TABLE temp.fresh;
DROP TABLE temp.standing;
DROP TABLE temp.heard;
DROP TABLE temp.computed;
DROP TABLE temp.told;
DROP TABLE temp.broken;
DROP TABLE temp.broken_rule;
DROP TABLE temp.judged;
DROP TABLE temp.judging;
DROP TABLE temp.version;
DROP TABLE temp.reading;
DROP TABLE temp.first_activity;
DROP TABLE temp.changed;
DROP TABLE temp.stage_clock;

COMMIT;
