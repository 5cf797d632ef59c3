-- stage:    000_ops_tables
-- purpose:  what every stage needs: configuration, the run log, the audit, and how far each stage has read
-- reads:    -; ops_actor, ops_config, ops_config_faults, ops_config_ranges
-- writes:   -; ops_config, ops_config_ranges, ops_runs, ops_watermarks, ops_published, ops_stages, ops_upstreams, ops_due, ops_rests, ops_actor, ops_audit, ops_alerts, ops_alert_deliveries, ops_task_runs
-- follows:  -
-- grain:    -
-- params:   -
-- rests:    -; ops_actor, ops_config, ops_config_ranges

BEGIN IMMEDIATE;

-- The schema that these stages know. sql/tools/migrate brings an earlier one up to it, and sql/tools/run calls that by itself.
SELECT assert_that(user_version = 65 OR user_version = 0 AND NOT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'ops_config'),
                   '000_ops_tables: the file has schema version ' || user_version || ' and the stages know version 65: '
                   || CASE WHEN user_version < 65 THEN 'run sql/tools/migrate' ELSE 'it was made by a newer athlete' END)
FROM pragma_user_version;
PRAGMA user_version = 65;

CREATE TABLE IF NOT EXISTS ops_config (
    name  TEXT PRIMARY KEY,
    value,
    kind  TEXT NOT NULL CHECK (kind IN ('setting', 'definition')),
    unit  TEXT NOT NULL,
    note  TEXT NOT NULL
) WITHOUT ROWID;

-- A definition is part of a column's name: ctl_42d with another window would be another feature.
CREATE TRIGGER IF NOT EXISTS ops_config_definitions_are_fixed
BEFORE UPDATE ON ops_config
WHEN old.kind = 'definition' AND (new.name, new.value, new.kind) IS NOT (old.name, old.value, old.kind)
BEGIN
    SELECT RAISE(ABORT, 'ops_config: this value is part of a feature''s name and cannot be changed');
END;
CREATE TRIGGER IF NOT EXISTS ops_config_definitions_are_not_replaced
BEFORE INSERT ON ops_config
WHEN EXISTS (SELECT 1 FROM ops_config AS c
             WHERE c.name = new.name AND c.kind = 'definition' AND (c.value, c.kind) IS NOT (new.value, new.kind))
BEGIN
    SELECT RAISE(ABORT, 'ops_config: this value is part of a feature''s name and cannot be changed');
END;

-- What is compared with a limit that is NULL is neither above nor below it.
CREATE TRIGGER IF NOT EXISTS ops_config_numbers_are_there
BEFORE UPDATE ON ops_config
WHEN new.kind = 'setting' AND new.name NOT IN ('as_of_date', 'arrivals') AND new.value IS NULL
BEGIN
    SELECT RAISE(ABORT, 'ops_config: only as_of_date and arrivals may be NULL; without its row a setting has its default again');
END;
CREATE TRIGGER IF NOT EXISTS ops_config_numbers_are_told
BEFORE INSERT ON ops_config
WHEN new.kind = 'setting' AND new.name NOT IN ('as_of_date', 'arrivals') AND new.value IS NULL
BEGIN
    SELECT RAISE(ABORT, 'ops_config: only as_of_date and arrivals may be NULL; without its row a setting has its default again');
END;

-- Who changes things, for the audit. A program that writes for several people says so in its transaction:
--     UPDATE ops_actor SET who = 'coach@example.org';
CREATE TABLE IF NOT EXISTS ops_actor (
    actor_id INTEGER PRIMARY KEY CHECK (actor_id = 1),
    who      TEXT NOT NULL
);
INSERT OR IGNORE INTO ops_actor (actor_id, who) VALUES (1, 'local');

