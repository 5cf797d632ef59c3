"""A file of today, taken for one of when an unknown load had no reason and was nothing."""

import json

# By group: the version of then, what it did not have, and what was never empty.
THEN = {
    "activity_features": ([1, 1, 0], ["load_reason"], []),
    "athlete_daily_features": ([1, 0, 1], ["unknown_load_min"], []),
    "athlete_rolling_features": ([1, 0, 1], ["unknown_load_share_42d", "load_reason"], ["tsb", "acwr", "tsb_ewma", "acwr_ewma", "is_overtraining_risk"]),
    "athlete_weekly_features": ([1, 0, 1], [], []),
}
SCHEMA = 24
KEPT = ("feature_groups_keep", "feature_groups_stay", "features_keep", "features_stay", "feature_publications_keep", "feature_publications_stay", "bronze_documents_keep")


def of_then(definition, version, new, never_empty):
    definition = json.loads(definition)
    features = [f | ({"not_null": True} if f["name"] in never_empty else {}) for f in definition["features"] if f["name"] not in new]
    return json.dumps(definition | {"version": ".".join(map(str, version)), "features": features})


def take_back(db):
    """The stages and the registration make of it what today's would."""
    watching = [f"DROP {kind} {name}" for kind, name in db.execute(
        "SELECT type, name FROM sqlite_schema WHERE type = 'trigger' AND (tbl_name GLOB '*_features*' OR tbl_name = 'feature_groups')"
        " OR type = 'view' AND (name GLOB '*_features_versions' OR name GLOB 'gold_*' OR name = 'prediction_activities'"
        " OR sql GLOB '*silver_unusable_trainings*')"
        " ORDER BY type")]
    for statement in watching:
        db.execute(statement)
    for name in KEPT:
        db.execute(f"DROP TRIGGER IF EXISTS {name}")
    db.execute("""UPDATE athlete_rolling_features SET tsb = ctl_42d - atl_7d, acwr = COALESCE(atl_7d / nullif(ctl_42d, 0), 0), is_overtraining_risk = 0,
                         tsb_ewma = ctl_ewma - atl_ewma, acwr_ewma = COALESCE(atl_ewma / nullif(ctl_ewma, 0), 0) WHERE tsb IS NULL""")
    for group, (version, new, never_empty) in THEN.items():
        for table in (group, f"{group}_history", f"{group}_earlier"):
            for column in new:
                db.execute(f"ALTER TABLE {table} DROP COLUMN {column}")
        numbers = "(major, minor, patch) = (?, ?, ?)"
        definition = of_then(*db.execute("SELECT definition FROM feature_groups WHERE name = ?", (group,)).fetchone(), version, new, never_empty)
        db.execute(f"UPDATE feature_groups SET {numbers}, definition = ? WHERE name = ?", (*version, definition, group))
        db.execute("UPDATE bronze_documents SET payload = ?, content_hash = 'of then' WHERE kind = 'feature_group' AND payload ->> '$.feature_group' = ?",
                   (definition, group))
        db.execute(f"UPDATE features SET {numbers} WHERE group_name = ?", (*version, group))
        db.execute(f"UPDATE feature_publications SET {numbers} WHERE group_name = ?", (*version, group))
        db.executemany("DELETE FROM features WHERE group_name = ? AND name = ?", [(group, name) for name in new])
        db.executemany("UPDATE features SET rules = json_set(rules, '$.not_null', json('true')) WHERE group_name = ? AND name = ?", [(group, n) for n in never_empty])
    db.executescript(f"""DROP TABLE silver_unusable_activities;
                         DELETE FROM ops_config WHERE name = 'unknown_load_max_share';
                         UPDATE ops_watermarks SET position = json_set(position, '$[9]', 'other settings')
                         WHERE json_valid(position) AND json_type(position) = 'array' AND stage BETWEEN '410' AND '450';
                         PRAGMA user_version = {SCHEMA};""")
