-- What must be the same on every processor, with every compiler and every number of threads. The first column names the
-- answer; rows of the same name must have the same digest.

-- Rows made of integers and exact divisions: ties, sizes from 1e-3 to 1e6, missing values, levels of a category.
CREATE TABLE t AS
WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 6000),
h AS (SELECT i, i * 7919 % 10007 AS a, i * 104729 % 7919 AS b, i * 31 % 997 AS c, (i * i + 17 * i) % 1009 AS d, i * 48271 % 65537 AS e FROM n)
SELECT i,
       a / 1024.0 - 4 AS f0,
       CASE WHEN b % 10 > 0 THEN (b % 1000) * (b % 1000) END AS f1,
       c % 6 AS f2,
       CASE WHEN e % 5 > 0 THEN e / 65536.0 / 1024 END AS f3,
       (d - 500) / 8.0 * (c - 498) AS f4,
       e % 32768 - 16384 AS f5,
       d * d * 1.0 AS f6,
       CASE WHEN i % 3 > 0 THEN a % 7 * 0.1 END AS f7,
       'level ' || (d % 30) AS f8,
       (a - 5000) / 512.0 + (c % 6 > 2) * 3 + (b % 1000 > 700) * (e / 65536.0) + (d % 30 % 7) * 0.5 + (i * 16807 % 127 - 63) / 64.0 AS y
  FROM h;

CREATE TABLE learns AS
WITH shape(name, options) AS (VALUES
    ('depth by depth', '{"num_boost_round": 6, "max_depth": 5}'),
    ('best gain first', '{"num_boost_round": 6, "max_depth": 0, "max_leaves": 24, "grow_policy": "lossguide", "eta": 0.1, "lambda": 0.5}'),
    ('few bins', '{"num_boost_round": 4, "max_bin": 16, "alpha": 0.25, "gamma": 0.5}'),
    ('drawn rows and columns', '{"num_boost_round": 5, "subsample": 0.5, "colsample_bytree": 0.5, "seed": 7}'),
    ('absolute error', '{"num_boost_round": 4, "objective": "reg:absoluteerror"}'),
    ('quantile', '{"num_boost_round": 4, "objective": "reg:quantileerror", "quantile_alpha": 0.9}'))
SELECT name, options FROM shape;

-- Models, with several numbers of threads and in several orders of the rows.
SELECT 'model, ' || name, gbdt_train(json_set(options, '$.nthread', threads), y, f0, f1, f2, f3, f4, f5, f6, f7)
  FROM learns, (SELECT 1 AS threads UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 8), t GROUP BY name, threads;
SELECT 'model, ' || name, gbdt_train(options, y, f0, f1, f2, f3, f4, f5, f6, f7)
  FROM learns, (SELECT * FROM t ORDER BY i DESC) GROUP BY name;
SELECT 'model, ' || name, gbdt_train(options, y, f0, f1, f2, f3, f4, f5, f6, f7)
  FROM learns, (SELECT * FROM t ORDER BY i * 7919 % 10009) GROUP BY name;
SELECT 'model, logistic', gbdt_train('{"num_boost_round": 6, "objective": "binary:logistic", "nthread": ' || threads || '}', y > 1, f0, f1, f2, f3, f4, f5, f6, f7)
  FROM (SELECT 1 AS threads UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 8), t GROUP BY threads;

-- Predictions.
CREATE TABLE models AS
SELECT name, gbdt_train(options, y, f0, f1, f2, f3, f4, f5, f6, f7) AS model FROM learns, t GROUP BY name
UNION ALL SELECT 'logistic', gbdt_train('{"num_boost_round": 6, "objective": "binary:logistic"}', y > 1, f0, f1, f2, f3, f4, f5, f6, f7) FROM t;
CREATE TABLE judged AS SELECT * FROM t WHERE i % 40 = 0;
SELECT 'prediction, ' || name || ', row ' || i, gbdt_predict(model, f0, f1, f2, f3, f4, f5, f6, f7), gbdt_margin(model, f0, f1, f2, f3, f4, f5, f6, f7)
  FROM models, judged WHERE i % 400 = 0;

-- Few rows, whose sums of gradients are as large as they can be: the first prediction is far from all labels.
SELECT 'model, far from the labels', gbdt_train('{"num_boost_round": 5, "base_score": -2147483648, "nthread": ' || threads || '}', y, f0, f1, f2)
  FROM (SELECT 1 AS threads UNION ALL SELECT 2), (SELECT * FROM t WHERE i <= 12) GROUP BY threads;