CREATE TABLE IF NOT EXISTS ops_audit (
    audit_id INTEGER PRIMARY KEY,
    at       TEXT NOT NULL,
    who      TEXT NOT NULL,
    action   TEXT NOT NULL, -- register, status, ingest, arrive, migrate, default
    object   TEXT NOT NULL, -- the group, group.feature, the athlete, or the setting
    detail   TEXT NOT NULL  -- JSON
);
CREATE INDEX IF NOT EXISTS ops_audit_by_object ON ops_audit (object, audit_id);
-- append-only ops_audit: printed by `make stages`
CREATE TRIGGER IF NOT EXISTS ops_audit_keep BEFORE UPDATE ON ops_audit
BEGIN SELECT RAISE(ABORT, 'ops_audit is append-only'); END;
CREATE TRIGGER IF NOT EXISTS ops_audit_stay BEFORE DELETE ON ops_audit
BEGIN SELECT RAISE(ABORT, 'ops_audit is append-only'); END;
CREATE TRIGGER IF NOT EXISTS ops_audit_once BEFORE INSERT ON ops_audit
WHEN EXISTS (SELECT 1 FROM ops_audit AS o WHERE (o.audit_id) = (new.audit_id))
BEGIN SELECT RAISE(ABORT, 'ops_audit is append-only'); END;
-- end

-- What each setting may be: another text, or a number beyond what the functions take, would stop every stage that reads it.
CREATE TABLE IF NOT EXISTS ops_config_ranges (
    name    TEXT PRIMARY KEY,
    type    TEXT NOT NULL CHECK (type IN ('number', 'whole', 'date', 'choice', 'text')),
    least,                -- of a number or a date
    most,
    choices TEXT          -- each between commas
) WITHOUT ROWID;
INSERT INTO ops_config_ranges (name, type, least, most, choices) VALUES
    ('as_of_date',                'date',   '1970-01-01', '2099-12-31', NULL),
    ('arrivals',                  'choice', NULL, NULL, ',history,live,'),
    ('default_threshold_pace',    'number', 2, 20, NULL),
    ('threshold_lookback_days',   'whole',  1, 3650, NULL),
    ('threshold_min_minutes',     'number', 0, 600, NULL),
    ('threshold_min_distance_km', 'number', 0, 200, NULL),
    ('evidence_tolerance',        'number', 0, 1, NULL),
    ('max_pause_share',           'number', 0, 1, NULL),
    ('race_gain_max',             'number', 0, 10, NULL),
    ('race_best_gain_max',        'number', 0, 10, NULL),
    ('max_vdot',                  'number', 30, 200, NULL),
    ('fitness_fade_per_year',     'number', 0, 0.9, NULL),
    ('max_hr_plausible',          'number', 120, 260, NULL),
    ('max_hr_repeats',            'whole',  1, 1000, NULL),
    ('default_resting_hr',        'number', 25, 110, NULL),
    ('threshold_hr_reserve',      'number', 0.3, 1, NULL),
    ('heart_rate_min_share',      'number', 0, 1, NULL),
    ('acwr_risk_threshold',       'number', 0, 1000, NULL),
    ('acwr_steady_threshold',     'number', 0, 1000, NULL),
    ('acwr_min_history_days',     'whole',  0, 36500, NULL),
    ('monotony_risk_threshold',   'number', 0, 1000, NULL),
    ('form_risk_threshold',       'number', -10000, 10000, NULL),
    ('expected_days_per_week',    'number', 0.1, 7, NULL),
    ('unknown_load_max_share',    'number', 0, 1, NULL),
    ('cv_gap_days',               'whole',  0, 3650, NULL),
    ('interval_level',            'number', 0.5, 0.99, NULL),
    ('significance_level',        'number', 0, 1, NULL),
    ('min_athletes_as_units',     'whole',  1, 1000000, NULL),
    ('gate_mae_10k_s',            'number', 0, 86400, NULL),
    ('train_on_api_rows',         'whole',  0, 1, NULL),
    ('search_every_days',         'whole',  0, 3650, NULL),
    ('label_wait_days',           'whole',  1, 3650, NULL),
    ('drift_alert_share',         'number', 0, 1, NULL),
    ('drift_alert_ratio',         'number', 0, 1000, NULL),
    ('late_alert_periods',        'number', 0, 1000, NULL),
    ('environment',               'choice', NULL, NULL, ',dev,prod,'),
    ('schedule_paused',           'whole',  0, 1, NULL),
    ('time_zone',                 'text',   NULL, NULL, NULL),
    ('task_retries',              'whole',  0, 100, NULL),
    ('task_retry_wait_s',         'number', 0, 3600, NULL)
