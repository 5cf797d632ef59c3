"""What the registry of a database says of its feature groups: read here, and made into what each tool needs of it there."""

import dataclasses
import json

TYPES = "SELECT type, storage FROM feature_types"
FEATURES = """
    SELECT group_name, name, type, unit, description, owner, tags, status, default_value AS "default", rules
    FROM features_current ORDER BY group_name, position"""
GROUPS = """
    SELECT g.*, g.major || '.' || g.minor || '.' || g.patch AS version,
           (SELECT json_group_array(name) FROM pragma_table_info(g.table_name)) AS columns
    FROM feature_groups_current AS g ORDER BY g.name"""
LISTS = ("entity_keys", "row_key", "tags", "columns")


@dataclasses.dataclass(frozen=True)
class Feature:
    name: str
    type: str  # numerical, integer, categorical, boolean, timestamp, text, embedding, or one of the user's
    storage: str  # TEXT, INTEGER, REAL or BLOB
    rules: dict = dataclasses.field(default_factory=dict)
    about: dict | None = None  # as registered; None for a key or time that the definition only names


def read(ask):
    """As stored, which can be compared with an earlier reading; `ask` runs a query and returns its rows as mappings."""
    if not ask("SELECT 1 AS there FROM sqlite_schema WHERE name = 'feature_groups_current'"):
        return [], [], []  # nothing was ever registered
    return tuple([dict(row) for row in ask(query)] for query in (TYPES, FEATURES, GROUPS))


def groups(reading):
    """(what is said of the group, {name: feature} in their order) of each, by name."""
    types, features, rows = reading
    storage = {row["type"]: row["storage"] for row in types}
    of_group = {}
    for row in features:
        about = {key: value for key, value in row.items() if key != "group_name"} | {name: json.loads(row[name]) for name in ("tags", "rules")}
        feature = Feature(row["name"], row["type"], storage.get(row["type"], "TEXT"), about["rules"], about)
        of_group.setdefault(row["group_name"], {})[feature.name] = feature
    return [(row | {name: json.loads(row[name]) for name in LISTS}, of_group.get(row["name"], {})) for row in rows]
