--# A feature group <g> becomes
--#   <g>            the values believed now, one row per row key
--#   <g>_history    what they replaced, each version with superseded_at, the instant from which it was no longer believed
--#   <g>_versions   both as one, superseded_at NULL for what is believed now
--#   <g>_ingest     takes single rows: INSERT INTO <g>_ingest validates, rejects, and moves what is replaced to the history;
--#                  not of a group that a stage fills
--#   <g>_earlier    of a group that a stage fills: all that was believed under versions with another formula
--# and triggers that keep the history whoever updates or deletes.

--: group_tables
-- {group} {version}: {group_description}
CREATE TABLE IF NOT EXISTS "{table}" (
{columns|    {>column_declaration}{>column_check},{explained| -- {unit}{unit_and_description|; }{description}
}{unexplained|
}}    PRIMARY KEY ({row_key: "{column}"})
) WITHOUT ROWID;
{needs_indexes|CREATE INDEX IF NOT EXISTS "{table}_asof" ON "{table}" ({keys: "{column}"}, "{timestamp}", "{available}");
}{unique|CREATE UNIQUE INDEX IF NOT EXISTS "{table}_{column}_unique" ON "{table}" ("{column}");
}CREATE TABLE IF NOT EXISTS "{table}_history" (
{columns|    {>column_declaration},
}    superseded_at {available_storage} NOT NULL, -- from then on it was no longer believed
    superseded_by TEXT             -- who changed or deleted it
);
CREATE INDEX IF NOT EXISTS "{table}_history_asof" ON "{table}_history" ({keys: "{column}"}, "{timestamp}", "{available}");
{needs_indexes|CREATE INDEX IF NOT EXISTS "{table}_history_row" ON "{table}_history" ({row_key: "{column}"});
}{computed|{>earlier_table}}
--: earlier_table
CREATE TABLE IF NOT EXISTS "{table}_earlier" (
    publication_id INTEGER NOT NULL, -- of feature_publications
{columns|    {>column_declaration},
}    superseded_at {available_storage}, -- NULL: believed until the next publication
    superseded_by TEXT
);
CREATE INDEX IF NOT EXISTS "{table}_earlier_asof" ON "{table}_earlier" (publication_id, {keys: "{column}"}, "{timestamp}", "{available}");


--: column_declaration
"{column}" {storage}{required| NOT NULL}{has_default| DEFAULT {default}}

--: column_check
--# For a longer list than two SQLite would make an index of it, in a CHECK anew for each row that is written.
{check_cases| CHECK (CASE "{column}"{allowed| WHEN {member} THEN 1} ELSE "{column}" IS NULL END)}{check_list| CHECK ("{column}" IN ({allowed: {member}}))}{check_flag| CHECK ("{column}" IN (0, 1))}

--: group_growth
--# The new columns of a version whose tables are there; and what it had and this one has not: single rows of a group that a
--# stage fills now, an index of values that may be there twice now.
{new_columns|ALTER TABLE "{table}" ADD COLUMN {>column_declaration}{>column_check};
ALTER TABLE "{table}_history" ADD COLUMN {>column_declaration};
{was_computed|ALTER TABLE "{table}_earlier" ADD COLUMN {>column_declaration};
}}{computed|{>earlier_table}DROP VIEW IF EXISTS "{table}_ingest";
}{no_longer_unique|DROP INDEX IF EXISTS "{table}_{column}_unique";
}

--: versions_view
{replaces|DROP VIEW IF EXISTS "{table}_versions";
}CREATE VIEW IF NOT EXISTS "{table}_versions" AS
SELECT {columns: "{column}"}, NULL AS superseded_at, NULL AS superseded_by FROM "{table}"
UNION ALL
SELECT {columns: "{column}"}, superseded_at, superseded_by FROM "{table}_history";