ON CONFLICT (name) DO UPDATE SET type = excluded.type, least = excluded.least, most = excluded.most, choices = excluded.choices
WHERE (type, least, most, choices) IS NOT (excluded.type, excluded.least, excluded.most, excluded.choices);

CREATE VIEW IF NOT EXISTS ops_config_faults (name, value) AS
SELECT c.name, c.value
FROM ops_config AS c JOIN ops_config_ranges AS r ON r.name = c.name
WHERE r.type IN ('number', 'whole') AND c.value IS NOT NULL
  AND (c.value NOT BETWEEN r.least AND r.most OR typeof(c.value) NOT IN ('integer', CASE r.type WHEN 'number' THEN 'real' ELSE 'integer' END))
UNION ALL
SELECT c.name, c.value
FROM ops_config AS c JOIN ops_config_ranges AS r ON r.name = c.name
WHERE r.type = 'date' AND c.value IS NOT NULL AND (typeof(c.value) <> 'text' OR date(c.value, '+0 days') IS NOT c.value OR c.value NOT BETWEEN r.least AND r.most)
UNION ALL
SELECT c.name, c.value
FROM ops_config AS c JOIN ops_config_ranges AS r ON r.name = c.name
WHERE r.type IN ('choice', 'text') AND c.value IS NOT NULL
  AND (typeof(c.value) <> 'text' OR c.value = '' OR instr(c.value, ',') OR instr(r.choices, ',' || c.value || ',') = 0);
CREATE TRIGGER IF NOT EXISTS ops_config_values_stay_in_range AFTER UPDATE ON ops_config
WHEN EXISTS (SELECT 1 FROM ops_config_faults AS f WHERE f.name = new.name)
BEGIN SELECT RAISE(ABORT, 'ops_config: a setting cannot have this value; ops_config_ranges has what it may be'); END;
CREATE TRIGGER IF NOT EXISTS ops_config_values_are_in_range AFTER INSERT ON ops_config
WHEN EXISTS (SELECT 1 FROM ops_config_faults AS f WHERE f.name = new.name)
BEGIN SELECT RAISE(ABORT, 'ops_config: a setting cannot have this value; ops_config_ranges has what it may be'); END;

-- One that was set before this was asked has its default again, and the audit says so.
INSERT INTO ops_audit (at, who, action, object, detail)
SELECT strftime('%Y-%m-%dT%H:%M:%SZ', 'now'), (SELECT who FROM ops_actor WHERE actor_id = 1), 'default', name, json_object('was', CASE typeof(value) WHEN 'blob' THEN hex(value) ELSE CAST(value AS TEXT) END)
FROM ops_config_faults;
DELETE FROM ops_config WHERE name IN (SELECT name FROM ops_config_faults);

