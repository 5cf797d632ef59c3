"""The registry as objects: the groups that can be read, with their columns, types and units."""

import dataclasses
import json
import math
import re
import sqlite3
import struct

from common import registry
from common.database import Failure
from feature_api import faults
from feature_api.refusal import Refusal

ALSO = {"TEXT": ", or a whole number that stands for its digits", "INTEGER": ", as number or as text"}


def shown(value):
    try:
        return json.dumps(value, ensure_ascii=False)[:60]
    except RecursionError:
        return "what is there"


def is_int64(value):
    return -(2**63) <= value < 2**63


@dataclasses.dataclass(frozen=True)
class Column(registry.Feature):
    def from_text(self, text):
        """A key's value in a path; None when it cannot be one."""
        try:
            if self.storage == "INTEGER":
                return int(text) if re.fullmatch(r"-?[0-9]{1,19}", text, re.ASCII) and is_int64(int(text)) else None
            if self.storage == "REAL":
                return float(text) if math.isfinite(float(text)) else None
        except ValueError:
            return None
        return text if self.storage == "TEXT" and text else None

    def from_json(self, value):
        """A key's value in a body, where an id is the same as number and as text; None when it cannot be one. A float has lost digits."""
        if isinstance(value, float) and self.storage == "REAL":
            return value if math.isfinite(value) else None
        if isinstance(value, int) and not isinstance(value, bool):
            value = str(value)
        return self.from_text(value) if isinstance(value, str) else None

    def to_json(self, value):
        """A stored value as JSON has it. JSON has no infinity: null."""
        if value is None:
            return None
        if self.type == "boolean":
            return bool(value)
        if isinstance(value, bytes):
            if self.type == "embedding" and len(value) % 4 == 0:
                return [x if math.isfinite(x) else None for (x,) in struct.iter_unpack("<f", value)]
            return value.hex()
        return None if isinstance(value, float) and not math.isfinite(value) else value


@dataclasses.dataclass(frozen=True)
class Group:
    name: str
    version: str
    status: str
    table: str
    entity: str
    keys: tuple
    row_key: tuple  # names
    timestamp: Column
    available: Column
    values: tuple  # the columns of an answer: neither keys nor times
    is_computed: bool
    stage: str | None  # that computes it, once it has run
    expected_every_hours: float | None
    reject_limit: float
    time_precision: str
    description: str
    owner: str | None
    tags: tuple
    definition: str
    has_table: bool

    @property
    def columns(self):
        return (*self.keys, self.timestamp, *self.values, self.available)

    def about(self):
        return {
            "name": self.name, "version": self.version, "status": self.status, "description": self.description, "entity": self.entity,
            "keys": [key.name for key in self.keys], "owner": self.owner, "tags": list(self.tags), "stage": self.stage,
            "expected_every_hours": self.expected_every_hours, "features": [c.name for c in self.values],
        }

    def entity_from_path(self, texts):
        """The keys' values, from their segments."""
        if len(texts) != len(self.keys):
            raise Refusal(404, f"{self.name} is kept by {' and '.join(key.name for key in self.keys)}: the path has {len(texts)} of them")
        values = tuple(key.from_text(text) for key, text in zip(self.keys, texts))
        for key, text, value in zip(self.keys, texts, values):
            if value is None:
                raise Refusal(400, f"{key.name} of {self.name} is {key.storage.lower()}, which '{text[:60]}' is not")
        return values

    def entity_from_json(self, value, place):
        """A plain value for one key, a list in the keys' order for several."""
        values = value if len(self.keys) > 1 else [value]
        if not isinstance(values, list) or len(values) != len(self.keys):
            raise Refusal(400, f"{place} is not a list of {', '.join(key.name for key in self.keys)}")
        entity = tuple(key.from_json(each) for key, each in zip(self.keys, values))
        for key, each, given in zip(self.keys, entity, values):
            if each is None:
                status = 422 if isinstance(given, float) else 400  # for JSON Schema 7.0 is an integer
                raise Refusal(status, f"{place}: {key.name} of {self.name} is {key.storage.lower()}{ALSO.get(key.storage, '')}, which {shown(given)} is not")
        return entity

    def select(self, names):
        """The columns that a request names; all without names."""
        if names is None:
            return self.values
        known = {column.name: column for column in self.values}
        for name in names:
            if name not in known:
                raise Refusal(400, f"{self.name} has no feature '{str(name)[:60]}'; it has {', '.join(known)}")
        return tuple(known[name] for name in dict.fromkeys(names))


def read(conn):
    """What the registry holds, as it can be compared with an earlier reading."""
    try:
        return registry.read(lambda query: conn.execute(query).fetchall())
    except sqlite3.DatabaseError as error:
        if faults.of_file(error):
            raise
        raise Failure(f"the registry of this database cannot be read: {error}") from error


def build(reading):
    """The groups by name."""
    return {group["name"]: _group(group, features) for group, features in registry.groups(reading)}


def _group(group, features):
    """Columns that the definition only names are text, as their table has them."""

    def column(name, kind="text"):
        found = features.get(name) or registry.Feature(name, kind, "TEXT", {"not_null": True})
        return Column(found.name, found.type, found.storage, found.rules, found.about)

    keys = tuple(map(column, group["entity_keys"]))
    timestamp, available = column(group["timestamp_key"], "timestamp"), column(group["available_key"], "timestamp")
    apart = {*(key.name for key in keys), timestamp.name, available.name}
    values = [column(name) for name in dict.fromkeys([*(n for n in group["row_key"] if n not in features), *features]) if name not in apart]
    same = {name: group[name] for name in ("name", "version", "status", "entity", "stage", "expected_every_hours", "reject_limit", "description", "owner", "definition")}
    return Group(
        table=group["table_name"], keys=keys, row_key=tuple(group["row_key"]), timestamp=timestamp, available=available, values=tuple(values),
        is_computed=bool(group["is_computed"]), time_precision=json.loads(group["definition"]).get("time_precision", "second"), tags=tuple(group["tags"]),
        has_table={*apart, *(each.name for each in values)} <= set(group["columns"]), **same,
    )  # fmt: skip
