"""The verbs of a feature store over one file."""

from __future__ import annotations

import json
import os
import pathlib
import typing

from . import frames
from .frames import Frame, Table
from .project.sql.tools.common import batches, database, definitions, registry, training_sets
from .project.sql.tools.common.database import Failure, literal, quoted

LISTED = """
    SELECT group_name AS "group", name AS feature, type, unit, description, owner, status, default_value AS "default"
    FROM features_current ORDER BY group_name, position"""


class Store:
    """A database that athlete.create() or athlete.run() made. Each call opens and closes it, so that processes and threads may share one."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = pathlib.Path(path)

    def register_feature_group(self, definition: dict[str, typing.Any] | str | os.PathLike[str]) -> str:
        """Registers a definition (an object, or a file of JSON) and makes its table; the sentence that says what was done."""
        if isinstance(definition, dict):
            name, text = str(definition.get("feature_group", "definition")), json.dumps(definition)
        else:
            name, text = os.fspath(definition), pathlib.Path(definition).read_text(encoding="utf-8")
        found = definitions.read(name, text.encode())
        with database.opened(self.path) as db:
            known = definitions.register(db, self.path, found)
            return "\n".join(definitions.make_table(db, each, each in known) for each in found)

    def list_features(self) -> Table:
        """A row for each feature of the groups in use."""
        with database.opened(self.path, reads_only=True) as db:
            return frames.result(db.execute(LISTED))

    def ingest_features(self, group: str, frame: Frame, known_at: str | None = None) -> dict[str, int]:
        """Rows into a group, in one transaction: good ones in, what they replace to the history, the others to feature_rejects. How many
        were new, changed and rejected. What they replace was believed until `known_at`, by default until now."""
        with database.opened(self.path) as db:
            batches.definition_of(db, group)
            names = frames.stage(db, "arriving", frame)
            return batches.ingest(db, group, f"SELECT {', '.join(map(quoted, names))} FROM temp.arriving", known_at)

    def get_online_features(self, features: typing.Sequence[str], entities: typing.Sequence[dict[str, typing.Any]]) -> list[dict[str, typing.Any]]:
        """What is known now, for each entity a dictionary of its keys and the features ("group:feature", or "group" for all of them)."""
        with database.opened(self.path, reads_only=True) as db:
            found = [dict(entity) for entity in entities]
            for place, (group, names) in enumerate(self._asked(db, features).items()):
                keys = self._keys(db, group)
                db.execute(f"CREATE VIRTUAL TABLE temp.online_{place:d} USING asof({quoted(group)})")
                query = f"SELECT {', '.join(map(quoted, names))} FROM temp.online_{place:d} WHERE {' AND '.join(f'{quoted(key)} = ?' for key in keys)}"
                for entity, told in zip(entities, found):
                    if missing := [key for key in keys if key not in entity]:
                        raise Failure(f"get_online_features: an entity has no {missing[0]}, by which {group} is looked up")
                    row = db.execute(query, [entity[key] for key in keys]).fetchone() or [None] * len(names)
                    told.update(zip(names, row))
            return found

    def get_historical_features(self, frame: Frame, features: typing.Sequence[str], timestamp: str = "event_timestamp") -> Table:
        """The frame's rows in their order, each with the features as they were known at its moment: an Arrow table."""
        with database.opened(self.path) as db:
            columns = frames.stage(db, "labels", frame)
            if timestamp not in columns:
                raise Failure(f"get_historical_features: the frame has no column {timestamp}; it has {', '.join(columns)}")
            lookups = [{"group": group, "features": names} for group, names in self._asked(db, features).items()]
            labels = f"SELECT {', '.join(map(quoted, columns))} FROM temp.labels ORDER BY row_number"
            specification = json.dumps({"labels": labels, "as_of": timestamp, "lookups": lookups})
            db.execute(f"CREATE VIRTUAL TABLE temp.made USING training_set({literal(specification)})")
            return frames.result(db.execute("SELECT * FROM temp.made"))

    def get_offline_features(self, group: str, start: str | None = None, end: str | None = None, known_at: str | None = None) -> Table:
        """All rows of a group, from `start` to before `end` by their timestamp: as they stand, or as they were known at a moment."""
        with database.opened(self.path, reads_only=True) as db:
            batches.definition_of(db, group)
            about = next(row for row in registry.read(lambda sql: _mappings(db, sql))[2] if row["name"] == group)
            names = json.loads(about["columns"])
            time, available = quoted(about["timestamp_key"]), quoted(about["available_key"])
            moment = None if known_at is None else database.value(db, "SELECT as_of_instant(?)", known_at)
            query = f"""
                SELECT {', '.join(map(quoted, names))} FROM {quoted(about['table_name'] + '_versions')}
                WHERE (?1 IS NULL OR {time} >= ?1) AND (?2 IS NULL OR {time} < ?2)
                  AND CASE WHEN ?3 IS NULL THEN superseded_at IS NULL ELSE {available} <= ?3 AND (superseded_at IS NULL OR superseded_at > ?3) END
                ORDER BY {', '.join(map(quoted, json.loads(about['row_key'])))}"""
            return frames.result(db.execute(query, (start, end, moment)))

    def create_training_set(self, specification: dict[str, typing.Any], name: str) -> tuple[int, Table]:
        """Stores the rows of a training_set() specification, so that they can be made again and compared; its number, and they."""
        text = json.dumps(specification)
        with database.opened(self.path) as db:
            training_sets.make_tables(db)
            training_sets.store(db, name, text)
            number = database.value(db, "SELECT MAX(training_set_id) FROM ml_training_sets")
            db.execute(f"CREATE VIRTUAL TABLE temp.stored USING training_set({literal(text)})")
            return number, frames.result(db.execute("SELECT * FROM temp.stored"))

    def rebuild_training_set(self, number: int) -> bool:
        """Whether a stored training set comes out the same to the bit today."""
        with database.opened(self.path, reads_only=True) as db:
            return training_sets.rebuild(db, number)[1]

    # --- what is registered ----------------------------------------------------------------------------------------------

    @staticmethod
    def _keys(db, group):
        return json.loads(database.value(db, "SELECT entity_keys FROM feature_groups_current WHERE name = ?", group))

    def _asked(self, db, features):
        """{group: names of features}"""
        found: dict[str, list[str]] = {}
        for feature in features:
            group, _, name = feature.partition(":")
            batches.definition_of(db, group)
            known = [n for (n,) in db.execute("SELECT name FROM features_current WHERE group_name = ? ORDER BY position", (group,))]
            if name and name not in known:
                raise Failure(f"The feature group {group} has no feature {name}; it has {', '.join(known)}.")
            found.setdefault(group, []).extend([name] if name else known)
        return found


def _mappings(db, sql):
    cursor = db.execute(sql)
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row)) for row in cursor]
