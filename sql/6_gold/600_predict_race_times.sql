-- stage:    600_predict_race_times
-- purpose:  race times for tomorrow by the accepted model and by the classic formulas, appended and never overwritten
-- reads:    time_estimator_rows, ml_model_versions; ml_aliases, ml_models_current, estimate_rejects, ml_intervals, race_distances, gold_athlete_predictions, ops_due, ops_watermarks
-- writes:   gold_athlete_predictions; estimate_rejects, ops_due, ops_seen
-- follows:  -
-- grain:    athlete_id, prediction_date, distance_class, model, version, inputs
-- params:   -
-- rests:    ops_due; ml_aliases, ml_model_versions, ml_models, ops_watermarks, race_distances

-- begin: printed by `make stages`
BEGIN IMMEDIATE;

INSERT INTO ops_announced (stage, purpose, inputs, products, follows) VALUES (
    '600_predict_race_times',
    'race times for tomorrow by the accepted model and by the classic formulas, appended and never overwritten',
    '["time_estimator_rows", "ml_model_versions"]',
    '["gold_athlete_predictions"]',
    '[]');
-- end

CREATE TABLE IF NOT EXISTS gold_athlete_predictions (
    prediction_id   INTEGER PRIMARY KEY,
    athlete_id      TEXT NOT NULL,
    prediction_date TEXT NOT NULL,   -- the day the time is estimated for
    distance_class  TEXT NOT NULL,
    model           TEXT NOT NULL,   -- time_estimator, or a classic formula on the same evidence
    version         INTEGER NOT NULL,
    predicted_s     REAL NOT NULL,
    lower_s         REAL,
    upper_s         REAL,
    known_at        TEXT NOT NULL,   -- nothing that became known later was used
    inputs          TEXT NOT NULL,   -- JSON: the features as used
    UNIQUE (athlete_id, prediction_date, distance_class, model, version, inputs)
);

-- append-only gold_athlete_predictions: printed by `make stages`
CREATE TRIGGER IF NOT EXISTS gold_athlete_predictions_keep BEFORE UPDATE ON gold_athlete_predictions
BEGIN SELECT RAISE(ABORT, 'gold_athlete_predictions is append-only'); END;
CREATE TRIGGER IF NOT EXISTS gold_athlete_predictions_stay BEFORE DELETE ON gold_athlete_predictions
BEGIN SELECT RAISE(ABORT, 'gold_athlete_predictions is append-only'); END;
CREATE TRIGGER IF NOT EXISTS gold_athlete_predictions_once BEFORE INSERT ON gold_athlete_predictions
WHEN EXISTS (SELECT 1 FROM gold_athlete_predictions AS o WHERE (o.prediction_id) = (new.prediction_id) OR (o.athlete_id, o.prediction_date, o.distance_class, o.model, o.version, o.inputs) = (new.athlete_id, new.prediction_date, new.distance_class, new.model, new.version, new.inputs))
BEGIN SELECT RAISE(ABORT, 'gold_athlete_predictions is append-only'); END;
-- end

-- due gold_athlete_predictions for 640_plan_outlook: printed by `make stages`
CREATE TRIGGER IF NOT EXISTS gold_athlete_predictions_due_640_added AFTER INSERT ON gold_athlete_predictions
BEGIN INSERT INTO ops_due (stage, athlete_id, since) VALUES ('640_plan_outlook', new.athlete_id, '') ON CONFLICT DO UPDATE SET since = excluded.since WHERE excluded.since < since; END;
CREATE TRIGGER IF NOT EXISTS gold_athlete_predictions_due_640_changed AFTER UPDATE ON gold_athlete_predictions
BEGIN INSERT INTO ops_due (stage, athlete_id, since) VALUES ('640_plan_outlook', old.athlete_id, ''), ('640_plan_outlook', new.athlete_id, '') ON CONFLICT DO UPDATE SET since = excluded.since WHERE excluded.since < since; END;
CREATE TRIGGER IF NOT EXISTS gold_athlete_predictions_due_640_gone AFTER DELETE ON gold_athlete_predictions
BEGIN INSERT INTO ops_due (stage, athlete_id, since) VALUES ('640_plan_outlook', old.athlete_id, '') ON CONFLICT DO UPDATE SET since = excluded.since WHERE excluded.since < since; END;
-- end

CREATE INDEX IF NOT EXISTS gold_athlete_predictions_by_model ON gold_athlete_predictions (model, version);

