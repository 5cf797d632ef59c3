"""What a connection keeps from one request to the next: the registry as it last read it, and a lookup for each group."""

import contextlib
import sqlite3

from feature_api import catalog
from feature_api.moment import as_of
from feature_api.refusal import Refusal


class Session:
    def __init__(self, conn):
        self.conn = conn
        self.groups = {}
        self._reading = None
        self._seen = None
        self._lookups = {}

    @contextlib.contextmanager
    def snapshot(self):
        """One read transaction: what is read in it belongs together, and the file is locked once."""
        self.conn.execute("BEGIN")
        try:
            self.refresh()
            yield self
        finally:
            if self.conn.in_transaction:
                self.conn.execute("COMMIT")  # and no rollback, which would take the lookups' temporary tables along

    def refresh(self):
        """Reads the registry again when another connection has written, and takes it up when it has changed."""
        seen = self.conn.execute("PRAGMA data_version").fetchone()[0]
        if seen == self._seen:
            return
        reading = (self.conn.execute("PRAGMA schema_version").fetchone()[0], catalog.read(self.conn))
        if reading != self._reading:
            groups = catalog.build(reading[1])
            for name in self._lookups:
                self.conn.execute(f'DROP TABLE IF EXISTS temp."{self._table(name)}"')
            self.groups, self._lookups = groups, {}
            self._reading = reading
        self._seen = seen

    def group(self, name):
        group = self.groups.get(name)
        if group is None:
            raise Refusal(404, f"there is no feature group '{name[:60]}'")
        if group.status == "archived":
            raise Refusal(404, f"the feature group {name} is archived")
        if not group.has_table:
            raise Refusal(404, f"the feature group {name} is registered, and its table is not made yet")
        return group

    def moment(self, group, text):
        """The as_of of a request, None for now, as the group's own times are written."""
        return as_of(self.conn, group, text)

    def look_up(self, group, entities, moment):
        """For each entity its row as of a moment, or None: timestamp, available_at, age in days and the values."""
        if group.name not in self._lookups:
            self.conn.execute(f'CREATE VIRTUAL TABLE temp."{self._table(group.name)}" USING asof({group.name})')
            # Always all values: each choice of columns would be a plan of its own that the lookup keeps.
            values = "".join(f', "{column.name}"' for column in group.values)
            keys = " AND ".join(f'"{key.name}" = ?' for key in group.keys)
            self._lookups[group.name] = (
                f'SELECT row_timestamp, row_available, row_age_days{values} FROM temp."{self._table(group.name)}" WHERE {keys} AND as_of = ?'
            )
        statement = self._lookups[group.name]
        try:
            return [self.conn.execute(statement, (*entity, moment)).fetchone() for entity in entities]
        except sqlite3.OperationalError as error:
            if str(error).startswith("asof: "):
                raise Refusal(400, str(error)) from error  # a moment in another form than the group's times
            raise

    @staticmethod
    def _table(name):
        return f"feature_api_{name}"
