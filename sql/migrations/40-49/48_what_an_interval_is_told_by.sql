-- needs: ml_run_predictions
-- unless: ml_run_predictions.interval_group
--
-- What an interval is told by stands beside each answer, so that no row is read again. Of runs of before it is not known; they have theirs.
CREATE TEMP TABLE answers AS SELECT run_id, evaluation, entity, as_of_date, item, fold, label, predicted, baselines FROM ml_run_predictions;
DROP TABLE ml_run_predictions;
CREATE TABLE IF NOT EXISTS ml_run_predictions (
    run_id     INTEGER NOT NULL,
    evaluation TEXT NOT NULL,
    entity     TEXT NOT NULL,
    as_of_date TEXT NOT NULL,
    item       TEXT NOT NULL,
    fold       INTEGER NOT NULL,
    label      REAL NOT NULL,
    predicted  REAL NOT NULL,
    baselines  TEXT,             -- JSON: what each of them said
    interval_group TEXT,         -- which rows its interval is told by, of a definition that tells them apart
    interval_scale REAL,         -- what its error is compared with, of a definition that says so
    PRIMARY KEY (run_id, evaluation, entity, as_of_date, item)
) WITHOUT ROWID;
INSERT INTO ml_run_predictions (run_id, evaluation, entity, as_of_date, item, fold, label, predicted, baselines)
SELECT run_id, evaluation, entity, as_of_date, item, fold, label, predicted, baselines FROM temp.answers;
DROP TABLE temp.answers;