-- Scoring and explaining.
SELECT 'score, ' || name || ', row ' || s.key, s.value
  FROM models, gbdt_score(models.model, 'SELECT i, f0, f1, f2, f3, f4, f5, f6, f7 FROM judged', '{"match": "position"}') AS s;
SELECT 'explanation, ' || name || ', row ' || e.key || ', ' || ifnull(e.feature, 'base'), e.contribution
  FROM models, gbdt_explain(models.model, 'SELECT i, f0, f1, f2, f3, f4, f5, f6, f7 FROM judged WHERE i % 400 = 0') AS e;
SELECT 'interactions', group_concat(hex(feature_1 || feature_2)), exact_sum(contribution)
  FROM models, gbdt_interactions(models.model, 'SELECT i, f0, f1, f2, f3, f4, f5, f6, f7 FROM judged WHERE i % 2000 = 0') WHERE name = 'few bins';
SELECT 'categories', gbdt_train('{"num_boost_round": 5, "nthread": ' || threads || '}', y, f0, f8, f2)
  FROM (SELECT 1 AS threads UNION ALL SELECT 2 UNION ALL SELECT 3), t GROUP BY threads;
SELECT 'classes', gbdt_train('{"num_boost_round": 2, "objective": "multi:softprob", "num_class": 6}', f2, f0, f1, f3, f4, f5) FROM t;
SELECT 'means', gbdt_train('{"num_boost_round": 3, "objective": "reg:gamma"}', f2 + 1, f0, f1, f3, f4, f5) FROM t;
SELECT 'amounts', gbdt_train('{"num_boost_round": 3, "objective": "reg:tweedie"}', f2, f0, f1, f3, f4, f5) FROM t;
SELECT 'rates', gbdt_train('{"num_boost_round": 3, "objective": "count:poisson"}', f2, f0, f1, f3, f4, f5) FROM t;
SELECT 'Huber', gbdt_train('{"num_boost_round": 3, "objective": "huber"}', y, f0, f1, f3, f4, f5) FROM t;
SELECT 'LightGBM''s form, ' || name, gbdt_export(model, 'lightgbm'), gbdt_import(gbdt_export(model, 'lightgbm')) FROM models;

-- Groups, their judges and what draws at random, in several orders of the rows.
SELECT 'clusters', kmeans_train('{"k": 7, "starts": 3, "missing": "mean"}', f0, f1, f2, f4, f7) FROM t;
SELECT 'clusters', kmeans_train('{"k": 7, "starts": 3, "missing": "mean"}', f0, f1, f2, f4, f7) FROM (SELECT * FROM t ORDER BY i * 7919 % 6007);
SELECT 'number of clusters, ' || k, inertia, silhouette, stability, chosen
  FROM kmeans_choose('{"k_max": 4, "resamples": 3, "starts": 2}', 'SELECT i, f0, f2, f4, y FROM t WHERE i % 20 = 0');
SELECT 'agreement', adjusted_rand_index(f2, f8), silhouette(f2, f0, y) FROM t WHERE i % 10 = 0;
SELECT 'bootstrap, ' || b || o, CASE b WHEN 'number' THEN block_bootstrap(y, f2, o) WHEN 'text' THEN block_bootstrap(y, f8, o) ELSE block_bootstrap(y, f7, o) END
  FROM t, (SELECT '{"resamples": 500}' AS o UNION ALL SELECT '{"resamples": 500, "mean_of": "rows", "method": "percentile"}'),
       (SELECT 'number' AS b UNION ALL SELECT 'text' UNION ALL SELECT 'real') GROUP BY b, o;
SELECT 'calibration, ' || m, calibration_fit(m, (i * 7919 % 6007 + 1) / 6009.0, y > f2 - 1) FROM t, (SELECT 'isotonic' AS m UNION ALL SELECT 'platt' UNION ALL SELECT 'logit') GROUP BY m;
SELECT 'metrics', roc_auc(f0, y > 1), log_loss(i / 6001.0, y > 1), brier_skill(i / 6001.0, y > 1), expected_calibration_error(i / 6001.0, y > 1, 7, 'quantile'),
       mean_absolute_error(y, f0), root_mean_squared_error(y, f4), mean_absolute_percentage_error(y, f0) FROM t;
SELECT 'groups, ' || fold || part, group_concat(key) FROM group_split('SELECT i, f8 FROM t WHERE i % 10 = 0', 3) GROUP BY fold, part;