CREATE TEMP TABLE stage_clock AS
SELECT strftime('%Y-%m-%dT%H:%M:%SZ', 'now') AS started_at, julianday('now') AS started,
       (SELECT COALESCE(MAX(prediction_id), 0) FROM gold_athlete_predictions) AS last_id,
       c.version, c.model_json, c.specification,
       row_hash(c.version, c.model_json,
                (SELECT rows_hash(distance_class, interval_class) FROM (SELECT * FROM race_distances ORDER BY distance_class))) AS position,
       (SELECT position FROM ops_watermarks WHERE stage = '600_predict_race_times') AS position_before
FROM (SELECT 1)
LEFT JOIN (SELECT v.version, v.model_json, v.specification FROM ml_aliases AS a JOIN ml_model_versions AS v USING (model, version)
           WHERE a.model = 'time_estimator' AND a.alias = 'champion'
             AND a.model NOT IN (SELECT model FROM ml_models_current WHERE learner = 'none')) AS c;

-- What the champion asks for, by name as its definition says: columns of time_estimator_rows, to be scored and to be told.
CREATE TEMP TABLE asking AS
SELECT group_concat('r."' || name || '"', ', ') AS columns_sql, group_concat('''' || name || ''', json(number_text(r."' || name || '"))', ', ') AS inputs_sql
FROM (SELECT replace(replace(CASE f.type WHEN 'object' THEN f.value ->> '$.name' ELSE f.value END, '"', ''), '''', '') AS name
      FROM stage_clock AS c CROSS JOIN json_each(c.specification, '$.features') AS f ORDER BY f.key);

-- Everyone when another model is the champion.
CREATE TEMP TABLE changed AS
SELECT athlete_id FROM ops_due WHERE stage = '600_predict_race_times'
UNION
SELECT a.athlete_id
FROM (SELECT 1 FROM stage_clock WHERE position IS NOT position_before)
CROSS JOIN (SELECT subject AS athlete_id FROM time_estimator_rows WHERE source = 'today'
            UNION SELECT subject FROM estimate_rejects WHERE stage = '600_predict_race_times') AS a;

CREATE TEMP TABLE question (row_id INTEGER PRIMARY KEY, source TEXT, subject TEXT, as_of_date TEXT, distance_class TEXT);
INSERT INTO question (source, subject, as_of_date, distance_class)
SELECT r.source, r.subject, r.as_of_date, r.distance_class
FROM changed
CROSS JOIN time_estimator_rows AS r ON r.source = 'today' AND r.subject = changed.athlete_id
WHERE EXISTS (SELECT 1 FROM stage_clock WHERE version IS NOT NULL);
CREATE TEMP TABLE answer (row_id INTEGER, fault TEXT, value REAL);
INSERT INTO answer
SELECT a.c1, a.fault, a.c2
FROM stage_clock AS c
CROSS JOIN asking AS k
CROSS JOIN attempt('SELECT key, value FROM gbdt_score(?1, ?2)', c.model_json,
                   'SELECT q.row_id, ' || k.columns_sql || ' FROM temp.question AS q CROSS JOIN time_estimator_rows AS r USING (source, subject, as_of_date, distance_class) ORDER BY q.row_id') AS a
WHERE EXISTS (SELECT 1 FROM question);
CREATE INDEX temp.answer_by_row ON answer (row_id);
CREATE TEMP TABLE input (row_id INTEGER, fault TEXT, inputs TEXT);
INSERT INTO input
SELECT a.c1, a.fault, a.c2
FROM asking AS k
CROSS JOIN attempt('SELECT q.row_id, json_object(''evidence'', r.evidence, ''evidence_activity_id'', r.evidence_activity_id, ''n_evidence'', r.n_evidence,
                                                 ''base_ln_s'', json(number_text(r.base_ln_s)), ' || k.inputs_sql || ')
                    FROM temp.question AS q CROSS JOIN time_estimator_rows AS r USING (source, subject, as_of_date, distance_class)') AS a
WHERE EXISTS (SELECT 1 FROM question);
CREATE INDEX temp.input_by_row ON input (row_id);

CREATE TEMP TABLE estimate AS
WITH estimated AS MATERIALIZED (
    SELECT r.subject, r.as_of_date, r.distance_class, r.distance_m, r.evidence, r.event_timestamp, r.riegel_s, r.vdot_s, r.vickers_one_race_s, r.vickers_two_races_s, r.tanda_s,
           c.version, portable_exp(r.base_ln_s + a.value) AS mine_s, i.inputs
    FROM stage_clock AS c
    CROSS JOIN question AS q
    CROSS JOIN time_estimator_rows AS r USING (source, subject, as_of_date, distance_class)
    CROSS JOIN answer AS a USING (row_id)
    CROSS JOIN input AS i USING (row_id)
),
each_model AS (
    SELECT 'time_estimator' AS model, mine_s AS predicted_s, * FROM estimated
    UNION ALL SELECT 'riegel', riegel_s, * FROM estimated
    UNION ALL SELECT 'vdot', vdot_s, * FROM estimated
    UNION ALL SELECT 'vickers_one_race', vickers_one_race_s, * FROM estimated
    UNION ALL SELECT 'vickers_two_races', vickers_two_races_s, * FROM estimated
    UNION ALL SELECT 'tanda', tanda_s, * FROM estimated
),
bounded AS (
    SELECT e.*, i.lower_ln, i.upper_ln, portable_exp(i.spread_power * portable_ln(e.predicted_s / (0.3 * e.distance_m))) AS spread -- as in training
    FROM each_model AS e
    JOIN race_distances AS d USING (distance_class)
    LEFT JOIN ml_intervals AS i
           ON i.model = e.model AND i.version = e.version AND i.distance_class = d.interval_class
          AND i.evidence = CASE WHEN e.model = 'vickers_two_races' THEN 'races' ELSE e.evidence END
    WHERE e.predicted_s > 0
)
SELECT subject AS athlete_id, as_of_date AS prediction_date, distance_class, model, version, predicted_s,
       predicted_s * portable_exp(lower_ln * spread) AS lower_s, predicted_s * portable_exp(upper_ln * spread) AS upper_s,
       event_timestamp AS known_at, inputs
FROM bounded
ORDER BY subject, distance_m, model;

-- Of a small survey, or of a history without a race, an estimate may be absurd; the others are not.
CREATE TEMP TABLE computed AS
SELECT *, CASE WHEN predicted_s NOT BETWEEN 300 AND 100000 THEN 'a time that nobody runs'
               WHEN NOT predicted_s BETWEEN lower_s AND upper_s THEN 'outside its own interval' END AS reason
FROM estimate;
DELETE FROM estimate_rejects
WHERE (stage, model, source, subject) IN (SELECT '600_predict_race_times', m.column1, 'today', c.athlete_id FROM changed AS c
    CROSS JOIN (VALUES ('time_estimator'), ('riegel'), ('vdot'), ('vickers_one_race'), ('vickers_two_races'), ('tanda')) AS m);
INSERT INTO estimate_rejects
SELECT '600_predict_race_times', model, 'today', athlete_id, prediction_date, distance_class, predicted_s, reason
FROM computed
WHERE reason IS NOT NULL;

INSERT INTO gold_athlete_predictions
    (athlete_id, prediction_date, distance_class, model, version, predicted_s, lower_s, upper_s, known_at, inputs)
SELECT athlete_id, prediction_date, distance_class, model, version, predicted_s, lower_s, upper_s, known_at, inputs
FROM computed AS n
WHERE reason IS NULL
  AND NOT EXISTS (SELECT 1 FROM gold_athlete_predictions AS p
                  WHERE (p.athlete_id, p.prediction_date, p.distance_class, p.model, p.version, p.inputs)
                      = (n.athlete_id, n.prediction_date, n.distance_class, n.model, n.version, n.inputs));

CREATE TEMP TABLE counted AS
SELECT (SELECT COUNT(*) FROM changed) AS rows_in,
       (SELECT COUNT(*) FROM gold_athlete_predictions WHERE prediction_id > last_id) AS rows_out,
       (SELECT COUNT(*) FROM computed WHERE reason IS NOT NULL) AS rows_rejected,
       (SELECT 'the champion cannot be asked: ' || MIN(fault) FROM (SELECT fault FROM answer UNION ALL SELECT fault FROM input) GROUP BY NULL HAVING COUNT(fault) > 0) AS message
FROM stage_clock;

INSERT INTO ops_seen (stage, athlete_id, position) SELECT '600_predict_race_times', '', position FROM stage_clock WHERE position IS NOT position_before;

-- finish: printed by `make stages`
INSERT INTO ops_runs (stage, started_at, duration_ms, rows_in, rows_out, rows_rejected, outcome, message)
SELECT '600_predict_race_times', started_at, (julianday('now') - started) * 86400000, rows_in, rows_out, rows_rejected, 'ok', message
FROM stage_clock, counted;

DELETE FROM ops_due WHERE stage = '600_predict_race_times';

DROP TABLE temp.counted;
DROP TABLE temp.computed;
DROP TABLE temp.estimate;
DROP TABLE temp.input;
DROP TABLE temp.answer;
DROP TABLE temp.question;
DROP TABLE temp.changed;
DROP TABLE temp.asking;
DROP TABLE temp.stage_clock;

COMMIT;
