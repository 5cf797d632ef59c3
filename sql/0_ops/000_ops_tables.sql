-- stage:    000_ops_tables
-- purpose:  what every stage needs: configuration, the run log, the audit, and how far each stage has read
-- reads:    -
-- writes:   -; ops_config, ops_runs, ops_watermarks, ops_published, ops_stages, ops_upstreams, ops_due, ops_actor, ops_audit
-- follows:  -
-- grain:    -
-- params:   -

BEGIN IMMEDIATE;

-- The schema that these stages know. sql/tools/migrate brings an earlier one up to it, and sql/tools/run calls that by itself.
SELECT assert_that(user_version = 23 OR user_version = 0 AND NOT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'ops_config'),
                   '000_ops_tables: the file has schema version ' || user_version || ' and the stages know version 23: '
                   || CASE WHEN user_version < 23 THEN 'run sql/tools/migrate' ELSE 'it was made by a newer athlete' END)
FROM pragma_user_version;
PRAGMA user_version = 23;

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
    ('fitness_fade_per_year',       0.1,  'setting', 'share',  'VDOT that a runner loses in a year after which nothing newer proves more'),
    ('max_hr_plausible',            220,  'setting', 'bpm',    'a higher observed heart rate is a sensor fault'),
    ('max_hr_repeats',              3,    'setting', 'count',  'activities that must have reached a heart rate before it is believed to be the maximum'),
    ('default_resting_hr',          60,   'setting', 'bpm',    'resting heart rate where the profile has none (heart-rate load only)'),
    ('threshold_hr_reserve',        0.85, 'setting', 'share',  'threshold heart rate as a share of the heart-rate reserve (heart-rate load only)'),
    ('acwr_risk_threshold',         1.5,  'setting', 'ratio',  'a higher acute:chronic ratio is a risk flag'),
    ('acwr_steady_threshold',       0.8,  'setting', 'ratio',  'an acute:chronic ratio below it is less training than usual'),
    ('acwr_min_history_days',       28,   'setting', 'days',   'no ACWR flag before this much history'),
    ('monotony_risk_threshold',     2.0,  'setting', 'ratio',  'a higher monotony is a risk flag'),
    ('expected_days_per_week',      4,    'setting', 'days',   'training days that make a consistency score of 100'),
    ('cv_gap_days',                 43,   'setting', 'days',   'gap between training and validation in time-ordered evaluation'),
    ('interval_level',              0.8,  'setting', 'share',  'share of races that a time interval should cover'),
    ('gate_mae_10k_s',              180,  'setting', 's',      'a time estimator with a larger 10 km error is refused'),
    ('train_on_api_rows',           0,    'setting', 'flag',   '1: rows that come from Strava''s API train models, too; whose they are must have allowed it'),
    ('search_time_estimator',       0,    'setting', 'flag',   '1: 520_time_estimator_search tries configurations of the time estimator'),
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
    action   TEXT NOT NULL, -- register, status, ingest, arrive, migrate
    object   TEXT NOT NULL, -- the group, group.feature, or the athlete
    detail   TEXT NOT NULL  -- JSON
);
CREATE INDEX IF NOT EXISTS ops_audit_by_object ON ops_audit (object, audit_id);
CREATE TRIGGER IF NOT EXISTS ops_audit_keep BEFORE UPDATE ON ops_audit
BEGIN SELECT RAISE(ABORT, 'ops_audit is append-only'); END;
CREATE TRIGGER IF NOT EXISTS ops_audit_stay BEFORE DELETE ON ops_audit
BEGIN SELECT RAISE(ABORT, 'ops_audit is append-only'); END;
CREATE TRIGGER IF NOT EXISTS ops_audit_once BEFORE INSERT ON ops_audit
WHEN EXISTS (SELECT 1 FROM ops_audit WHERE audit_id = new.audit_id)
BEGIN SELECT RAISE(ABORT, 'ops_audit is append-only'); END;

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
-- update costs what changed since nobody else is looked at; what is listed without need is found unchanged.
CREATE TABLE IF NOT EXISTS ops_due (
    stage      TEXT NOT NULL,
    athlete_id TEXT NOT NULL,
    PRIMARY KEY (stage, athlete_id)
) WITHOUT ROWID;
CREATE TRIGGER IF NOT EXISTS ops_watermarks_due_added AFTER INSERT ON ops_watermarks
BEGIN INSERT OR IGNORE INTO ops_due SELECT stage, new.athlete_id FROM ops_upstreams WHERE upstream = new.stage; END;
CREATE TRIGGER IF NOT EXISTS ops_watermarks_due_changed AFTER UPDATE ON ops_watermarks
BEGIN
    INSERT OR IGNORE INTO ops_due SELECT stage, old.athlete_id FROM ops_upstreams WHERE upstream = old.stage UNION ALL SELECT old.stage, old.athlete_id;
    INSERT OR IGNORE INTO ops_due SELECT stage, new.athlete_id FROM ops_upstreams WHERE upstream = new.stage UNION ALL SELECT new.stage, new.athlete_id;
END;
CREATE TRIGGER IF NOT EXISTS ops_watermarks_due_gone AFTER DELETE ON ops_watermarks
BEGIN INSERT OR IGNORE INTO ops_due SELECT stage, old.athlete_id FROM ops_upstreams WHERE upstream = old.stage UNION ALL SELECT old.stage, old.athlete_id; END;
CREATE TRIGGER IF NOT EXISTS ops_upstreams_due_added AFTER INSERT ON ops_upstreams
BEGIN INSERT OR IGNORE INTO ops_due SELECT new.stage, athlete_id FROM ops_watermarks WHERE stage IN (new.stage, new.upstream); END;
CREATE TRIGGER IF NOT EXISTS ops_upstreams_due_gone AFTER DELETE ON ops_upstreams
BEGIN INSERT OR IGNORE INTO ops_due SELECT old.stage, athlete_id FROM ops_watermarks WHERE stage = old.stage; END;

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
