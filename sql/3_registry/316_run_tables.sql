-- stage:    316_run_tables
-- purpose:  the tables of the bundled groups of single runs, races and what runs like them say, their history, views and triggers
-- reads:    -
-- writes:   -; race_results, race_results_earlier, race_results_history, similar_runs, similar_runs_earlier, similar_runs_history
-- follows:  -
-- grain:    -
-- params:   -
-- rests:    -

-- begin: printed by `make stages`
BEGIN IMMEDIATE;

INSERT INTO ops_announced (stage, purpose, inputs, products, follows) VALUES (
    '316_run_tables',
    'the tables of the bundled groups of single runs, races and what runs like them say, their history, views and triggers',
    '[]',
    '[]',
    '[]');

CREATE TEMP TABLE stage_clock AS
SELECT strftime('%Y-%m-%dT%H:%M:%SZ', 'now') AS started_at, julianday('now') AS started;
-- end

-- tables race_results, similar_runs: printed by `make stages`
-- race_results 1.1.2: Official distance and time of each race: the labels
CREATE TABLE IF NOT EXISTS "race_results" (
    "athlete_id" TEXT NOT NULL,
    "activity_id" TEXT NOT NULL,
    "race_date" TEXT NOT NULL, -- local day
    "distance_class" TEXT NOT NULL, -- official distance
    "seconds" REAL NOT NULL, -- s; time over the official distance
    "source" TEXT NOT NULL CHECK (CASE "source" WHEN 'best_effort' THEN 1 WHEN 'race_tag' THEN 1 WHEN 'told' THEN 1 ELSE "source" IS NULL END), -- what the time was read from
    "measured_m" REAL NOT NULL, -- m; distance as the watch said; the class names the official one
    "event_timestamp" TEXT NOT NULL, -- the finish, UTC
    "available_at" TEXT NOT NULL,
    PRIMARY KEY ("athlete_id", "activity_id")
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS "race_results_asof" ON "race_results" ("athlete_id", "event_timestamp", "available_at");
CREATE TABLE IF NOT EXISTS "race_results_history" (
    "athlete_id" TEXT NOT NULL,
    "activity_id" TEXT NOT NULL,
    "race_date" TEXT NOT NULL,
    "distance_class" TEXT NOT NULL,
    "seconds" REAL NOT NULL,
    "source" TEXT NOT NULL,
    "measured_m" REAL NOT NULL,
    "event_timestamp" TEXT NOT NULL,
    "available_at" TEXT NOT NULL,
    superseded_at TEXT NOT NULL, -- from then on it was no longer believed
    superseded_by TEXT             -- who changed or deleted it
);
CREATE INDEX IF NOT EXISTS "race_results_history_asof" ON "race_results_history" ("athlete_id", "event_timestamp", "available_at");
CREATE INDEX IF NOT EXISTS "race_results_history_row" ON "race_results_history" ("athlete_id", "activity_id");
CREATE TABLE IF NOT EXISTS "race_results_earlier" (
    publication_id INTEGER NOT NULL, -- of feature_publications
    "athlete_id" TEXT NOT NULL,
    "activity_id" TEXT NOT NULL,
    "race_date" TEXT NOT NULL,
    "distance_class" TEXT NOT NULL,
    "seconds" REAL NOT NULL,
    "source" TEXT NOT NULL,
    "measured_m" REAL NOT NULL,
    "event_timestamp" TEXT NOT NULL,
    "available_at" TEXT NOT NULL,
    superseded_at TEXT, -- NULL: believed until the next publication
    superseded_by TEXT
);
CREATE INDEX IF NOT EXISTS "race_results_earlier_asof" ON "race_results_earlier" (publication_id, "athlete_id", "event_timestamp", "available_at");
CREATE VIEW IF NOT EXISTS "race_results_versions" AS
SELECT "athlete_id", "activity_id", "race_date", "distance_class", "seconds", "source", "measured_m", "event_timestamp", "available_at", NULL AS superseded_at, NULL AS superseded_by FROM "race_results"
UNION ALL
SELECT "athlete_id", "activity_id", "race_date", "distance_class", "seconds", "source", "measured_m", "event_timestamp", "available_at", superseded_at, superseded_by FROM "race_results_history";
CREATE TRIGGER IF NOT EXISTS "race_results_replaced" AFTER UPDATE ON "race_results"
WHEN (old."athlete_id", old."activity_id", old."race_date", old."distance_class", old."seconds", old."source", old."measured_m", old."event_timestamp", old."available_at") IS NOT (new."athlete_id", new."activity_id", new."race_date", new."distance_class", new."seconds", new."source", new."measured_m", new."event_timestamp", new."available_at")
    AND (SELECT superseded_by FROM "race_results_history" ORDER BY rowid DESC LIMIT 1) IS NOT x''
BEGIN
    INSERT INTO "race_results_history" ("athlete_id", "activity_id", "race_date", "distance_class", "seconds", "source", "measured_m", "event_timestamp", "available_at", superseded_at, superseded_by)
    SELECT "athlete_id", "activity_id", "race_date", "distance_class", "seconds", "source", "measured_m", "event_timestamp", "available_at", max(new."available_at", strftime('%Y-%m-%dT%H:%M:%SZ', 'now')), superseded_by FROM "race_results_history"
    WHERE ("athlete_id", "activity_id") = (old."athlete_id", old."activity_id") AND superseded_at > max(new."available_at", strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))
    UNION ALL
    SELECT old."athlete_id", old."activity_id", old."race_date", old."distance_class", old."seconds", old."source", old."measured_m", old."event_timestamp", old."available_at", CASE WHEN new."available_at" > old."available_at" THEN new."available_at" ELSE max(strftime('%Y-%m-%dT%H:%M:%SZ', 'now'), old."available_at") END,
        CASE WHEN new."available_at" > old."available_at" THEN (SELECT who FROM ops_actor) ELSE x'' END;
    UPDATE "race_results" SET "available_at" = strftime('%Y-%m-%dT%H:%M:%SZ', 'now') -- one belief begins where the other ended
    WHERE ("athlete_id", "activity_id") = (new."athlete_id", new."activity_id") AND "available_at" < strftime('%Y-%m-%dT%H:%M:%SZ', 'now')
        AND (SELECT superseded_by FROM "race_results_history" ORDER BY rowid DESC LIMIT 1) = x'';
    DELETE FROM "race_results_history" -- what was never believed leaves no version
    WHERE ("athlete_id", "activity_id") = (old."athlete_id", old."activity_id") AND (superseded_at <= "available_at" OR superseded_at > max(new."available_at", strftime('%Y-%m-%dT%H:%M:%SZ', 'now')));
    UPDATE "race_results_history" SET superseded_by = (SELECT who FROM ops_actor) WHERE rowid = (SELECT MAX(rowid) FROM "race_results_history") AND superseded_by = x'';
