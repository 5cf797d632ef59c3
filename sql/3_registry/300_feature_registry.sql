-- stage:    300_feature_registry
-- purpose:  register the feature groups that arrived as definitions; what may not follow is refused with the sentence that says why
-- reads:    -; bronze_documents, feature_groups, features, feature_definition_rejects
-- writes:   feature_groups, features; feature_publications, feature_types, feature_definition_rejects, feature_rejects, athlete_utc_offsets
-- follows:  -
-- grain:    name, major, minor, patch
-- params:   -
-- rests:    -; bronze_documents, feature_definition_rejects, feature_groups, feature_types

-- begin: printed by `make stages`
BEGIN IMMEDIATE;

INSERT INTO ops_announced (stage, purpose, inputs, products, follows) VALUES (
    '300_feature_registry',
    'register the feature groups that arrived as definitions; what may not follow is refused with the sentence that says why',
    '[]',
    '["feature_groups", "features"]',
    '[]');

CREATE TEMP TABLE stage_clock AS
SELECT strftime('%Y-%m-%dT%H:%M:%SZ', 'now') AS started_at, julianday('now') AS started;
-- end

-- What an athlete's clock showed beside UTC on a day: a day that is a row's time ends by it.
CREATE TABLE IF NOT EXISTS athlete_utc_offsets (
    athlete_id   TEXT NOT NULL,
    local_date   TEXT NOT NULL,
    utc_offset_s INTEGER NOT NULL,
    PRIMARY KEY (athlete_id, local_date)
) WITHOUT ROWID;

-- How values of a type are stored, and what holds for one that is not NULL; $ stands for the value. A new type is one
-- more row.
CREATE TABLE IF NOT EXISTS feature_types (
    type        TEXT PRIMARY KEY,
    storage     TEXT NOT NULL CHECK (storage IN ('TEXT', 'INTEGER', 'REAL', 'BLOB')),
    "check"     TEXT NOT NULL,
    description TEXT NOT NULL
) WITHOUT ROWID;
INSERT OR IGNORE INTO feature_types (type, storage, "check", description) VALUES
    ('numerical',   'REAL',    'typeof($) IN (''real'', ''integer'')', 'a number'),
    ('integer',     'INTEGER', 'typeof($) = ''integer'' OR typeof($) = ''real'' AND $ = CAST($ AS INTEGER)', 'a whole number'),
    ('categorical', 'TEXT',    'typeof($) = ''text''', 'one of a few texts'),
    ('boolean',     'INTEGER', 'typeof($) IN (''integer'', ''real'') AND $ IN (0, 1)', '1 or 0'),
    ('timestamp',   'TEXT',    'substr($, 5, 1) = ''-'' AND julianday($) IS NOT NULL',
     'a day YYYY-MM-DD, or an instant in UTC with Z'),
    ('text',        'TEXT',    'typeof($) = ''text''', 'any text'),
    ('embedding',   'BLOB',    'typeof($) = ''blob'' AND length($) % 4 = 0', 'float32 numbers, little-endian');