-- A value that a user has set stays: only missing names are added.
INSERT OR IGNORE INTO ops_config (name, value, kind, unit, note) VALUES
    ('as_of_date',                  NULL, 'setting', 'date',   'every calendar goes on to this day; NULL: to each athlete''s last activity'),
    ('arrivals',                    NULL, 'setting', 'choice', 'history: what arrives is known when it happened; live: from its arrival; NULL: history until an athlete is published'),
    ('default_threshold_pace',      5.5,  'setting', 'min/km', 'threshold pace where the history gives none'),
    ('threshold_lookback_days',     90,   'setting', 'days',   'runs that the threshold pace of a day is derived from'),
    ('threshold_min_minutes',       20,   'setting', 'min',    'shortest run that counts for the threshold pace'),
    ('threshold_min_distance_km',   5,    'setting', 'km',     'shortest run that counts for the threshold pace'),
    ('evidence_tolerance',          0.03, 'setting', 'share',  'how much fitter than another run one may be before it is taken for a glitch'),
    ('max_pause_share',             0.04, 'setting', 'share',  'a run that was paused for more proves nothing alone, and is no race result'),
    ('race_gain_max',               0.45, 'setting', 'share',  'VDOT by which a race may exceed what its runner''s other runs bear out; beyond it one more run near it is needed'),
    ('race_best_gain_max',          0.40, 'setting', 'share',  'VDOT by which a race may exceed the best of its runner''s other runs of that time, beyond which likewise'),
    ('max_vdot',                    88,   'setting', 'VDOT',   'no world record shows as much, so that more is no run'),
    ('fitness_fade_per_year',       0.1,  'setting', 'share',  'VDOT that a runner loses in a year after which nothing newer proves more'),
    ('max_hr_plausible',            220,  'setting', 'bpm',    'a higher observed heart rate is a sensor fault'),
    ('max_hr_repeats',              3,    'setting', 'count',  'activities that must have reached a heart rate before it is believed to be the maximum'),
    ('default_resting_hr',          60,   'setting', 'bpm',    'resting heart rate where the profile has none (heart-rate load only)'),
    ('threshold_hr_reserve',        0.85, 'setting', 'share',  'threshold heart rate as a share of the heart-rate reserve (heart-rate load only)'),
    ('heart_rate_min_share',        0.8,  'setting', 'share',  'of a recording''s seconds that must have a heart rate before they count, and not their average'),
    ('acwr_risk_threshold',         1.5,  'setting', 'ratio',  'a higher acute:chronic ratio is a risk flag'),
    ('acwr_steady_threshold',       0.8,  'setting', 'ratio',  'an acute:chronic ratio below it is less training than usual'),
    ('acwr_min_history_days',       28,   'setting', 'days',   'no ACWR flag before this much history'),
    ('monotony_risk_threshold',     2.0,  'setting', 'ratio',  'a higher monotony is a risk flag'),
    ('form_risk_threshold',         -30,  'setting', 'TSS/day', 'no workout is recommended after which form (TSB) would be lower, and who is there is overloaded'),
    ('expected_days_per_week',      4,    'setting', 'days',   'training days that make a consistency score of 100'),
    ('unknown_load_max_share',      0.2,  'setting', 'share',  'of the moving time; where more has no known load, ratio, form and risk are not told'),
    ('cv_gap_days',                 43,   'setting', 'days',   'gap between training and validation in time-ordered evaluation'),
    ('interval_level',              0.8,  'setting', 'share',  'share of races that a time interval should cover'),
    ('significance_level',          0.05, 'setting', 'share',  'a loss that chance alone makes so often is no larger than another'),
    ('min_athletes_as_units',       5,    'setting', 'count',  'fewer athletes are compared by their blocks of 28 days'),
    ('gate_mae_10k_s',              180,  'setting', 's',      'a time estimator with a larger 10 km error is refused'),
    ('train_on_api_rows',           0,    'setting', 'flag',   '1: rows that come from Strava''s API train models, too; whose they are must have allowed it'),
    ('search_every_days',           0,    'setting', 'days',   '535_search_models tries options of every model after so many days, too; 0: only when asked'),
    ('label_wait_days',             120,  'setting', 'days',   'how long the label of a prediction is waited for when its model is watched'),
    ('drift_alert_share',           0.5,  'setting', 'share',  'of the features of a window that must have drifted for an alert'),
    ('drift_alert_ratio',           2,    'setting', 'ratio',  'an alert, too, if one feature has moved so many times as far as its own windows do'),
    ('late_alert_periods',          3,    'setting', 'count',  'an alert when so many rows that a group expects have not come'),
    ('environment',                 'prod', 'setting', 'choice', 'dev: the schedule does nothing, and nobody is told of alerts'),
    ('schedule_paused',             0,    'setting', 'flag',   '1: the schedule does nothing; make daily by hand goes on'),
    ('time_zone',                   'America/Sao_Paulo', 'setting', 'zone', 'whose day it is when make daily starts'),
    ('task_retries',                2,    'setting', 'count',  'how often make daily tries a task again'),
    ('task_retry_wait_s',           30,   'setting', 's',      'how long it waits before'),
    ('ctl_window_days',             42,   'definition', 'days', 'ctl_42d'),
    ('atl_window_days',             7,    'definition', 'days', 'atl_7d, training_monotony_7d, training_strain_7d'),
    ('hr_zone_1_min',               0.5,  'definition', 'share of maximum heart rate', 'hr_zone_1_pct'),
    ('hr_zone_2_min',               0.6,  'definition', 'share of maximum heart rate', 'hr_zone_2_pct'),
    ('hr_zone_3_min',               0.7,  'definition', 'share of maximum heart rate', 'hr_zone_3_pct'),
    ('hr_zone_4_min',               0.8,  'definition', 'share of maximum heart rate', 'hr_zone_4_pct'),
    ('hr_zone_5_min',               0.9,  'definition', 'share of maximum heart rate', 'hr_zone_5_pct');