END;
-- A stage that knows when a row stopped being believed says so in the history before it deletes the row.
CREATE TRIGGER IF NOT EXISTS "race_results_deleted" AFTER DELETE ON "race_results"
WHEN (old."athlete_id", old."activity_id", old."race_date", old."distance_class", old."seconds", old."source", old."measured_m", old."event_timestamp", old."available_at") IS NOT (SELECT "athlete_id", "activity_id", "race_date", "distance_class", "seconds", "source", "measured_m", "event_timestamp", "available_at" FROM "race_results_history"
    WHERE ("athlete_id", "activity_id") = (old."athlete_id", old."activity_id") ORDER BY rowid DESC LIMIT 1)
BEGIN
    INSERT INTO "race_results_history" ("athlete_id", "activity_id", "race_date", "distance_class", "seconds", "source", "measured_m", "event_timestamp", "available_at", superseded_at, superseded_by)
    SELECT old."athlete_id", old."activity_id", old."race_date", old."distance_class", old."seconds", old."source", old."measured_m", old."event_timestamp", old."available_at", _until, (SELECT who FROM ops_actor)
    FROM (SELECT strftime('%Y-%m-%dT%H:%M:%SZ', 'now') AS _until)
    WHERE _until > old."available_at";
    UPDATE "race_results_history" SET superseded_at = strftime('%Y-%m-%dT%H:%M:%SZ', 'now')
    WHERE old."available_at" > strftime('%Y-%m-%dT%H:%M:%SZ', 'now') AND ("athlete_id", "activity_id") = (old."athlete_id", old."activity_id") AND superseded_at > strftime('%Y-%m-%dT%H:%M:%SZ', 'now');
    DELETE FROM "race_results_history"
    WHERE old."available_at" > strftime('%Y-%m-%dT%H:%M:%SZ', 'now') AND ("athlete_id", "activity_id") = (old."athlete_id", old."activity_id") AND superseded_at <= "available_at";
END;
CREATE TRIGGER IF NOT EXISTS "race_results_once" BEFORE INSERT ON "race_results"
WHEN EXISTS (SELECT 1 FROM "race_results_history" WHERE ("athlete_id", "activity_id") = (new."athlete_id", new."activity_id") AND superseded_at > new."available_at")
   OR EXISTS (SELECT 1 FROM "race_results" WHERE ("athlete_id", "activity_id") = (new."athlete_id", new."activity_id"))
