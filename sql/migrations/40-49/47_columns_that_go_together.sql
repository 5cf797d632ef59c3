-- needs: mon_drift_metrics
--
-- Whether the columns of a table still go together is a row of its own kind.
CREATE TEMP TABLE measured AS SELECT * FROM mon_drift_metrics;
DROP TABLE mon_drift_metrics;
CREATE TABLE IF NOT EXISTS mon_drift_metrics (
    drift_id              INTEGER PRIMARY KEY,
    monitor               TEXT NOT NULL,
    window_start          TEXT NOT NULL,
    window_end            TEXT NOT NULL,
    window_cmp_start      TEXT NOT NULL,
    window_cmp_end        TEXT NOT NULL,
    drift_type            TEXT NOT NULL CHECK (drift_type IN ('CONSECUTIVE', 'BASELINE', 'JOINT')),
    granularity           TEXT NOT NULL,
    slice_key             TEXT,
    slice_value,
    column_name           TEXT NOT NULL,
    data_type             TEXT NOT NULL,
    n_reference           INTEGER NOT NULL,
    n_current             INTEGER NOT NULL,
    ks_statistic          REAL,
    ks_pvalue             REAL,
    wasserstein_distance  REAL,
    js_distance           REAL,
    population_stability_index REAL,
    chi2_statistic        REAL,
    chi2_pvalue           REAL,
    tv_distance           REAL,
    l_infinity_distance   REAL,
    adjusted_pvalue       REAL,    -- of ks, or of chi2 where there are no numbers; Benjamini & Hochberg 1995 over the columns
    shift                 REAL,    -- of the mean, in standard deviations of the baseline
    own_limit             REAL,    -- how far it may be
    is_drift              INTEGER, -- NULL: no verdict
    reason                TEXT,    -- why there is none
    computed_at           TEXT NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS mon_drift_metrics_once
ON mon_drift_metrics (monitor, window_start, COALESCE(slice_value, ''), slice_key IS NULL, drift_type, column_name);
INSERT INTO mon_drift_metrics SELECT * FROM temp.measured ORDER BY drift_id;
DROP TABLE temp.measured;
