--# A definition is tried in a database of its own: a few rows come in, are corrected, looked up and deleted.

--: trial_registry
CREATE TABLE ops_actor (who TEXT);
INSERT INTO ops_actor VALUES ('trial');
CREATE TABLE ops_config (name TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE ops_audit (audit_id INTEGER PRIMARY KEY, at, who, action, object, detail);
CREATE TABLE feature_rejects (reject_id INTEGER PRIMARY KEY, group_name, feature, rule, value, reason, row, rejected_at,
    UNIQUE (group_name, feature, rule, row));
CREATE TABLE athlete_utc_offsets (athlete_id TEXT, local_date TEXT, utc_offset_s INTEGER, PRIMARY KEY (athlete_id, local_date)) WITHOUT ROWID;

--: trial_row
--# Where no row got in otherwise, for a rule of several columns can refuse it.
INSERT INTO "{table}" ({columns: "{column}"}) SELECT {>trial_values} WHERE NOT EXISTS (SELECT 1 FROM "{table}");

--: trial_batch
CREATE TEMP TABLE feature_trial AS SELECT {row_two|{>trial_values}};
INSERT INTO temp.feature_trial SELECT {row_three|{>trial_values}};

--: trial_single
DROP TABLE temp.feature_trial;
{takes_rows|INSERT INTO "{table}_ingest" ({columns: "{column}"}) SELECT {row_four|{>trial_values}};
INSERT INTO "{table}_ingest" ({columns: "{column}"}) SELECT {row_four|{>trial_values}};
}{row_five|{>trial_row}}

--: trial_values
{columns: {trial_literal|{trial_value}}{trial_time|'2020-01-0{trial_number}T00:00:00{milliseconds|.000}Z'}{trial_flag|1}{trial_text|'{trial_number}'}{trial_blob|x'0000000{trial_number}'}{trial_count|{trial_number}} AS "{column}"}

--: trial_correction
--# Every column but the row key is written; the row that this replaces goes to the history.
UPDATE "{table}" SET {beside_row_key: "{column}" = {is_told|"{column}"}{is_available|{text_available|'9999-12-31T23:59:59{milliseconds|.000}Z'}{number_available|253402300799}}};

--: trial_lookup
CREATE VIRTUAL TABLE temp.feature_trial USING asof("{table}", entity='{keys: {column}}', timestamp='{timestamp}', available='{available}');
SELECT f.*, f.row_age_days, f.row_id FROM "{table}" AS t JOIN temp.feature_trial AS f ON {keys|f."{column}" = t."{column}" AND }f.as_of = t."{timestamp}";
DROP TABLE temp.feature_trial;
SELECT * FROM "{table}_versions";

--: trial_deletion
DELETE FROM "{table}";