BEGIN SELECT RAISE(ABORT, 'race_results: this row is there; UPDATE it, or DELETE it first, so that what it was goes to the history; what was deleted is known again from then on, not before'); END;
CREATE TRIGGER IF NOT EXISTS "race_results_moved" BEFORE UPDATE OF "athlete_id", "activity_id" ON "race_results"
WHEN (new."athlete_id", new."activity_id") IS NOT (old."athlete_id", old."activity_id") AND EXISTS (SELECT 1 FROM "race_results" WHERE ("athlete_id", "activity_id") = (new."athlete_id", new."activity_id"))
BEGIN SELECT RAISE(ABORT, 'race_results: this row is there; UPDATE it, or DELETE it first, so that what it was goes to the history'); END;
CREATE TRIGGER IF NOT EXISTS "race_results_in_form" BEFORE INSERT ON "race_results"
WHEN NOT ((CASE WHEN new."event_timestamp" NOT GLOB '????-??-??T??:??:??Z' THEN 0 WHEN new."event_timestamp" NOT BETWEEN '0001' AND ':' THEN 0 WHEN length(CAST(new."event_timestamp" AS BLOB)) = 20 THEN date(new."event_timestamp", '+0 seconds') < new."event_timestamp" WHEN length(CAST(new."event_timestamp" AS BLOB)) = length(CAST('2025-10-20T06:00:00Z' AS BLOB)) THEN date(new."event_timestamp", '+0 seconds') < new."event_timestamp" END) IS TRUE AND (CASE WHEN new."available_at" = new."event_timestamp" THEN 1 WHEN new."available_at" NOT GLOB '????-??-??T??:??:??Z' THEN 0 WHEN new."available_at" NOT BETWEEN '0001' AND ':' THEN 0 WHEN length(CAST(new."available_at" AS BLOB)) = 20 THEN date(new."available_at", '+0 seconds') < new."available_at" WHEN length(CAST(new."available_at" AS BLOB)) = length(CAST('2025-10-20T06:00:00Z' AS BLOB)) THEN date(new."available_at", '+0 seconds') < new."available_at" END) IS TRUE)
BEGIN SELECT RAISE(ABORT, 'race_results: event_timestamp, available_at and superseded_at are instants in UTC such as 2025-10-20T06:00:00Z; an ingest takes other forms, too'); END;
CREATE TRIGGER IF NOT EXISTS "race_results_in_form_moved" BEFORE UPDATE OF "event_timestamp", "available_at" ON "race_results"
WHEN NOT ((CASE WHEN new."event_timestamp" NOT GLOB '????-??-??T??:??:??Z' THEN 0 WHEN new."event_timestamp" NOT BETWEEN '0001' AND ':' THEN 0 WHEN length(CAST(new."event_timestamp" AS BLOB)) = 20 THEN date(new."event_timestamp", '+0 seconds') < new."event_timestamp" WHEN length(CAST(new."event_timestamp" AS BLOB)) = length(CAST('2025-10-20T06:00:00Z' AS BLOB)) THEN date(new."event_timestamp", '+0 seconds') < new."event_timestamp" END) IS TRUE AND (CASE WHEN new."available_at" = new."event_timestamp" THEN 1 WHEN new."available_at" NOT GLOB '????-??-??T??:??:??Z' THEN 0 WHEN new."available_at" NOT BETWEEN '0001' AND ':' THEN 0 WHEN length(CAST(new."available_at" AS BLOB)) = 20 THEN date(new."available_at", '+0 seconds') < new."available_at" WHEN length(CAST(new."available_at" AS BLOB)) = length(CAST('2025-10-20T06:00:00Z' AS BLOB)) THEN date(new."available_at", '+0 seconds') < new."available_at" END) IS TRUE)
BEGIN SELECT RAISE(ABORT, 'race_results: event_timestamp, available_at and superseded_at are instants in UTC such as 2025-10-20T06:00:00Z; an ingest takes other forms, too'); END;
CREATE TRIGGER IF NOT EXISTS "race_results_history_in_form" BEFORE INSERT ON "race_results_history"
WHEN NOT ((CASE WHEN new."event_timestamp" NOT GLOB '????-??-??T??:??:??Z' THEN 0 WHEN new."event_timestamp" NOT BETWEEN '0001' AND ':' THEN 0 WHEN length(CAST(new."event_timestamp" AS BLOB)) = 20 THEN date(new."event_timestamp", '+0 seconds') < new."event_timestamp" WHEN length(CAST(new."event_timestamp" AS BLOB)) = length(CAST('2025-10-20T06:00:00Z' AS BLOB)) THEN date(new."event_timestamp", '+0 seconds') < new."event_timestamp" END) IS TRUE AND (CASE WHEN new."available_at" = new."event_timestamp" THEN 1 WHEN new."available_at" NOT GLOB '????-??-??T??:??:??Z' THEN 0 WHEN new."available_at" NOT BETWEEN '0001' AND ':' THEN 0 WHEN length(CAST(new."available_at" AS BLOB)) = 20 THEN date(new."available_at", '+0 seconds') < new."available_at" WHEN length(CAST(new."available_at" AS BLOB)) = length(CAST('2025-10-20T06:00:00Z' AS BLOB)) THEN date(new."available_at", '+0 seconds') < new."available_at" END) IS TRUE AND (CASE WHEN new.superseded_at NOT GLOB '????-??-??T??:??:??Z' THEN 0 WHEN new.superseded_at NOT BETWEEN '0001' AND ':' THEN 0 WHEN length(CAST(new.superseded_at AS BLOB)) = 20 THEN date(new.superseded_at, '+0 seconds') < new.superseded_at WHEN length(CAST(new.superseded_at AS BLOB)) = length(CAST('2025-10-20T06:00:00Z' AS BLOB)) THEN date(new.superseded_at, '+0 seconds') < new.superseded_at END) IS TRUE)
BEGIN SELECT RAISE(ABORT, 'race_results_history: event_timestamp, available_at and superseded_at are instants in UTC such as 2025-10-20T06:00:00Z; an ingest takes other forms, too'); END;
CREATE TRIGGER IF NOT EXISTS "race_results_history_in_form_moved" BEFORE UPDATE OF "event_timestamp", "available_at", superseded_at ON "race_results_history"
WHEN NOT ((CASE WHEN new."event_timestamp" NOT GLOB '????-??-??T??:??:??Z' THEN 0 WHEN new."event_timestamp" NOT BETWEEN '0001' AND ':' THEN 0 WHEN length(CAST(new."event_timestamp" AS BLOB)) = 20 THEN date(new."event_timestamp", '+0 seconds') < new."event_timestamp" WHEN length(CAST(new."event_timestamp" AS BLOB)) = length(CAST('2025-10-20T06:00:00Z' AS BLOB)) THEN date(new."event_timestamp", '+0 seconds') < new."event_timestamp" END) IS TRUE AND (CASE WHEN new."available_at" = new."event_timestamp" THEN 1 WHEN new."available_at" NOT GLOB '????-??-??T??:??:??Z' THEN 0 WHEN new."available_at" NOT BETWEEN '0001' AND ':' THEN 0 WHEN length(CAST(new."available_at" AS BLOB)) = 20 THEN date(new."available_at", '+0 seconds') < new."available_at" WHEN length(CAST(new."available_at" AS BLOB)) = length(CAST('2025-10-20T06:00:00Z' AS BLOB)) THEN date(new."available_at", '+0 seconds') < new."available_at" END) IS TRUE AND (CASE WHEN new.superseded_at NOT GLOB '????-??-??T??:??:??Z' THEN 0 WHEN new.superseded_at NOT BETWEEN '0001' AND ':' THEN 0 WHEN length(CAST(new.superseded_at AS BLOB)) = 20 THEN date(new.superseded_at, '+0 seconds') < new.superseded_at WHEN length(CAST(new.superseded_at AS BLOB)) = length(CAST('2025-10-20T06:00:00Z' AS BLOB)) THEN date(new.superseded_at, '+0 seconds') < new.superseded_at END) IS TRUE)
BEGIN SELECT RAISE(ABORT, 'race_results_history: event_timestamp, available_at and superseded_at are instants in UTC such as 2025-10-20T06:00:00Z; an ingest takes other forms, too'); END;

