"""What the registry of a database says of its feature groups."""

import dataclasses
import json
import pathlib


class ExchangeError(Exception):
    """What stops an exchange: a sentence for whoever asked for it."""


@dataclasses.dataclass(frozen=True)
class Column:
    name: str
    type: str  # as registered: numerical, integer, categorical, boolean, timestamp, text, embedding, or one of the user's
    storage: str  # TEXT, INTEGER, REAL or BLOB
    facts: dict  # unit, description, owner, status, as far as they are told
    is_time: bool = False  # one of the group's own times


@dataclasses.dataclass(frozen=True)
class Group:
    name: str
    version: str
    table: str
    keys: list
    row_key: list
    timestamp: str
    available: str
    lookback_days: float | None
    description: str
    owner: str | None
    definition: str  # byte for byte
    columns: list


def uri(path, mode):
    """A database that is not there is not made."""
    if not pathlib.Path(path).is_file():
        raise ExchangeError(f"there is no database {path}")
    return f"{pathlib.Path(path).resolve().as_uri()}?mode={mode}"


REGISTERED = """
    SELECT g.name, g.major || '.' || g.minor || '.' || g.patch AS version, g.table_name AS "table", g.entity_keys AS keys, g.row_key,
           g.timestamp_key AS timestamp, g.available_key AS available, g.lookback_days, g.description, g.owner, g.definition,
           (SELECT json_group_array(name) FROM pragma_table_info(g.table_name)) AS columns,
           (SELECT json_group_object(f.name, json_object('type', f.type, 'storage', t.storage, 'unit', f.unit, 'description', f.description,
                                                         'owner', f.owner, 'status', f.status))
            FROM features_current AS f JOIN feature_types AS t ON t.type = f.type WHERE f.group_name = g.name) AS features
    FROM feature_groups_current AS g ORDER BY g.name"""


def registered(ask):
    """Groups by name; `ask` runs a query and returns its rows as dictionaries."""
    if not ask("SELECT 1 AS there FROM sqlite_schema WHERE name = 'feature_groups_current'"):
        return {}
    return {row["name"]: _group(row) for row in ask(REGISTERED)}


def _group(row):
    told = json.loads(row.pop("features"))
    keys, row_key, names = (json.loads(row.pop(n)) for n in ("keys", "row_key", "columns"))
    times = {row["timestamp"], row["available"]}
    columns = []
    for name in names:
        # What a definition only names: a key is text, a time a timestamp.
        facts = dict(told.get(name, {"type": "timestamp" if name in times else "text", "storage": "TEXT"}))
        kind, storage = facts.pop("type"), facts.pop("storage")
        columns.append(Column(name, kind, storage, {k: v for k, v in facts.items() if v is not None}, name in times))
    return Group(keys=keys, row_key=row_key, columns=columns, **row)


def choose(groups, names):
    """Those named, or all whose tables are there."""
    unknown = [name for name in names if name not in groups]
    if unknown:
        raise ExchangeError(f"there is no feature group {unknown[0]}; registered are: {', '.join(groups) or 'none'}")
    without = [name for name in names if not groups[name].columns]
    if without:
        raise ExchangeError(f"the feature group {without[0]} has no table; sql/tools/define makes it")
    return [groups[name] for name in dict.fromkeys(names)] if names else [g for g in groups.values() if g.columns]
