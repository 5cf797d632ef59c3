-- stage:    546_loss_models
-- purpose:  teach a second model how far each accepted model of a number errs on rows that it had not seen, so that its error can be estimated without labels
-- reads:    ml_model_versions; ml_runs, ml_models, ml_run_artifacts, ml_run_predictions
-- writes:   ml_run_losses; ml_run_artifacts
-- follows:  -
-- grain:    run_id, entity, as_of_date, item
-- params:   -
-- rests:    -; ml_model_versions, ml_models, ml_runs

-- begin: printed by `make stages`
BEGIN IMMEDIATE;

INSERT INTO ops_announced (stage, purpose, inputs, products, follows) VALUES (
    '546_loss_models',
    'teach a second model how far each accepted model of a number errs on rows that it had not seen, so that its error can be estimated without labels',
    '["ml_model_versions"]',
    '["ml_run_losses"]',
    '[]');

CREATE TEMP TABLE stage_clock AS
SELECT strftime('%Y-%m-%dT%H:%M:%SZ', 'now') AS started_at, julianday('now') AS started;
-- end

-- Of rows that the run's models had not seen: the error's size, and what a loss model that had not seen it either expected.
CREATE TABLE IF NOT EXISTS ml_run_losses (
    run_id         INTEGER NOT NULL,
    entity         TEXT NOT NULL,
    as_of_date     TEXT NOT NULL,
    item           TEXT NOT NULL,
    loss           REAL NOT NULL,
    estimated_loss REAL NOT NULL,
    PRIMARY KEY (run_id, entity, as_of_date, item)
) WITHOUT ROWID;
-- append-only ml_run_losses: printed by `make stages`
CREATE TRIGGER IF NOT EXISTS ml_run_losses_keep BEFORE UPDATE ON ml_run_losses
BEGIN SELECT RAISE(ABORT, 'ml_run_losses is append-only'); END;
CREATE TRIGGER IF NOT EXISTS ml_run_losses_stay BEFORE DELETE ON ml_run_losses
BEGIN SELECT RAISE(ABORT, 'ml_run_losses is append-only'); END;
CREATE TRIGGER IF NOT EXISTS ml_run_losses_once BEFORE INSERT ON ml_run_losses
WHEN EXISTS (SELECT 1 FROM ml_run_losses AS o WHERE (o.run_id, o.entity, o.as_of_date, o.item) = (new.run_id, new.entity, new.as_of_date, new.item))
BEGIN SELECT RAISE(ABORT, 'ml_run_losses is append-only'); END;
-- end

-- Each accepted version once: its artifact is the loss model, or the reason why there is none.
CREATE TEMP TABLE due AS
SELECT d.*, (SELECT COUNT(*) FROM ml_run_predictions AS p WHERE (p.run_id, p.evaluation) = (d.run_id, d.evaluation)) AS n_judged
FROM (SELECT r.run_id, r.model, r.version, r.training_spec, m.columns_sql, m.entity,
             CASE WHEN EXISTS (SELECT 1 FROM ml_run_predictions AS p WHERE p.run_id = r.run_id AND p.evaluation = 'time') THEN 'time' ELSE 'group' END AS evaluation
      FROM ml_runs AS r
      JOIN ml_models AS m USING (bronze_id)
      JOIN ml_model_versions AS v ON (v.model, v.version) = (r.model, r.version) AND v.status = 'accepted'
      WHERE r.status = 'finished' AND m.learner = 'gbdt' AND NOT m.is_binary
        AND NOT EXISTS (SELECT 1 FROM ml_run_artifacts AS a WHERE a.run_id = r.run_id AND a.name IN ('loss_model', 'no_loss_model'))) AS d;

-- rests here without due
CREATE TEMP TABLE lesson (
    row_id INTEGER PRIMARY KEY, run_id INTEGER, fault TEXT, entity TEXT, as_of_date TEXT, item TEXT, fold INTEGER, loss REAL, predicted REAL, row TEXT
);
INSERT INTO lesson (run_id, fault, entity, as_of_date, item, fold, loss, predicted, row)
SELECT run_id, fault, entity, as_of_date, item, 5 * (place - 1) / n, loss, predicted, row
FROM (SELECT d.run_id, a.fault, p.entity, p.as_of_date, p.item, abs(p.label - p.predicted) AS loss, p.predicted, a.c1 AS row,
             ROW_NUMBER() OVER (PARTITION BY d.run_id ORDER BY p.as_of_date, p.entity, p.item) AS place, COUNT(*) OVER (PARTITION BY d.run_id) AS n
      FROM due AS d
      CROSS JOIN attempt('SELECT row FROM training_rows(?1)', d.training_spec) AS a
      LEFT JOIN ml_run_predictions AS p ON (p.run_id, p.evaluation, p.entity, p.as_of_date, p.item)
                                           = (d.run_id, d.evaluation, a.c1 ->> ('$."' || d.entity || '"'), a.c1 ->> '$.as_of_date', COALESCE(a.c1 ->> '$.item', ''))
      WHERE d.n_judged >= 60 AND (a.fault IS NOT NULL OR p.run_id IS NOT NULL))