CREATE TRIGGER IF NOT EXISTS "race_results_earlier_in_form" BEFORE INSERT ON "race_results_earlier"
WHEN NOT ((CASE WHEN new."event_timestamp" NOT GLOB '????-??-??T??:??:??Z' THEN 0 WHEN new."event_timestamp" NOT BETWEEN '0001' AND ':' THEN 0 WHEN length(CAST(new."event_timestamp" AS BLOB)) = 20 THEN date(new."event_timestamp", '+0 seconds') < new."event_timestamp" WHEN length(CAST(new."event_timestamp" AS BLOB)) = length(CAST('2025-10-20T06:00:00Z' AS BLOB)) THEN date(new."event_timestamp", '+0 seconds') < new."event_timestamp" END) IS TRUE AND (CASE WHEN new."available_at" = new."event_timestamp" THEN 1 WHEN new."available_at" NOT GLOB '????-??-??T??:??:??Z' THEN 0 WHEN new."available_at" NOT BETWEEN '0001' AND ':' THEN 0 WHEN length(CAST(new."available_at" AS BLOB)) = 20 THEN date(new."available_at", '+0 seconds') < new."available_at" WHEN length(CAST(new."available_at" AS BLOB)) = length(CAST('2025-10-20T06:00:00Z' AS BLOB)) THEN date(new."available_at", '+0 seconds') < new."available_at" END) IS TRUE)
BEGIN SELECT RAISE(ABORT, 'race_results_earlier: event_timestamp, available_at and superseded_at are instants in UTC such as 2025-10-20T06:00:00Z; an ingest takes other forms, too'); END;
CREATE TRIGGER IF NOT EXISTS "race_results_earlier_keep" BEFORE UPDATE ON "race_results_earlier"
BEGIN SELECT RAISE(ABORT, 'race_results_earlier: what was published stays as it was'); END;

