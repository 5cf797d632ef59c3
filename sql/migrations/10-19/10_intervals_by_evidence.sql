-- needs: ml_intervals.evidence_group, ml_validation_predictions.evidence_group, time_estimator_rows, ops_audit, ops_actor
--
-- Intervals are told apart by the kind of evidence behind an estimate: what was group 1 is one race, group 2 several. What a
-- version was judged by stays. The rows of evidence are computed anew by their stage, and the estimator is trained once more.
CREATE TABLE ml_validation_predictions_10 (
    model          TEXT NOT NULL, -- time_estimator, or a classic formula on the same evidence
    version        INTEGER NOT NULL,
    source         TEXT NOT NULL,
    subject        TEXT NOT NULL,
    as_of_date     TEXT NOT NULL,
    distance_class TEXT NOT NULL,
    fold           INTEGER NOT NULL,
    evidence       TEXT NOT NULL,    -- none, training_run, race, races: as in time_estimator_rows
    actual_s       REAL NOT NULL,
    predicted_s    REAL NOT NULL,
    lower_s        REAL,             -- from the residuals of the other folds
    upper_s        REAL,
    PRIMARY KEY (model, version, source, subject, as_of_date, distance_class)
) WITHOUT ROWID;
INSERT INTO ml_validation_predictions_10
SELECT model, version, source, subject, as_of_date, distance_class, fold, CASE evidence_group WHEN 1 THEN 'race' ELSE 'races' END,
       actual_s, predicted_s, lower_s, upper_s
FROM ml_validation_predictions;
DROP TABLE ml_validation_predictions;
ALTER TABLE ml_validation_predictions_10 RENAME TO ml_validation_predictions;

CREATE TABLE ml_intervals_10 (
    model          TEXT NOT NULL,
    version        INTEGER NOT NULL,
    distance_class TEXT NOT NULL,
    evidence       TEXT NOT NULL,
    lower_ln       REAL NOT NULL, -- bounds of ln(actual / predicted) for a prediction of 5:00 min/km
    upper_ln       REAL NOT NULL,
    spread_power   REAL NOT NULL, -- for another pace they grow with its power
    n              INTEGER NOT NULL,
    PRIMARY KEY (model, version, distance_class, evidence)
) WITHOUT ROWID;
INSERT INTO ml_intervals_10
SELECT model, version, distance_class, CASE evidence_group WHEN 1 THEN 'race' ELSE 'races' END, lower_ln, upper_ln, 0.0, n FROM ml_intervals;
DROP TABLE ml_intervals;
ALTER TABLE ml_intervals_10 RENAME TO ml_intervals;

INSERT INTO ops_audit (at, who, action, object, detail)
SELECT strftime('%Y-%m-%dT%H:%M:%SZ', 'now'), (SELECT who FROM ops_actor), 'migrate', 'time_estimator',
       json_object('intervals_by_evidence', (SELECT COUNT(*) FROM ml_intervals), 'is_trained_once_more', 1);
INSERT INTO ops_audit (at, who, action, object, detail)
SELECT strftime('%Y-%m-%dT%H:%M:%SZ', 'now'), (SELECT who FROM ops_actor), 'migrate', 'time_estimator_rows',
       json_object('rows_computed_anew', (SELECT COUNT(*) FROM time_estimator_rows));
DROP TABLE time_estimator_rows;
DELETE FROM ops_watermarks WHERE stage = '500_time_estimator_rows';
