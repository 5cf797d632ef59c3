"""The registry as files need it: groups whose columns stand in the order of their tables."""

import contextlib
import dataclasses
import pathlib

import adbc_driver_sqlite.dbapi as adbc
import pyarrow as pa
from common import registry
from common.database import Failure

TOLD = ("unit", "description", "owner", "status")


class ExchangeError(Exception):
    """What stops an exchange: a sentence for whoever asked for it."""


@contextlib.contextmanager
def in_words(database):
    """What SQLite and Arrow say of a file's tables and values, or the system of a folder, as a sentence."""
    try:
        yield
    except (adbc.Error, pa.ArrowException, OSError, UnicodeError) as error:
        raise ExchangeError(f"{database}: {first_line(error)}") from error


def first_line(error):
    """Without the statement, which SQLite's driver tells below."""
    return (str(error).splitlines() or [type(error).__name__])[0][:300]


@dataclasses.dataclass(frozen=True)
class Column:
    name: str
    type: str
    storage: str
    facts: dict  # those of TOLD that are told
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


def registered(ask):
    """Groups by name; `ask` runs a query and returns its rows as dictionaries."""
    try:
        return {group["name"]: _group(group, features) for group, features in registry.groups(registry.read(ask))}
    except Failure as failure:
        raise ExchangeError(failure) from failure


def _group(group, features):
    timestamp, available = group["timestamp_key"], group["available_key"]
    columns = []
    for name in group["columns"]:
        # What a definition only names: a key is text, a time a timestamp.
        feature = features.get(name) or registry.Feature(name, "timestamp" if name in (timestamp, available) else "text", "TEXT")
        facts = {k: feature.about[k] for k in TOLD if feature.about[k] is not None} if feature.about else {}
        columns.append(Column(name, feature.type, feature.storage, facts, name in (timestamp, available)))
    same = {name: group[name] for name in ("name", "version", "row_key", "lookback_days", "description", "owner", "definition")}
    return Group(table=group["table_name"], keys=group["entity_keys"], timestamp=timestamp, available=available, columns=columns, **same)


def choose(groups, names):
    """Those named, or all whose tables are there."""
    unknown = [name for name in names if name not in groups]
    if unknown:
        raise ExchangeError(f"there is no feature group {unknown[0]}; registered are: {', '.join(groups) or 'none'}")
    without = [name for name in names if not groups[name].columns]
    if without:
        raise ExchangeError(f"the feature group {without[0]} has no table; sql/tools/define makes it")
    return [groups[name] for name in dict.fromkeys(names)] if names else [g for g in groups.values() if g.columns]
