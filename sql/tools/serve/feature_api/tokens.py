"""Who asks: tokens, of which the database keeps only the SHA-256 digests. sql/tools/serve/token makes them."""

import dataclasses
import hashlib
import json
import sqlite3
import threading

from feature_api.refusal import Refusal

TABLE = "ops_tokens"

asking = threading.local()


def guard(action, table, column, database, trigger):
    """SQLite's authorizer: no statement reads the tokens but the one below."""
    if action == sqlite3.SQLITE_READ and table.lower() == TABLE and not getattr(asking, "is_here", False):
        return sqlite3.SQLITE_DENY
    return sqlite3.SQLITE_OK


@dataclasses.dataclass(frozen=True)
class Bearer:
    """Who a token was made for, and what for. `keys` {"athlete_id": "4001"} opens the rows of that athlete alone, None all."""

    name: str
    keys: dict | None
    reads: bool
    writes: tuple

    def may_read(self, group, entities):
        if not self.reads:
            raise Refusal(403, f"the token '{self.name}' is not for reading")
        self._may_touch(group, entities)

    def may_write(self, group, entities):
        if group.name not in self.writes and "*" not in self.writes:
            raise Refusal(403, f"the token '{self.name}' is not for writing {group.name}")
        self._may_touch(group, entities)

    def _may_touch(self, group, entities):
        """Says nothing about whether the others' rows exist."""
        if self.keys is None:
            return
        names = [key.name for key in group.keys]
        if any(name not in names for name in self.keys):
            raise Refusal(403, f"the token '{self.name}' is for {self._own()}, and {group.name} is not kept by that")
        places = [(names.index(name), value) for name, value in self.keys.items()]
        if any(str(entity[place]) != str(value) for entity in entities for place, value in places):
            raise Refusal(403, f"the token '{self.name}' is for {self._own()} only")

    def _own(self):
        return ", ".join(f"{name} {value}" for name, value in self.keys.items())


ANYONE = Bearer("anyone", None, True, ())


def digest(token):
    return hashlib.sha256(token.encode()).hexdigest()


def bearer(conn, token, anonymous_reads):
    """Whose token it is; without a token nobody's, unless anyone may read."""
    if token is None:
        if anonymous_reads:
            return ANYONE
        raise _unknown("this needs a token, in the header Authorization: Bearer …")
    asking.is_here = True
    try:
        row = conn.execute(
            f"SELECT name, keys, reads, writes FROM {TABLE} WHERE token_sha256 = ? AND revoked_at IS NULL"
            " AND (expires_at IS NULL OR expires_at > strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))",
            (digest(token),),
        ).fetchone()
    except sqlite3.OperationalError as error:
        if f"no such table: {TABLE}" not in str(error):
            raise
        row = None  # no token was ever made
    finally:
        asking.is_here = False
    unknown = _unknown("the token is not known here, or has ended")
    if row is None:
        raise unknown
    try:
        keys = None if row["keys"] is None else json.loads(row["keys"])
        writes = json.loads(row["writes"])
    except (TypeError, ValueError):
        raise unknown from None
    if not isinstance(writes, list) or not (row["keys"] is None or keys and isinstance(keys, dict)):
        raise unknown  # a row that sql/serve/token did not write opens nothing
    return Bearer(row["name"], keys, row["reads"] == 1, tuple(writes))


def _unknown(sentence):
    return Refusal(401, sentence, {"WWW-Authenticate": "Bearer"})