-- similar_runs 1.0.0: What the runs before a run, those over when it began, say of its pace: by distance, climb, hour, day of the week and age
CREATE TABLE IF NOT EXISTS "similar_runs" (
    "athlete_id" TEXT NOT NULL,
    "activity_id" TEXT NOT NULL,
    "event_timestamp" TEXT NOT NULL, -- start of the run, UTC; of the next run, the end of the last
    "activity_date" TEXT NOT NULL, -- local day; of the next run, the day after the last
    "distance_km" REAL NOT NULL, -- km; distance, known from the plan
    "elevation_per_km" REAL, -- m/km; climb, known from the plan
    "start_hour" REAL NOT NULL, -- h; local time of the start, known from the plan
    "weekday" INTEGER NOT NULL, -- weekday; 0 is Sunday, known from the plan
    "earlier_runs" INTEGER NOT NULL, -- count; runs before it
    "similar_pace_min_km" REAL NOT NULL, -- min/km; mean pace of similar runs, brought to this climb
    "similar_spread_min_km" REAL NOT NULL, -- min/km; standard deviation of their paces
    "similar_runs" REAL NOT NULL, -- count; how many runs of equal weight would say as much
    "similar_age_days" REAL NOT NULL, -- d; how long ago they were
    "longer_than_similar" REAL NOT NULL, -- ln(km/km); logarithm of this distance over theirs
    "steeper_than_similar" REAL NOT NULL, -- m/km; this climb less theirs
    "pace_ewma_20" REAL NOT NULL, -- min/km; mean pace of the runs before, each weighing half as much as the twentieth after it
    "last_pace_min_km" REAL NOT NULL, -- min/km; pace of the run before
    "mean_pace_5" REAL NOT NULL, -- min/km; mean pace of the last five
    "mean_pace_10" REAL NOT NULL, -- min/km; mean pace of the last ten
    "best_pace_20" REAL NOT NULL, -- min/km; fastest of the last twenty
    "pace_spread_20" REAL NOT NULL, -- min/km; standard deviation of the last twenty
    "usual_distance_km" REAL NOT NULL, -- km; geometric mean of the last twenty
    "usual_elevation_per_km" REAL NOT NULL, -- m/km; mean climb of the last twenty
    "last_distance_km" REAL NOT NULL, -- km; distance of the run before
    "days_since_run" INTEGER NOT NULL, -- d; local days since the run before
    "available_at" TEXT NOT NULL,
    PRIMARY KEY ("athlete_id", "activity_id")
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS "similar_runs_asof" ON "similar_runs" ("athlete_id", "event_timestamp", "available_at");
CREATE TABLE IF NOT EXISTS "similar_runs_history" (
    "athlete_id" TEXT NOT NULL,
    "activity_id" TEXT NOT NULL,
    "event_timestamp" TEXT NOT NULL,
    "activity_date" TEXT NOT NULL,
    "distance_km" REAL NOT NULL,
    "elevation_per_km" REAL,
    "start_hour" REAL NOT NULL,
    "weekday" INTEGER NOT NULL,
    "earlier_runs" INTEGER NOT NULL,
    "similar_pace_min_km" REAL NOT NULL,
    "similar_spread_min_km" REAL NOT NULL,
    "similar_runs" REAL NOT NULL,
    "similar_age_days" REAL NOT NULL,
    "longer_than_similar" REAL NOT NULL,
    "steeper_than_similar" REAL NOT NULL,
    "pace_ewma_20" REAL NOT NULL,
    "last_pace_min_km" REAL NOT NULL,
    "mean_pace_5" REAL NOT NULL,
    "mean_pace_10" REAL NOT NULL,
    "best_pace_20" REAL NOT NULL,
    "pace_spread_20" REAL NOT NULL,
    "usual_distance_km" REAL NOT NULL,
    "usual_elevation_per_km" REAL NOT NULL,
    "last_distance_km" REAL NOT NULL,
    "days_since_run" INTEGER NOT NULL,
    "available_at" TEXT NOT NULL,
    superseded_at TEXT NOT NULL, -- from then on it was no longer believed
    superseded_by TEXT             -- who changed or deleted it
);
CREATE INDEX IF NOT EXISTS "similar_runs_history_asof" ON "similar_runs_history" ("athlete_id", "event_timestamp", "available_at");
CREATE INDEX IF NOT EXISTS "similar_runs_history_row" ON "similar_runs_history" ("athlete_id", "activity_id");
CREATE TABLE IF NOT EXISTS "similar_runs_earlier" (
    publication_id INTEGER NOT NULL, -- of feature_publications
    "athlete_id" TEXT NOT NULL,
    "activity_id" TEXT NOT NULL,
    "event_timestamp" TEXT NOT NULL,
    "activity_date" TEXT NOT NULL,
    "distance_km" REAL NOT NULL,
    "elevation_per_km" REAL,
    "start_hour" REAL NOT NULL,
    "weekday" INTEGER NOT NULL,
    "earlier_runs" INTEGER NOT NULL,
    "similar_pace_min_km" REAL NOT NULL,
    "similar_spread_min_km" REAL NOT NULL,
    "similar_runs" REAL NOT NULL,
    "similar_age_days" REAL NOT NULL,
    "longer_than_similar" REAL NOT NULL,
    "steeper_than_similar" REAL NOT NULL,
    "pace_ewma_20" REAL NOT NULL,
    "last_pace_min_km" REAL NOT NULL,
    "mean_pace_5" REAL NOT NULL,
    "mean_pace_10" REAL NOT NULL,
    "best_pace_20" REAL NOT NULL,
    "pace_spread_20" REAL NOT NULL,
    "usual_distance_km" REAL NOT NULL,
    "usual_elevation_per_km" REAL NOT NULL,
    "last_distance_km" REAL NOT NULL,
    "days_since_run" INTEGER NOT NULL,
    "available_at" TEXT NOT NULL,
    superseded_at TEXT, -- NULL: believed until the next publication
    superseded_by TEXT
);
CREATE INDEX IF NOT EXISTS "similar_runs_earlier_asof" ON "similar_runs_earlier" (publication_id, "athlete_id", "event_timestamp", "available_at");
CREATE VIEW IF NOT EXISTS "similar_runs_versions" AS
SELECT "athlete_id", "activity_id", "event_timestamp", "activity_date", "distance_km", "elevation_per_km", "start_hour", "weekday", "earlier_runs", "similar_pace_min_km", "similar_spread_min_km", "similar_runs", "similar_age_days", "longer_than_similar", "steeper_than_similar", "pace_ewma_20", "last_pace_min_km", "mean_pace_5", "mean_pace_10", "best_pace_20", "pace_spread_20", "usual_distance_km", "usual_elevation_per_km", "last_distance_km", "days_since_run", "available_at", NULL AS superseded_at, NULL AS superseded_by FROM "similar_runs"
UNION ALL
SELECT "athlete_id", "activity_id", "event_timestamp", "activity_date", "distance_km", "elevation_per_km", "start_hour", "weekday", "earlier_runs", "similar_pace_min_km", "similar_spread_min_km", "similar_runs", "similar_age_days", "longer_than_similar", "steeper_than_similar", "pace_ewma_20", "last_pace_min_km", "mean_pace_5", "mean_pace_10", "best_pace_20", "pace_spread_20", "usual_distance_km", "usual_elevation_per_km", "last_distance_km", "days_since_run", "available_at", superseded_at, superseded_by FROM "similar_runs_history";
CREATE TRIGGER IF NOT EXISTS "similar_runs_replaced" AFTER UPDATE ON "similar_runs"
WHEN (old."athlete_id", old."activity_id", old."event_timestamp", old."activity_date", old."distance_km", old."elevation_per_km", old."start_hour", old."weekday", old."earlier_runs", old."similar_pace_min_km", old."similar_spread_min_km", old."similar_runs", old."similar_age_days", old."longer_than_similar", old."steeper_than_similar", old."pace_ewma_20", old."last_pace_min_km", old."mean_pace_5", old."mean_pace_10", old."best_pace_20", old."pace_spread_20", old."usual_distance_km", old."usual_elevation_per_km", old."last_distance_km", old."days_since_run", old."available_at") IS NOT (new."athlete_id", new."activity_id", new."event_timestamp", new."activity_date", new."distance_km", new."elevation_per_km", new."start_hour", new."weekday", new."earlier_runs", new."similar_pace_min_km", new."similar_spread_min_km", new."similar_runs", new."similar_age_days", new."longer_than_similar", new."steeper_than_similar", new."pace_ewma_20", new."last_pace_min_km", new."mean_pace_5", new."mean_pace_10", new."best_pace_20", new."pace_spread_20", new."usual_distance_km", new."usual_elevation_per_km", new."last_distance_km", new."days_since_run", new."available_at")
    AND (SELECT superseded_by FROM "similar_runs_history" ORDER BY rowid DESC LIMIT 1) IS NOT x''
BEGIN
    INSERT INTO "similar_runs_history" ("athlete_id", "activity_id", "event_timestamp", "activity_date", "distance_km", "elevation_per_km", "start_hour", "weekday", "earlier_runs", "similar_pace_min_km", "similar_spread_min_km", "similar_runs", "similar_age_days", "longer_than_similar", "steeper_than_similar", "pace_ewma_20", "last_pace_min_km", "mean_pace_5", "mean_pace_10", "best_pace_20", "pace_spread_20", "usual_distance_km", "usual_elevation_per_km", "last_distance_km", "days_since_run", "available_at", superseded_at, superseded_by)
    SELECT "athlete_id", "activity_id", "event_timestamp", "activity_date", "distance_km", "elevation_per_km", "start_hour", "weekday", "earlier_runs", "similar_pace_min_km", "similar_spread_min_km", "similar_runs", "similar_age_days", "longer_than_similar", "steeper_than_similar", "pace_ewma_20", "last_pace_min_km", "mean_pace_5", "mean_pace_10", "best_pace_20", "pace_spread_20", "usual_distance_km", "usual_elevation_per_km", "last_distance_km", "days_since_run", "available_at", max(new."available_at", strftime('%Y-%m-%dT%H:%M:%SZ', 'now')), superseded_by FROM "similar_runs_history"
    WHERE ("athlete_id", "activity_id") = (old."athlete_id", old."activity_id") AND superseded_at > max(new."available_at", strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))
    UNION ALL
    SELECT old."athlete_id", old."activity_id", old."event_timestamp", old."activity_date", old."distance_km", old."elevation_per_km", old."start_hour", old."weekday", old."earlier_runs", old."similar_pace_min_km", old."similar_spread_min_km", old."similar_runs", old."similar_age_days", old."longer_than_similar", old."steeper_than_similar", old."pace_ewma_20", old."last_pace_min_km", old."mean_pace_5", old."mean_pace_10", old."best_pace_20", old."pace_spread_20", old."usual_distance_km", old."usual_elevation_per_km", old."last_distance_km", old."days_since_run", old."available_at", CASE WHEN new."available_at" > old."available_at" THEN new."available_at" ELSE max(strftime('%Y-%m-%dT%H:%M:%SZ', 'now'), old."available_at") END,
        CASE WHEN new."available_at" > old."available_at" THEN (SELECT who FROM ops_actor) ELSE x'' END;
    UPDATE "similar_runs" SET "available_at" = strftime('%Y-%m-%dT%H:%M:%SZ', 'now') -- one belief begins where the other ended
    WHERE ("athlete_id", "activity_id") = (new."athlete_id", new."activity_id") AND "available_at" < strftime('%Y-%m-%dT%H:%M:%SZ', 'now')
        AND (SELECT superseded_by FROM "similar_runs_history" ORDER BY rowid DESC LIMIT 1) = x'';
    DELETE FROM "similar_runs_history" -- what was never believed leaves no version
    WHERE ("athlete_id", "activity_id") = (old."athlete_id", old."activity_id") AND (superseded_at <= "available_at" OR superseded_at > max(new."available_at", strftime('%Y-%m-%dT%H:%M:%SZ', 'now')));
    UPDATE "similar_runs_history" SET superseded_by = (SELECT who FROM ops_actor) WHERE rowid = (SELECT MAX(rowid) FROM "similar_runs_history") AND superseded_by = x'';