ORDER BY run_id, place;
CREATE INDEX temp.lesson_by_run ON lesson (run_id, fold);

-- Five blocks of days, each told by what was learned of the others; fold 5 is learned from all and is the one that stays.
CREATE TEMP TABLE fitted AS
SELECT d.run_id, f.fold, a.fault, a.c1 AS model_json
FROM due AS d
CROSS JOIN (SELECT 0 AS fold UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4 UNION ALL SELECT 5) AS f
CROSS JOIN attempt('SELECT model FROM gbdt_fit(?1, ?2)',
                   '{"objective": "reg:squarederror", "num_boost_round": 60, "eta": 0.1, "max_depth": 3, "min_data_in_leaf": 10, "lambda": 1, "seed": 1}',
                   'SELECT s.loss AS label, ' || d.columns_sql || ', s.predicted AS "predicted value" FROM temp.lesson AS s WHERE s.run_id = ' || d.run_id || ' AND s.fold <> ' || f.fold
                   || ' ORDER BY s.row_id') AS a
WHERE d.run_id IN (SELECT run_id FROM lesson WHERE fault IS NULL GROUP BY run_id HAVING COUNT(*) >= 60);

CREATE TEMP TABLE answered AS
SELECT f.run_id, a.fault, a.c1 AS row_id, a.c2 AS estimated
FROM fitted AS f
JOIN due AS d USING (run_id)
CROSS JOIN attempt('SELECT key, value FROM gbdt_score(?1, ?2)', f.model_json,
                   'SELECT s.row_id, ' || d.columns_sql || ', s.predicted AS "predicted value" FROM temp.lesson AS s WHERE s.run_id = ' || f.run_id || ' AND s.fold = ' || f.fold
                   || ' ORDER BY s.row_id') AS a
WHERE f.fold < 5 AND f.model_json IS NOT NULL;

CREATE TEMP TABLE outcome AS
SELECT d.run_id, d.model, d.version,
       COALESCE((SELECT MIN(fault) FROM lesson AS l WHERE l.run_id = d.run_id), (SELECT MIN(fault) FROM fitted AS f WHERE f.run_id = d.run_id),
                (SELECT MIN(fault) FROM answered AS a WHERE a.run_id = d.run_id),
                CASE WHEN d.run_id NOT IN (SELECT run_id FROM fitted)
                     THEN CASE WHEN d.n_judged < 60 THEN d.n_judged ELSE (SELECT COUNT(*) FROM lesson AS l WHERE l.run_id = d.run_id) END || ' rows that it had not seen are fewer than 60' END) AS reason
FROM due AS d;

INSERT INTO ml_run_losses (run_id, entity, as_of_date, item, loss, estimated_loss)
SELECT l.run_id, l.entity, l.as_of_date, l.item, l.loss, max(a.estimated, 0.0)
FROM outcome AS o
JOIN lesson AS l USING (run_id)
JOIN answered AS a USING (row_id)
WHERE o.reason IS NULL
ORDER BY l.row_id;

INSERT INTO ml_run_artifacts (run_id, name, content)
SELECT o.run_id, CASE WHEN o.reason IS NULL THEN 'loss_model' ELSE 'no_loss_model' END, COALESCE(o.reason, f.model_json)
FROM outcome AS o
LEFT JOIN fitted AS f ON f.run_id = o.run_id AND f.fold = 5;

CREATE TEMP TABLE counted AS
SELECT (SELECT COUNT(*) FROM lesson WHERE fault IS NULL) AS rows_in, (SELECT COUNT(*) FROM outcome WHERE reason IS NULL) AS rows_out,
       (SELECT COUNT(*) FROM outcome WHERE reason IS NOT NULL) AS rows_rejected,
       (SELECT group_concat(model || ' version ' || version || ': ' || reason, '; ') FROM outcome WHERE reason IS NOT NULL) AS message;

-- finish: printed by `make stages`
INSERT INTO ops_runs (stage, started_at, duration_ms, rows_in, rows_out, rows_rejected, outcome, message)
SELECT '546_loss_models', started_at, (julianday('now') - started) * 86400000, rows_in, rows_out, rows_rejected, 'ok', message
FROM stage_clock, counted;

DROP TABLE temp.counted;
DROP TABLE temp.outcome;
DROP TABLE temp.answered;
DROP TABLE temp.fitted;
DROP TABLE temp.lesson;
DROP TABLE temp.due;
DROP TABLE temp.stage_clock;

COMMIT;
