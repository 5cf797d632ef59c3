"""What the registry of a database says of its feature groups: read here, and made into what each tool needs of it there."""

from __future__ import annotations

import dataclasses
import json
import re

from .database import Failure

TYPES = "SELECT type, storage FROM feature_types"
FEATURES = """
    SELECT group_name, name, type, unit, description, owner, tags, status, default_value AS "default", rules
    FROM features_current ORDER BY group_name, position"""
GROUPS = """
    SELECT g.*, g.major || '.' || g.minor || '.' || g.patch AS version,
           (SELECT json_group_array(name) FROM pragma_table_info(g.table_name)) AS columns
    FROM feature_groups_current AS g ORDER BY g.name"""
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,119}")
LARGEST = 87600  # hours, more than a registration takes of any number
STORAGES = ("TEXT", "INTEGER", "REAL", "BLOB")


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
    """(what is said of the group, {name: feature} in their order) of each, by name. A file may be anyone's, and what no registration
    lets in is a Failure: the names stand in paths and in statements."""
    types, features, rows = reading
    storage = {row["type"]: row["storage"] for row in types if row["storage"] in STORAGES}
    of_group = {}
    for row in features:
        place = f"features, {row['group_name']}"
        about = {key: value for key, value in row.items() if key != "group_name"} | {"tags": _list(row, "tags", place), "rules": _json(row, "rules", dict, place)}
        for key in ("type", "unit", "description", "owner", "status"):
            _text(row, key, place)
        feature = Feature(named(row["name"], place), row["type"], storage.get(row["type"], "TEXT"), about["rules"], about)
        of_group.setdefault(row["group_name"], {})[feature.name] = feature
    return [(_group(row), of_group.get(row["name"], {})) for row in rows]


def _group(row):
    place = "feature_groups"
    for key in ("name", "table_name", "timestamp_key", "available_key"):
        named(row[key], f"{place}.{key}")
    for key in ("version", "status", "entity", "stage", "description", "owner"):
        _text(row, key, place)
    _json(row, "definition", dict, place)
    lists = {key: _list(row, key, place) for key in ("entity_keys", "row_key", "tags", "columns")}
    for key in ("lookback_days", "expected_every_hours", "reject_limit"):
        if not isinstance(row[key], (int, float, type(None))) or not 0 <= (row[key] or 0) <= LARGEST:
            raise _odd(row[key], f"{place}.{key}", "a number")
    if not lists["entity_keys"]:
        raise _odd("[]", f"{place}.entity_keys", "a name")
    there = {name.lower() for name in lists["columns"]}  # nothing before its table is made
    for name in (*lists["entity_keys"], *lists["row_key"], row["timestamp_key"], row["available_key"]):
        if named(name, f"{place}.row_key").lower() not in there and there:
            raise _odd(name, f"{place}.row_key", f"a column of {row['table_name']}")
    return row | lists


def named(value, place):
    """A name, as a registration lets it in."""
    if isinstance(value, str) and NAME.fullmatch(value):
        return value
    raise _odd(value, place, "a name")


def _text(row, key, place):
    if not isinstance(row[key], (str, type(None))):
        raise _odd(row[key], f"{place}.{key}", "a text")


def _list(row, key, place):
    found = _json(row, key, list, place)
    if not all(isinstance(each, str) for each in found):
        raise _odd(row[key], f"{place}.{key}", "a list of texts")
    return found


def _json(row, key, kind, place):
    try:
        found = json.loads(row[key])
    except (TypeError, ValueError, RecursionError):
        found = None
    if isinstance(found, kind):
        return found
    raise _odd(row[key], f"{place}.{key}", "a list in JSON" if kind is list else "an object in JSON")


def _odd(value, place, wanted):
    return Failure(f"{place} is {str(value)[:60]!r} where {wanted} belongs: this file was not written by athlete alone")