END;
-- A stage that knows when a row stopped being believed says so in the history before it deletes the row.
CREATE TRIGGER IF NOT EXISTS "similar_runs_deleted" AFTER DELETE ON "similar_runs"
WHEN (old."athlete_id", old."activity_id", old."event_timestamp", old."activity_date", old."distance_km", old."elevation_per_km", old."start_hour", old."weekday", old."earlier_runs", old."similar_pace_min_km", old."similar_spread_min_km", old."similar_runs", old."similar_age_days", old."longer_than_similar", old."steeper_than_similar", old."pace_ewma_20", old."last_pace_min_km", old."mean_pace_5", old."mean_pace_10", old."best_pace_20", old."pace_spread_20", old."usual_distance_km", old."usual_elevation_per_km", old."last_distance_km", old."days_since_run", old."available_at") IS NOT (SELECT "athlete_id", "activity_id", "event_timestamp", "activity_date", "distance_km", "elevation_per_km", "start_hour", "weekday", "earlier_runs", "similar_pace_min_km", "similar_spread_min_km", "similar_runs", "similar_age_days", "longer_than_similar", "steeper_than_similar", "pace_ewma_20", "last_pace_min_km", "mean_pace_5", "mean_pace_10", "best_pace_20", "pace_spread_20", "usual_distance_km", "usual_elevation_per_km", "last_distance_km", "days_since_run", "available_at" FROM "similar_runs_history"
    WHERE ("athlete_id", "activity_id") = (old."athlete_id", old."activity_id") ORDER BY rowid DESC LIMIT 1)
BEGIN
    INSERT INTO "similar_runs_history" ("athlete_id", "activity_id", "event_timestamp", "activity_date", "distance_km", "elevation_per_km", "start_hour", "weekday", "earlier_runs", "similar_pace_min_km", "similar_spread_min_km", "similar_runs", "similar_age_days", "longer_than_similar", "steeper_than_similar", "pace_ewma_20", "last_pace_min_km", "mean_pace_5", "mean_pace_10", "best_pace_20", "pace_spread_20", "usual_distance_km", "usual_elevation_per_km", "last_distance_km", "days_since_run", "available_at", superseded_at, superseded_by)
    SELECT old."athlete_id", old."activity_id", old."event_timestamp", old."activity_date", old."distance_km", old."elevation_per_km", old."start_hour", old."weekday", old."earlier_runs", old."similar_pace_min_km", old."similar_spread_min_km", old."similar_runs", old."similar_age_days", old."longer_than_similar", old."steeper_than_similar", old."pace_ewma_20", old."last_pace_min_km", old."mean_pace_5", old."mean_pace_10", old."best_pace_20", old."pace_spread_20", old."usual_distance_km", old."usual_elevation_per_km", old."last_distance_km", old."days_since_run", old."available_at", _until, (SELECT who FROM ops_actor)
    FROM (SELECT strftime('%Y-%m-%dT%H:%M:%SZ', 'now') AS _until)
    WHERE _until > old."available_at";
    UPDATE "similar_runs_history" SET superseded_at = strftime('%Y-%m-%dT%H:%M:%SZ', 'now')
    WHERE old."available_at" > strftime('%Y-%m-%dT%H:%M:%SZ', 'now') AND ("athlete_id", "activity_id") = (old."athlete_id", old."activity_id") AND superseded_at > strftime('%Y-%m-%dT%H:%M:%SZ', 'now');
    DELETE FROM "similar_runs_history"
    WHERE old."available_at" > strftime('%Y-%m-%dT%H:%M:%SZ', 'now') AND ("athlete_id", "activity_id") = (old."athlete_id", old."activity_id") AND superseded_at <= "available_at";