-- Every definition ever registered, byte for byte, and what it says of the group.
CREATE TABLE IF NOT EXISTS feature_groups (
    name                 TEXT NOT NULL,
    major                INTEGER NOT NULL,
    minor                INTEGER NOT NULL,
    patch                INTEGER NOT NULL,
    status               TEXT NOT NULL CHECK (status IN ('draft', 'active', 'deprecated', 'archived')),
    table_name           TEXT NOT NULL,
    entity               TEXT NOT NULL,
    entity_keys          TEXT NOT NULL, -- JSON list of columns: what a lookup asks for
    row_key              TEXT NOT NULL, -- JSON list of columns: what tells one row from another
    timestamp_key        TEXT NOT NULL,
    available_key        TEXT NOT NULL,
    lookback_days        REAL,          -- NULL: no limit
    delay_hours          REAL NOT NULL, -- from the timestamp until a row can be known
    expected_every_hours REAL,          -- NULL: no freshness is asked of it
    reject_limit         REAL NOT NULL, -- share of a batch
    reads                TEXT NOT NULL, -- JSON list of tables
    description          TEXT NOT NULL,
    owner                TEXT,
    tags                 TEXT NOT NULL, -- JSON list
    definition           TEXT NOT NULL,
    bronze_id            INTEGER NOT NULL,
    registered_at        TEXT NOT NULL,
    updated_at           TEXT NOT NULL,
    PRIMARY KEY (name, major, minor, patch)
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS features (
    group_name     TEXT NOT NULL,
    major          INTEGER NOT NULL,
    minor          INTEGER NOT NULL,
    patch          INTEGER NOT NULL,
    name           TEXT NOT NULL,
    position       INTEGER NOT NULL,
    type           TEXT NOT NULL,
    unit           TEXT,
    description    TEXT,
    owner          TEXT,
    tags           TEXT NOT NULL,          -- JSON list
    status         TEXT NOT NULL CHECK (status IN ('draft', 'active', 'deprecated', 'archived')),
    default_value,
    transformation TEXT,                   -- SQL
    rules          TEXT NOT NULL,          -- JSON: not_null, min, max, allowed, unique, pattern
    comes_from     TEXT NOT NULL,          -- JSON list of "table.column"
    registered_at  TEXT NOT NULL,
    updated_at     TEXT NOT NULL,
    PRIMARY KEY (group_name, major, minor, patch, name)
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS feature_definition_rejects (
    bronze_id   INTEGER PRIMARY KEY,
    name        TEXT NOT NULL,
    reason      TEXT NOT NULL,
    definition  TEXT NOT NULL,
    rejected_at TEXT NOT NULL
);

-- Rows that broke a rule on their way into a group.
CREATE TABLE IF NOT EXISTS feature_rejects (
    reject_id   INTEGER PRIMARY KEY,
    group_name  TEXT NOT NULL,
    feature     TEXT NOT NULL, -- '' for a rule of several
    rule        TEXT NOT NULL,
    value,
    reason      TEXT NOT NULL,
    row         TEXT NOT NULL, -- JSON
    rejected_at TEXT NOT NULL, -- for the first time
    UNIQUE (group_name, feature, rule, row)
);

-- The version of each group that lookups use, with the stage that computes it, and its features.
CREATE VIEW IF NOT EXISTS feature_groups_current AS
SELECT name, major, minor, patch, status, table_name, entity, entity_keys, row_key, timestamp_key, available_key, lookback_days,
       delay_hours, expected_every_hours, reject_limit, reads, description, owner, tags, definition, bronze_id, registered_at, updated_at,
       COALESCE((SELECT value FROM json_each(definition) WHERE key = 'computed'),
                EXISTS (SELECT 1 FROM json_each(definition) WHERE key = 'stage')) AS is_computed,
       (SELECT s.stage FROM ops_stages AS s, json_each(s.products) AS p WHERE p.value = table_name) AS stage
FROM feature_groups AS g
WHERE (major, minor, patch) = (SELECT o.major, o.minor, o.patch FROM feature_groups AS o WHERE o.name = g.name
                               ORDER BY o.status = 'active' DESC, o.status = 'deprecated' DESC, o.status = 'draft' DESC,
                                        o.major DESC, o.minor DESC, o.patch DESC LIMIT 1);
CREATE VIEW IF NOT EXISTS features_current AS
SELECT f.* FROM feature_groups_current AS g
JOIN features AS f ON (f.group_name, f.major, f.minor, f.patch) = (g.name, g.major, g.minor, g.patch);

-- Which versions of the groups that stages compute have been published, in that order. Where a version's rows are others than those of
-- the publication before (is_new), over the whole history, those are in <table>_earlier under the publication that they are from.
-- What a group is computed from may have another formula while its own version stays: then it is published once more (build).
CREATE TABLE IF NOT EXISTS feature_publications (
    publication_id INTEGER PRIMARY KEY,
    group_name     TEXT NOT NULL,
    major          INTEGER NOT NULL,
    minor          INTEGER NOT NULL,
    patch          INTEGER NOT NULL,
    build          INTEGER NOT NULL,
    is_new         INTEGER NOT NULL CHECK (is_new IN (0, 1)),
    published_at   TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS feature_publications_by_group ON feature_publications (group_name, publication_id);
-- append-only feature_publications: printed by `make stages`
CREATE TRIGGER IF NOT EXISTS feature_publications_keep BEFORE UPDATE ON feature_publications
BEGIN SELECT RAISE(ABORT, 'feature_publications is append-only'); END;
CREATE TRIGGER IF NOT EXISTS feature_publications_stay BEFORE DELETE ON feature_publications
BEGIN SELECT RAISE(ABORT, 'feature_publications is append-only'); END;
CREATE TRIGGER IF NOT EXISTS feature_publications_once BEFORE INSERT ON feature_publications
WHEN EXISTS (SELECT 1 FROM feature_publications AS o WHERE (o.publication_id) = (new.publication_id))
BEGIN SELECT RAISE(ABORT, 'feature_publications is append-only'); END;
-- end

-- What a stage has yet to publish: a version that it has not, or the one that it has, after what it is computed from was published
-- anew. `earlier` is the publication whose rows the table has, NULL before the first.
CREATE VIEW IF NOT EXISTS feature_upgrades AS
SELECT g.stage, g.table_name, g.name, g.major, g.minor, g.patch,
       (SELECT MAX(e.publication_id) FROM feature_publications AS e WHERE e.group_name = g.name AND e.is_new) AS earlier,
       COALESCE((SELECT MAX(b.build) FROM feature_publications AS b
                 WHERE (b.group_name, b.major, b.minor, b.patch) = (g.name, g.major, g.minor, g.patch)), 0) AS builds
FROM feature_groups_current AS g
LEFT JOIN feature_publications AS p ON p.publication_id = (SELECT MAX(l.publication_id) FROM feature_publications AS l WHERE l.group_name = g.name)
WHERE g.is_computed -- one comparison, which keeps the depth of expressions within 10
  AND (p.major, p.minor, p.patch,
       p.publication_id < (SELECT COALESCE(MAX(q.publication_id), 0)
                           FROM ops_stages AS s CROSS JOIN json_each(s.products) AS o CROSS JOIN json_each(s.inputs) AS i
                           CROSS JOIN feature_groups AS u CROSS JOIN feature_publications AS q
                           WHERE (o.value, u.table_name, q.group_name, q.is_new) = (g.table_name, i.value, u.name, 1)))
      IS NOT (g.major, g.minor, g.patch, 0);

-- A status moves one step on; nothing else of a registration ever changes.
CREATE TRIGGER IF NOT EXISTS feature_groups_keep BEFORE UPDATE ON feature_groups
WHEN (old.name, old.major, old.minor, old.patch, old.table_name, old.entity_keys, old.row_key, old.timestamp_key, old.available_key,
      old.definition, old.bronze_id, old.registered_at)
  IS NOT (new.name, new.major, new.minor, new.patch, new.table_name, new.entity_keys, new.row_key, new.timestamp_key, new.available_key,
          new.definition, new.bronze_id, new.registered_at)
BEGIN SELECT RAISE(ABORT, 'feature_groups: a definition stays as it was registered; a change is a new version'); END;
CREATE TRIGGER IF NOT EXISTS feature_groups_move BEFORE UPDATE OF status ON feature_groups
WHEN (old.status, new.status) NOT IN (VALUES ('draft', 'active'), ('active', 'deprecated'), ('deprecated', 'archived'))
 AND old.status <> new.status
BEGIN SELECT RAISE(ABORT, 'feature_groups: a status moves from draft to active to deprecated to archived, one step at a time'); END;
CREATE TRIGGER IF NOT EXISTS feature_groups_stay BEFORE DELETE ON feature_groups
BEGIN SELECT RAISE(ABORT, 'feature_groups: every definition ever registered stays; archive it instead'); END;
CREATE TRIGGER IF NOT EXISTS feature_groups_once BEFORE INSERT ON feature_groups
WHEN EXISTS (SELECT 1 FROM feature_groups WHERE (name, major, minor, patch) = (new.name, new.major, new.minor, new.patch))
BEGIN SELECT RAISE(ABORT, 'feature_groups: this version is registered'); END;
CREATE TRIGGER IF NOT EXISTS feature_groups_registered AFTER INSERT ON feature_groups
BEGIN
    INSERT INTO ops_audit (at, who, action, object, detail)
    VALUES (new.registered_at, (SELECT who FROM ops_actor), 'register', new.name,
            printf('{"version":"%d.%d.%d","status":"%s"}', new.major, new.minor, new.patch, new.status));
END;
CREATE TRIGGER IF NOT EXISTS feature_groups_moved AFTER UPDATE OF status ON feature_groups WHEN old.status <> new.status
BEGIN
    UPDATE feature_groups SET updated_at = strftime('%Y-%m-%dT%H:%M:%SZ', 'now')
    WHERE (name, major, minor, patch) = (new.name, new.major, new.minor, new.patch);
    INSERT INTO ops_audit (at, who, action, object, detail)
    VALUES (strftime('%Y-%m-%dT%H:%M:%SZ', 'now'), (SELECT who FROM ops_actor), 'status', new.name,
            printf('{"version":"%d.%d.%d","from":"%s","to":"%s"}', new.major, new.minor, new.patch, old.status, new.status));
END;

CREATE TRIGGER IF NOT EXISTS features_keep BEFORE UPDATE ON features
WHEN (old.group_name, old.major, old.minor, old.patch, old.name, old.position, old.type, old.unit, old.transformation, old.rules)
  IS NOT (new.group_name, new.major, new.minor, new.patch, new.name, new.position, new.type, new.unit, new.transformation, new.rules)
BEGIN SELECT RAISE(ABORT, 'features: a definition stays as it was registered; a change is a new version'); END;
CREATE TRIGGER IF NOT EXISTS features_move BEFORE UPDATE OF status ON features
WHEN (old.status, new.status) NOT IN (VALUES ('draft', 'active'), ('active', 'deprecated'), ('deprecated', 'archived'))
 AND old.status <> new.status
BEGIN SELECT RAISE(ABORT, 'features: a status moves from draft to active to deprecated to archived, one step at a time'); END;
CREATE TRIGGER IF NOT EXISTS features_stay BEFORE DELETE ON features
BEGIN SELECT RAISE(ABORT, 'features: every definition ever registered stays; archive it instead'); END;
CREATE TRIGGER IF NOT EXISTS features_once BEFORE INSERT ON features
WHEN EXISTS (SELECT 1 FROM features WHERE (group_name, major, minor, patch, name) = (new.group_name, new.major, new.minor, new.patch, new.name))
BEGIN SELECT RAISE(ABORT, 'features: this version is registered'); END;
CREATE TRIGGER IF NOT EXISTS features_moved AFTER UPDATE OF status ON features WHEN old.status <> new.status
BEGIN
    UPDATE features SET updated_at = strftime('%Y-%m-%dT%H:%M:%SZ', 'now')
    WHERE (group_name, major, minor, patch, name) = (new.group_name, new.major, new.minor, new.patch, new.name);
    INSERT INTO ops_audit (at, who, action, object, detail)
    VALUES (strftime('%Y-%m-%dT%H:%M:%SZ', 'now'), (SELECT who FROM ops_actor), 'status', new.group_name || '.' || new.name,
            printf('{"version":"%d.%d.%d","from":"%s","to":"%s"}', new.major, new.minor, new.patch, old.status, new.status));
END;

CREATE TEMP TABLE arrived (bronze_id INTEGER PRIMARY KEY, name TEXT NOT NULL, definition TEXT NOT NULL);
INSERT INTO arrived
SELECT bronze_id, document_id, json_plain_names(payload)
FROM bronze_documents
WHERE kind = 'feature_group'
  AND bronze_id NOT IN (SELECT bronze_id FROM feature_groups)
  AND bronze_id NOT IN (SELECT bronze_id FROM feature_definition_rejects);

-- One after the other: each is judged against the one believed before it, and its names against all that are registered.
-- What has no fault is tried, its tables and a row, before it is registered: a registered definition stays.
CREATE TEMP TABLE judged (bronze_id INTEGER PRIMARY KEY, name TEXT NOT NULL, definition TEXT NOT NULL, believed TEXT, fault TEXT);
CREATE TEMP TABLE accepted (bronze_id INTEGER PRIMARY KEY, name TEXT NOT NULL, definition TEXT NOT NULL, major INTEGER, minor INTEGER, patch INTEGER);
CREATE TEMP TRIGGER judged_each AFTER INSERT ON judged
BEGIN
    UPDATE judged SET believed = (SELECT g.definition FROM feature_groups AS g WHERE g.name = new.name
                                  ORDER BY major DESC, minor DESC, patch DESC LIMIT 1)
    WHERE bronze_id = new.bronze_id;
    UPDATE judged SET fault = COALESCE(feature_group_fault(definition, believed), feature_group_trial(definition, believed))
    WHERE bronze_id = new.bronze_id;
    INSERT INTO feature_definition_rejects (bronze_id, name, reason, definition, rejected_at)
    SELECT bronze_id, name, fault, definition, started_at FROM judged, stage_clock WHERE bronze_id = new.bronze_id AND fault IS NOT NULL;

    -- Without those that are registered already in another layout.
    INSERT INTO accepted (bronze_id, name, definition, major, minor, patch)
    SELECT bronze_id, name, definition, json_extract(version, '$[0]'), json_extract(version, '$[1]'), json_extract(version, '$[2]')
    FROM (SELECT *, json('[' || replace(json_extract(definition, '$.version'), '.', ',') || ']') AS version
          FROM judged WHERE bronze_id = new.bronze_id AND fault IS NULL) AS j
    WHERE NOT EXISTS (SELECT 1 FROM feature_groups AS g
                      WHERE (g.name, g.major, g.minor, g.patch)
                          = (j.name, json_extract(version, '$[0]'), json_extract(version, '$[1]'), json_extract(version, '$[2]')));
    INSERT INTO feature_groups
    SELECT name, major, minor, patch,
           COALESCE(json_extract(definition, '$.status'), 'active'),
           COALESCE(json_extract(definition, '$.table'), CASE WHEN major < 2 THEN name ELSE name || '_v' || major END),
           json_extract(definition, '$.entity'),
           json_extract(definition, '$.keys'),
           COALESCE(json_extract(definition, '$.row_key'),
                    json_insert(json_extract(definition, '$.keys'), '$[#]', COALESCE(json_extract(definition, '$.timestamp'), 'event_timestamp'))),
           COALESCE(json_extract(definition, '$.timestamp'), 'event_timestamp'),
           COALESCE(json_extract(definition, '$.available'), 'available_at'),
           exact_real(nullif(definition -> '$.lookback_days', 'null')),
           COALESCE(exact_real(nullif(definition -> '$.availability_delay_hours', 'null')), 0),
           exact_real(nullif(definition -> '$.expected_every_hours', 'null')),
           COALESCE(exact_real(nullif(definition -> '$.reject_limit', 'null')), 0.1),
           COALESCE(json_extract(definition, '$.reads'), '[]'),
           json_extract(definition, '$.description'),
           json_extract(definition, '$.owner'),
           COALESCE(json_extract(definition, '$.tags'), '[]'),
           definition, bronze_id, started_at, started_at
    FROM accepted, stage_clock
    WHERE bronze_id = new.bronze_id;
    INSERT INTO features
    SELECT a.name, a.major, a.minor, a.patch,
           json_extract(f.value, '$.name'), f.key,
           json_extract(f.value, '$.type'),
           json_extract(f.value, '$.unit'),
           json_extract(f.value, '$.description'),
           COALESCE(json_extract(f.value, '$.owner'), json_extract(a.definition, '$.owner')),
           COALESCE(json_extract(f.value, '$.tags'), '[]'),
           COALESCE(json_extract(f.value, '$.status'), json_extract(a.definition, '$.status'), 'active'),
           CASE json_type(f.value, '$.default') WHEN 'real' THEN exact_real(f.value -> '$.default') ELSE json_extract(f.value, '$.default') END,
           json_extract(f.value, '$.transformation'),
           json_remove(f.value, '$.name', '$.type', '$.unit', '$.description', '$.owner', '$.tags', '$.status', '$.default', '$.transformation', '$.from'),
           COALESCE(json_extract(f.value, '$.from'), '[]'),
           started_at, started_at
    FROM accepted AS a, json_each(a.definition, '$.features') AS f, stage_clock
    WHERE a.bronze_id = new.bronze_id;
END;
INSERT INTO judged (bronze_id, name, definition) SELECT bronze_id, name, definition FROM arrived ORDER BY bronze_id;

SELECT assert_that(NOT EXISTS (
    SELECT 1 FROM accepted AS a
    WHERE (SELECT definition FROM feature_groups AS g WHERE (g.name, g.major, g.minor, g.patch) = (a.name, a.major, a.minor, a.patch)) IS NOT a.definition
       OR (SELECT COUNT(*) FROM features AS f WHERE (f.group_name, f.major, f.minor, f.patch) = (a.name, a.major, a.minor, a.patch))
          <> json_array_length(a.definition, '$.features')),
    '300_feature_registry: a definition or a feature of it was lost');

CREATE TEMP TABLE counted AS
SELECT (SELECT COUNT(*) FROM arrived) AS rows_in,
       (SELECT COUNT(*) FROM accepted) AS rows_out,
       (SELECT COUNT(*) FROM judged WHERE fault IS NOT NULL) AS rows_rejected, NULL AS message;

-- finish: printed by `make stages`
INSERT INTO ops_runs (stage, started_at, duration_ms, rows_in, rows_out, rows_rejected, outcome, message)
SELECT '300_feature_registry', started_at, (julianday('now') - started) * 86400000, rows_in, rows_out, rows_rejected, 'ok', message
FROM stage_clock, counted;

DROP TABLE temp.counted;
DROP TABLE temp.accepted;
DROP TABLE temp.judged;
DROP TABLE temp.arrived;
DROP TABLE temp.stage_clock;

COMMIT;
