"""All rows of a file, to be compared with another's: every column of every table, doubles by their eight bytes, apart from the
logs and the clock."""

import datetime
import sqlite3
import struct

NOW = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
LOGS = {"ops_runs", "ops_audit", "ops_alerts", "ops_alert_positions", "ops_task_runs", "ops_rests"}
CLOCKS = {  # columns with the moment at which something ran; a moment before this test is compared all the same
    ("feature_groups", "registered_at"), ("feature_groups", "updated_at"), ("features", "registered_at"), ("features", "updated_at"),
    ("feature_rejects", "rejected_at"), ("ml_models", "registered_at"), ("ml_runs", "started_at"), ("ml_looks", "looked_at"), ("ml_decisions", "decided_at"),
    ("inference_log", "predicted_at"), ("feature_definition_rejects", "rejected_at"), ("ml_model_versions", "trained_at"),
    ("ml_searches", "searched_at"), ("ml_training_decisions", "decided_at"), ("ml_training_requests", "asked_at"), ("ml_realised_losses", "judged_at"), ("ml_search_requests", "asked_at"), ("ml_training_sets", "made_at"), ("activity_features_history", "superseded_at"),
    ("athlete_daily_features_history", "superseded_at"), ("athlete_rolling_features_history", "superseded_at"),
    ("athlete_weekly_features_history", "superseded_at"), ("athlete_profile_history", "superseded_at"), ("race_results_history", "superseded_at"),
    ("sleep", "available_at"), ("feature_extent", "newest_available"),  # of rows that do not say when they were known
    ("sleep_history", "superseded_at"), ("similar_runs_history", "superseded_at"), ("feature_publications", "published_at"),
    ("training_breaks_history", "superseded_at"), ("gold_training_recommendations", "recommended_at"),
    ("mon_profile_metrics", "computed_at"), ("mon_drift_metrics", "computed_at"),
    ("mon_performance_estimates", "computed_at"), ("mon_labels", "realized_at"),
    ("activity_stream_features_history", "superseded_at"), ("activity_streams", "ingested_at"), ("bronze_files", "ingested_at"),
}  # fmt: skip


def rows_of(path):
    """Of each table its columns, and its rows in some order, with the type of each value and a double as its bytes."""
    db = sqlite3.connect(path)
    db.text_factory = bytes
    found, texts = {}, Texts()
    for (table,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'").fetchall():
        table = table.decode()
        cursor = db.execute(f'SELECT * FROM "{table}"')
        names = [d[0] for d in cursor.description]
        clocks = [i for i, name in enumerate(names) if (table, name) in CLOCKS]
        if table not in LOGS:
            found[table] = [names, sorted(comparable(row, clocks, texts) for row in cursor)]
    db.close()
    return found


def rows_apart_from_arrivals(path):
    """The same of a file that another one, filled at another moment, is compared with: without the moments at which texts landed."""
    found = rows_of(path)
    for names, rows in found.values():
        if "ingested_at" in names:
            at = names.index("ingested_at")
            rows[:] = sorted(row[:at] + row[at + 1 :] for row in rows)
            del names[at]
    return found


class Texts(dict):
    """Of each value that is no double its type and how it is written, made once."""

    def __missing__(self, value):
        self[value] = found = type(value).__name__, repr(value)
        return found


DOUBLE = struct.Struct(">d").pack


def comparable(row, clocks, texts):
    """`clocks` are the places of the moments at which something ran."""
    found = [("float", DOUBLE(value)) if type(value) is float else texts[value] for value in row]
    for i in clocks:
        if row[i] is not None and row[i] >= NOW.encode():
            found[i] = "clock", b""
    return tuple(found)


def differences(a, b):
    """Of each table that differs the columns, and how many rows only one has with one of each."""
    assert a.keys() == b.keys()
    return {t: (a[t][0], only(a[t], b[t]), only(b[t], a[t])) for t in a if a[t] != b[t]}


def only(a, b):
    rows = sorted(set(a[1]) - set(b[1]))
    return len(rows), rows[:1]