END;
CREATE TRIGGER IF NOT EXISTS "similar_runs_once" BEFORE INSERT ON "similar_runs"
WHEN EXISTS (SELECT 1 FROM "similar_runs_history" WHERE ("athlete_id", "activity_id") = (new."athlete_id", new."activity_id") AND superseded_at > new."available_at")
   OR EXISTS (SELECT 1 FROM "similar_runs" WHERE ("athlete_id", "activity_id") = (new."athlete_id", new."activity_id"))
BEGIN SELECT RAISE(ABORT, 'similar_runs: this row is there; UPDATE it, or DELETE it first, so that what it was goes to the history; what was deleted is known again from then on, not before'); END;
CREATE TRIGGER IF NOT EXISTS "similar_runs_moved" BEFORE UPDATE OF "athlete_id", "activity_id" ON "similar_runs"
WHEN (new."athlete_id", new."activity_id") IS NOT (old."athlete_id", old."activity_id") AND EXISTS (SELECT 1 FROM "similar_runs" WHERE ("athlete_id", "activity_id") = (new."athlete_id", new."activity_id"))
BEGIN SELECT RAISE(ABORT, 'similar_runs: this row is there; UPDATE it, or DELETE it first, so that what it was goes to the history'); END;
CREATE TRIGGER IF NOT EXISTS "similar_runs_in_form" BEFORE INSERT ON "similar_runs"
WHEN NOT ((CASE WHEN new."event_timestamp" NOT GLOB '????-??-??T??:??:??Z' THEN 0 WHEN new."event_timestamp" NOT BETWEEN '0001' AND ':' THEN 0 WHEN length(CAST(new."event_timestamp" AS BLOB)) = 20 THEN date(new."event_timestamp", '+0 seconds') < new."event_timestamp" WHEN length(CAST(new."event_timestamp" AS BLOB)) = length(CAST('2025-10-20T06:00:00Z' AS BLOB)) THEN date(new."event_timestamp", '+0 seconds') < new."event_timestamp" END) IS TRUE AND (CASE WHEN new."available_at" = new."event_timestamp" THEN 1 WHEN new."available_at" NOT GLOB '????-??-??T??:??:??Z' THEN 0 WHEN new."available_at" NOT BETWEEN '0001' AND ':' THEN 0 WHEN length(CAST(new."available_at" AS BLOB)) = 20 THEN date(new."available_at", '+0 seconds') < new."available_at" WHEN length(CAST(new."available_at" AS BLOB)) = length(CAST('2025-10-20T06:00:00Z' AS BLOB)) THEN date(new."available_at", '+0 seconds') < new."available_at" END) IS TRUE)
BEGIN SELECT RAISE(ABORT, 'similar_runs: event_timestamp, available_at and superseded_at are instants in UTC such as 2025-10-20T06:00:00Z; an ingest takes other forms, too'); END;
CREATE TRIGGER IF NOT EXISTS "similar_runs_in_form_moved" BEFORE UPDATE OF "event_timestamp", "available_at" ON "similar_runs"
WHEN NOT ((CASE WHEN new."event_timestamp" NOT GLOB '????-??-??T??:??:??Z' THEN 0 WHEN new."event_timestamp" NOT BETWEEN '0001' AND ':' THEN 0 WHEN length(CAST(new."event_timestamp" AS BLOB)) = 20 THEN date(new."event_timestamp", '+0 seconds') < new."event_timestamp" WHEN length(CAST(new."event_timestamp" AS BLOB)) = length(CAST('2025-10-20T06:00:00Z' AS BLOB)) THEN date(new."event_timestamp", '+0 seconds') < new."event_timestamp" END) IS TRUE AND (CASE WHEN new."available_at" = new."event_timestamp" THEN 1 WHEN new."available_at" NOT GLOB '????-??-??T??:??:??Z' THEN 0 WHEN new."available_at" NOT BETWEEN '0001' AND ':' THEN 0 WHEN length(CAST(new."available_at" AS BLOB)) = 20 THEN date(new."available_at", '+0 seconds') < new."available_at" WHEN length(CAST(new."available_at" AS BLOB)) = length(CAST('2025-10-20T06:00:00Z' AS BLOB)) THEN date(new."available_at", '+0 seconds') < new."available_at" END) IS TRUE)
BEGIN SELECT RAISE(ABORT, 'similar_runs: event_timestamp, available_at and superseded_at are instants in UTC such as 2025-10-20T06:00:00Z; an ingest takes other forms, too'); END;
CREATE TRIGGER IF NOT EXISTS "similar_runs_history_in_form" BEFORE INSERT ON "similar_runs_history"
WHEN NOT ((CASE WHEN new."event_timestamp" NOT GLOB '????-??-??T??:??:??Z' THEN 0 WHEN new."event_timestamp" NOT BETWEEN '0001' AND ':' THEN 0 WHEN length(CAST(new."event_timestamp" AS BLOB)) = 20 THEN date(new."event_timestamp", '+0 seconds') < new."event_timestamp" WHEN length(CAST(new."event_timestamp" AS BLOB)) = length(CAST('2025-10-20T06:00:00Z' AS BLOB)) THEN date(new."event_timestamp", '+0 seconds') < new."event_timestamp" END) IS TRUE AND (CASE WHEN new."available_at" = new."event_timestamp" THEN 1 WHEN new."available_at" NOT GLOB '????-??-??T??:??:??Z' THEN 0 WHEN new."available_at" NOT BETWEEN '0001' AND ':' THEN 0 WHEN length(CAST(new."available_at" AS BLOB)) = 20 THEN date(new."available_at", '+0 seconds') < new."available_at" WHEN length(CAST(new."available_at" AS BLOB)) = length(CAST('2025-10-20T06:00:00Z' AS BLOB)) THEN date(new."available_at", '+0 seconds') < new."available_at" END) IS TRUE AND (CASE WHEN new.superseded_at NOT GLOB '????-??-??T??:??:??Z' THEN 0 WHEN new.superseded_at NOT BETWEEN '0001' AND ':' THEN 0 WHEN length(CAST(new.superseded_at AS BLOB)) = 20 THEN date(new.superseded_at, '+0 seconds') < new.superseded_at WHEN length(CAST(new.superseded_at AS BLOB)) = length(CAST('2025-10-20T06:00:00Z' AS BLOB)) THEN date(new.superseded_at, '+0 seconds') < new.superseded_at END) IS TRUE)
BEGIN SELECT RAISE(ABORT, 'similar_runs_history: event_timestamp, available_at and superseded_at are instants in UTC such as 2025-10-20T06:00:00Z; an ingest takes other forms, too'); END;
CREATE TRIGGER IF NOT EXISTS "similar_runs_history_in_form_moved" BEFORE UPDATE OF "event_timestamp", "available_at", superseded_at ON "similar_runs_history"
WHEN NOT ((CASE WHEN new."event_timestamp" NOT GLOB '????-??-??T??:??:??Z' THEN 0 WHEN new."event_timestamp" NOT BETWEEN '0001' AND ':' THEN 0 WHEN length(CAST(new."event_timestamp" AS BLOB)) = 20 THEN date(new."event_timestamp", '+0 seconds') < new."event_timestamp" WHEN length(CAST(new."event_timestamp" AS BLOB)) = length(CAST('2025-10-20T06:00:00Z' AS BLOB)) THEN date(new."event_timestamp", '+0 seconds') < new."event_timestamp" END) IS TRUE AND (CASE WHEN new."available_at" = new."event_timestamp" THEN 1 WHEN new."available_at" NOT GLOB '????-??-??T??:??:??Z' THEN 0 WHEN new."available_at" NOT BETWEEN '0001' AND ':' THEN 0 WHEN length(CAST(new."available_at" AS BLOB)) = 20 THEN date(new."available_at", '+0 seconds') < new."available_at" WHEN length(CAST(new."available_at" AS BLOB)) = length(CAST('2025-10-20T06:00:00Z' AS BLOB)) THEN date(new."available_at", '+0 seconds') < new."available_at" END) IS TRUE AND (CASE WHEN new.superseded_at NOT GLOB '????-??-??T??:??:??Z' THEN 0 WHEN new.superseded_at NOT BETWEEN '0001' AND ':' THEN 0 WHEN length(CAST(new.superseded_at AS BLOB)) = 20 THEN date(new.superseded_at, '+0 seconds') < new.superseded_at WHEN length(CAST(new.superseded_at AS BLOB)) = length(CAST('2025-10-20T06:00:00Z' AS BLOB)) THEN date(new.superseded_at, '+0 seconds') < new.superseded_at END) IS TRUE)
BEGIN SELECT RAISE(ABORT, 'similar_runs_history: event_timestamp, available_at and superseded_at are instants in UTC such as 2025-10-20T06:00:00Z; an ingest takes other forms, too'); END;