CREATE TABLE IF NOT EXISTS ops_runs (
    run_id        INTEGER PRIMARY KEY,
    stage         TEXT NOT NULL,
    started_at    TEXT NOT NULL,
    duration_ms   REAL NOT NULL,
    rows_in       INTEGER,
    rows_out      INTEGER,
    rows_rejected INTEGER,
    outcome       TEXT NOT NULL CHECK (outcome IN ('ok', 'failed')),
    message       TEXT
);

-- What asks for somebody. Of a kind and subject one is open at a time: it counts the windows that repeat it, and two good ones in a row
-- close it.
CREATE TABLE IF NOT EXISTS ops_alerts (
    alert_id    INTEGER PRIMARY KEY,
    fingerprint TEXT NOT NULL,        -- kind:subject
    key         TEXT NOT NULL UNIQUE, -- by which who is told twice knows it for the same
    kind        TEXT NOT NULL CHECK (kind IN ('risk', 'drift', 'estimated_loss', 'realized_loss', 'freshness', 'failure')),
    subject     TEXT NOT NULL,
    message     TEXT NOT NULL,        -- of the last bad window
    opened_at   TEXT NOT NULL,
    last_bad_at TEXT NOT NULL,
    last_window TEXT NOT NULL,
    n_bad       INTEGER NOT NULL,     -- windows that were bad
    n_good      INTEGER NOT NULL,     -- good ones since the last bad one
    closed_at   TEXT                  -- NULL: open
);
CREATE UNIQUE INDEX IF NOT EXISTS ops_alerts_open ON ops_alerts (fingerprint) WHERE closed_at IS NULL;
CREATE INDEX IF NOT EXISTS ops_alerts_by_fingerprint ON ops_alerts (fingerprint, last_window);
-- To whom it was told, by sql/tools/notify: at least once that it opened and that it closed.
CREATE TABLE IF NOT EXISTS ops_alert_deliveries (
    alert_id     INTEGER NOT NULL,
    event        TEXT NOT NULL CHECK (event IN ('opened', 'closed')),
    channel      TEXT NOT NULL, -- its kind and a digest of its address, which may hold a password
    attempts     INTEGER NOT NULL,
    first_at     TEXT NOT NULL, -- of the attempts
    attempted_at TEXT NOT NULL, -- the last
    delivered_at TEXT,
    fault        TEXT,          -- of the last attempt
    PRIMARY KEY (alert_id, event, channel)
) WITHOUT ROWID;

-- What make daily did on a day, task by task.
CREATE TABLE IF NOT EXISTS ops_task_runs (
    task_run_id INTEGER PRIMARY KEY,
    job_run_id  INTEGER NOT NULL, -- the first task's
    day         TEXT NOT NULL,    -- fixed when the job started
    task        TEXT NOT NULL,
    attempt     INTEGER NOT NULL,
    started_at  TEXT NOT NULL,
    ended_at    TEXT,
    outcome     TEXT NOT NULL CHECK (outcome IN ('running', 'ok', 'failed', 'skipped', 'lost')), -- lost: the program was killed
    message     TEXT
);
CREATE INDEX IF NOT EXISTS ops_task_runs_by_task ON ops_task_runs (task, task_run_id);

-- How far a stage has read its input. A stage whose input has not moved changes nothing.
CREATE TABLE IF NOT EXISTS ops_watermarks (
    stage      TEXT NOT NULL,
    athlete_id TEXT NOT NULL,
    position   TEXT NOT NULL,
    PRIMARY KEY (stage, athlete_id)
) WITHOUT ROWID;