CREATE TRIGGER IF NOT EXISTS "similar_runs_earlier_in_form" BEFORE INSERT ON "similar_runs_earlier"
WHEN NOT ((CASE WHEN new."event_timestamp" NOT GLOB '????-??-??T??:??:??Z' THEN 0 WHEN new."event_timestamp" NOT BETWEEN '0001' AND ':' THEN 0 WHEN length(CAST(new."event_timestamp" AS BLOB)) = 20 THEN date(new."event_timestamp", '+0 seconds') < new."event_timestamp" WHEN length(CAST(new."event_timestamp" AS BLOB)) = length(CAST('2025-10-20T06:00:00Z' AS BLOB)) THEN date(new."event_timestamp", '+0 seconds') < new."event_timestamp" END) IS TRUE AND (CASE WHEN new."available_at" = new."event_timestamp" THEN 1 WHEN new."available_at" NOT GLOB '????-??-??T??:??:??Z' THEN 0 WHEN new."available_at" NOT BETWEEN '0001' AND ':' THEN 0 WHEN length(CAST(new."available_at" AS BLOB)) = 20 THEN date(new."available_at", '+0 seconds') < new."available_at" WHEN length(CAST(new."available_at" AS BLOB)) = length(CAST('2025-10-20T06:00:00Z' AS BLOB)) THEN date(new."available_at", '+0 seconds') < new."available_at" END) IS TRUE)
BEGIN SELECT RAISE(ABORT, 'similar_runs_earlier: event_timestamp, available_at and superseded_at are instants in UTC such as 2025-10-20T06:00:00Z; an ingest takes other forms, too'); END;
CREATE TRIGGER IF NOT EXISTS "similar_runs_earlier_keep" BEFORE UPDATE ON "similar_runs_earlier"
BEGIN SELECT RAISE(ABORT, 'similar_runs_earlier: what was published stays as it was'); END;
-- end

CREATE TEMP TABLE counted AS
SELECT 0 AS rows_in, 0 AS rows_out, 0 AS rows_rejected, NULL AS message;

-- finish: printed by `make stages`
INSERT INTO ops_runs (stage, started_at, duration_ms, rows_in, rows_out, rows_rejected, outcome, message)
SELECT '316_run_tables', started_at, (julianday('now') - started) * 86400000, rows_in, rows_out, rows_rejected, 'ok', message
FROM stage_clock, counted;

DROP TABLE temp.counted;
DROP TABLE temp.stage_clock;

COMMIT;