-- Whose features have been published. What arrives for such an athlete is known from its arrival, however
-- old it is; what came before may count as known when it happened.
CREATE TABLE IF NOT EXISTS ops_published (
    athlete_id TEXT PRIMARY KEY
) WITHOUT ROWID;

-- What each stage says of itself when it runs, from its header: what it makes of what, and whose athletes it takes over.
CREATE TABLE IF NOT EXISTS ops_stages (
    stage    TEXT PRIMARY KEY,
    purpose  TEXT NOT NULL,
    inputs   TEXT NOT NULL, -- JSON list of tables
    products TEXT NOT NULL, -- JSON list of tables
    follows  TEXT NOT NULL  -- JSON list of stages
) WITHOUT ROWID;
-- Which stage computes from which, athlete by athlete.
CREATE TABLE IF NOT EXISTS ops_upstreams (
    upstream TEXT NOT NULL,
    stage    TEXT NOT NULL,
    PRIMARY KEY (upstream, stage)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS ops_upstreams_by_stage ON ops_upstreams (stage, upstream);
CREATE VIEW IF NOT EXISTS ops_follows (stage, upstream) AS SELECT stage, upstream FROM ops_upstreams;

-- Whom a stage has to look at when it runs next: everyone of whom it read a row that has changed since, and perhaps more. An
-- update costs what changed since nobody else is looked at; what is listed without need is found unchanged. Who marks a row of a day
-- says the day, and the earliest is kept: nothing that was read of an earlier one has changed.
CREATE TABLE IF NOT EXISTS ops_due (
    stage      TEXT NOT NULL,
    athlete_id TEXT NOT NULL,
    since      TEXT NOT NULL DEFAULT '', -- '': all of them may have
    PRIMARY KEY (stage, athlete_id)
) WITHOUT ROWID;
CREATE TRIGGER IF NOT EXISTS ops_watermarks_due_added AFTER INSERT ON ops_watermarks
BEGIN INSERT INTO ops_due (stage, athlete_id) SELECT stage, new.athlete_id FROM ops_upstreams WHERE upstream = new.stage ON CONFLICT DO UPDATE SET since = '' WHERE since <> ''; END;
CREATE TRIGGER IF NOT EXISTS ops_watermarks_due_changed AFTER UPDATE ON ops_watermarks
BEGIN
    INSERT INTO ops_due (stage, athlete_id) SELECT stage, old.athlete_id FROM ops_upstreams WHERE upstream = old.stage UNION ALL SELECT old.stage, old.athlete_id WHERE true ON CONFLICT DO UPDATE SET since = '' WHERE since <> '';
    INSERT INTO ops_due (stage, athlete_id) SELECT stage, new.athlete_id FROM ops_upstreams WHERE upstream = new.stage UNION ALL SELECT new.stage, new.athlete_id WHERE true ON CONFLICT DO UPDATE SET since = '' WHERE since <> '';
END;
CREATE TRIGGER IF NOT EXISTS ops_watermarks_due_gone AFTER DELETE ON ops_watermarks
BEGIN INSERT INTO ops_due (stage, athlete_id) SELECT stage, old.athlete_id FROM ops_upstreams WHERE upstream = old.stage UNION ALL SELECT old.stage, old.athlete_id WHERE true ON CONFLICT DO UPDATE SET since = '' WHERE since <> ''; END;
CREATE TRIGGER IF NOT EXISTS ops_upstreams_due_added AFTER INSERT ON ops_upstreams
BEGIN INSERT INTO ops_due (stage, athlete_id) SELECT new.stage, athlete_id FROM ops_watermarks WHERE stage IN (new.stage, new.upstream) ON CONFLICT DO UPDATE SET since = '' WHERE since <> ''; END;
CREATE TRIGGER IF NOT EXISTS ops_upstreams_due_gone AFTER DELETE ON ops_upstreams
BEGIN INSERT INTO ops_due (stage, athlete_id) SELECT old.stage, athlete_id FROM ops_watermarks WHERE stage = old.stage ON CONFLICT DO UPDATE SET since = '' WHERE since <> ''; END;

CREATE VIEW IF NOT EXISTS ops_announced (stage, purpose, inputs, products, follows) AS
SELECT stage, purpose, inputs, products, follows FROM ops_stages;
CREATE TRIGGER IF NOT EXISTS ops_announced_anew INSTEAD OF INSERT ON ops_announced
WHEN NOT EXISTS (SELECT 1 FROM ops_stages AS s
                 WHERE (s.stage, s.purpose, s.inputs, s.products, s.follows) = (new.stage, new.purpose, new.inputs, new.products, new.follows))
BEGIN
    DELETE FROM ops_stages WHERE stage = new.stage;
    DELETE FROM ops_upstreams WHERE stage = new.stage;
    INSERT INTO ops_stages (stage, purpose, inputs, products, follows)
    VALUES (new.stage, new.purpose, new.inputs, new.products, new.follows);
    -- whichever of the two is announced first
    INSERT OR IGNORE INTO ops_upstreams (upstream, stage) SELECT stage, new.stage FROM ops_stages WHERE instr(new.follows, '"' || stage || '"');
    INSERT OR IGNORE INTO ops_upstreams (upstream, stage) SELECT new.stage, stage FROM ops_stages WHERE instr(follows, '"' || new.stage || '"');
END;

-- How each stage left what it reads, when the programs of sql/tools ran it last: while that stands, it has nothing to do. Whoever
-- runs it otherwise takes its row out.
CREATE TABLE IF NOT EXISTS ops_rests (
    stage         TEXT PRIMARY KEY,
    state         TEXT NOT NULL,    -- a hash of its text, the schema, the library, and of what its header names after `rests:`
    is_quiet      INTEGER NOT NULL, -- 1: it found it so, and what it told is what it tells each time
    rows_in       INTEGER,
    rows_out      INTEGER,
    rows_rejected INTEGER,
    message       TEXT
) WITHOUT ROWID;
CREATE TRIGGER IF NOT EXISTS ops_announced_wakes INSTEAD OF INSERT ON ops_announced
BEGIN DELETE FROM ops_rests WHERE stage = new.stage; END;

-- announce: printed by `make stages`
INSERT INTO ops_announced (stage, purpose, inputs, products, follows) VALUES (
    '000_ops_tables',
    'what every stage needs: configuration, the run log, the audit, and how far each stage has read',
    '[]',
    '[]',
    '[]');
-- end

-- Athletes whose input has moved since a stage last read it; without a position those whose input is gone.
CREATE VIEW IF NOT EXISTS ops_stale (stage, athlete_id, position) AS
SELECT d.stage, u.athlete_id, u.position
FROM ops_due AS e
CROSS JOIN ops_upstreams AS d ON d.stage = e.stage
CROSS JOIN ops_watermarks AS u ON u.stage = d.upstream AND u.athlete_id = e.athlete_id
LEFT JOIN ops_watermarks AS m ON m.stage = d.stage AND m.athlete_id = u.athlete_id
WHERE m.position IS NOT u.position
UNION ALL
SELECT e.stage, e.athlete_id, NULL
FROM ops_due AS e
CROSS JOIN ops_watermarks AS m ON m.stage = e.stage AND m.athlete_id = e.athlete_id
CROSS JOIN ops_upstreams AS d ON d.stage = e.stage
LEFT JOIN ops_watermarks AS u ON u.stage = d.upstream AND u.athlete_id = e.athlete_id
GROUP BY e.stage, e.athlete_id
HAVING COUNT(u.stage) = 0;

-- INSERT INTO ops_seen: a stage says how far it has read; an athlete without a position is forgotten.
CREATE VIEW IF NOT EXISTS ops_seen (stage, athlete_id, position) AS
SELECT stage, athlete_id, position FROM ops_watermarks;
CREATE TRIGGER IF NOT EXISTS ops_seen_remember INSTEAD OF INSERT ON ops_seen
BEGIN
    DELETE FROM ops_watermarks WHERE stage = new.stage AND athlete_id = new.athlete_id;
    INSERT INTO ops_watermarks (stage, athlete_id, position)
    SELECT new.stage, new.athlete_id, new.position WHERE new.position IS NOT NULL;
END;

COMMIT;
