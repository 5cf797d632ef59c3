"""Rows into a feature group: the statements that feature_group_ingest returns, in one transaction."""

import contextlib
import json
import math
import sqlite3
import struct

from common.database import statements

from feature_api.catalog import is_int64, shown
from feature_api.refusal import Refusal

SOURCE = "feature_api_rows"


def rows_from_json(group, entity, body, max_rows):
    """The rows as tuples in the order of the group's columns. What is malformed is refused as a whole; values are judged
    one by one, by the rules."""
    if not isinstance(body, dict) or set(body) != {"rows"} or not isinstance(body["rows"], list):
        raise Refusal(400, 'the body is not {"rows": [{…}, …]}')
    if not 1 <= len(body["rows"]) <= max_rows:
        raise Refusal(400 if not body["rows"] else 413, f"rows has {len(body['rows'])} rows where 1 to {max_rows} belong")
    own = dict(zip((key.name for key in group.keys), entity))
    names = [column.name for column in group.columns]
    rows = []
    for i, row in enumerate(body["rows"]):
        if not isinstance(row, dict):
            raise Refusal(400, f"rows[{i}] is not an object")
        for name in row:
            if name not in names:
                raise Refusal(422, f"rows[{i}]: {group.name} has no feature '{name[:60]}'; it has {', '.join(names)}")
        for key in group.keys:
            if key.name in row and key.from_json(row[key.name]) != own[key.name]:
                raise Refusal(422, f"rows[{i}].{key.name} is another than in the path: {shown(row[key.name])}")
        rows.append(tuple(stored(column, own.get(column.name, identified(group, column, row))) for column in group.columns))
    return rows


def identified(group, column, row):
    """The row's value of a column. An id that is kept as text is the same as a number: it tells rows apart by its digits."""
    value = row.get(column.name)
    is_id = column.storage == "TEXT" and column.type != "timestamp" and column.name in group.row_key
    return str(value) if is_id and isinstance(value, int) and not isinstance(value, bool) else value


def stored(column, value):
    """A value of JSON as SQLite keeps it. What the column's type cannot hold becomes a blob of its JSON, which the type's
    rule refuses."""
    if value is None:
        return None
    if isinstance(value, bool):
        return int(value) if column.type == "boolean" else unfit(value)
    if isinstance(value, int):
        return value if is_int64(value) else unfit(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else unfit(value)
    if isinstance(value, str):
        if "\0" in value:
            return unfit(value)
        if column.storage == "BLOB" and column.type != "embedding":
            try:
                return bytes.fromhex(value)
            except ValueError:
                return value
        return value
    if column.type == "embedding" and isinstance(value, list):
        try:
            return struct.pack(f"<{len(value)}f", *value)
        except (struct.error, OverflowError):
            pass
    return unfit(value) if column.storage != "BLOB" else unfit(value).decode()  # text, which no blob is


def unfit(value):
    try:
        return json.dumps(value, ensure_ascii=False).encode()
    except RecursionError:
        return b"(nested too deeply)"


@contextlib.contextmanager
def transaction(conn):
    """One that writes, from its first statement on; it ends with ingest's commit or with nothing."""
    isolation_level, conn.isolation_level = conn.isolation_level, None
    try:
        conn.execute("BEGIN IMMEDIATE")
        yield
    finally:
        if conn.in_transaction:
            conn.execute("ROLLBACK")
        conn.execute(f"DROP TABLE IF EXISTS temp.{SOURCE}")
        conn.isolation_level = isolation_level


def ingest(conn, group, entity, rows, who):
    """Runs in a transaction of the connection that writes. The counts, and the rejects with their reasons."""
    names = ", ".join(f'"{column.name}"' for column in group.columns)
    conn.execute(f"CREATE TEMP TABLE {SOURCE} ({names})")
    conn.executemany(f"INSERT INTO temp.{SOURCE} VALUES ({', '.join('?' * len(group.columns))})", rows)
    (script,) = conn.execute("SELECT feature_group_ingest(?, ?)", (group.definition, SOURCE)).fetchone()
    _begin, *middle, commit = (statement.strip() for statement in statements(script))  # the transaction has begun: who asks was asked in it
    before = conn.execute("SELECT who FROM ops_actor").fetchone()[0]
    conn.execute("UPDATE ops_actor SET who = ?", (who,))
    answer = None
    for statement in middle:
        if answer is None and statement.startswith("DROP TABLE"):
            answer = _outcome(conn, group)
        try:
            conn.execute(statement).fetchall()
        except sqlite3.OperationalError as error:
            if "the batch is refused" not in str(error):
                raise
            outcome = _outcome(conn, group)
            raise Refusal(422, str(error).removeprefix("assert_that: "), **{name: outcome[name] for name in ("rows", "rejected", "rejects")}) from error
    if answer["new"] or answer["changed"]:
        _extend(conn, group, entity, answer["new"])
    conn.execute("UPDATE ops_actor SET who = ?", (before,))
    conn.execute(commit)
    return answer


def _outcome(conn, group):
    """What the batch's own tables say before they are dropped."""
    n, new, changed, rejected = conn.execute("SELECT n, n_new, n_changed, n_rejected FROM temp.feature_batch").fetchone()
    return {
        "rows": n, "new": new, "changed": changed, "same": n - new - changed - rejected, "rejected": rejected,
        "rejects": _rejects(conn, group) if rejected else [],
    }


def _rejects(conn, group):
    """One for each rule that a row broke. feature_rejects is sought by its key, rule by rule: it may be long."""
    rules = [("", "one_row_per_key")] + [("", rule["name"]) for rule in json.loads(group.definition).get("rules", [])]
    kinds = ("not_null", "type", "min", "max", "allowed", "pattern", "unique")
    rules += [(column.name, kind) for column in group.columns for kind in kinds]
    found = conn.execute(
        """SELECT l._seq, r.feature, r.rule, r.value, r.reason
           FROM temp.feature_left AS l CROSS JOIN json_each(?) AS rule CROSS JOIN feature_rejects AS r
           ON (r.group_name, r.feature, r.rule, r.row) = (?, json_extract(rule.value, '$[0]'), json_extract(rule.value, '$[1]'), l._row)
           WHERE l._verdict NOT IN ('valid', 'same') ORDER BY l._seq, r.reject_id""",
        (json.dumps(rules), group.name),
    )
    return [{"row": seq - 1, "feature": feature or None, "rule": rule, "value": _shown(value), "reason": reason}
            for seq, feature, rule, value, reason in found]


def _shown(value):
    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError:
            return value.hex()
    return value


def _extend(conn, group, entity, new):
    """Freshness is read from feature_extent, which a stage fills from all rows; this keeps it true between its runs."""
    if not conn.execute("SELECT 1 FROM sqlite_schema WHERE name = 'feature_extent_queries'").fetchone():
        return
    extent, fault = conn.execute(
        "SELECT query, stored_query_fault(query) FROM feature_extent_queries WHERE group_name = ?", (group.name,)
    ).fetchone()
    if fault:
        return  # the stage says so in the log
    if not conn.execute("SELECT 1 FROM feature_extent WHERE group_name = ?", (group.name,)).fetchone():
        conn.execute("INSERT INTO feature_extent VALUES (?, ?, ?, ?)", (group.name, *conn.execute(extent).fetchone()))
        return
    keys = " AND ".join(f'"{key.name}" = ?' for key in group.keys)
    newest, available, _ = conn.execute(f"{extent} WHERE {keys}", entity).fetchone()
    conn.execute(
        """UPDATE feature_extent SET n_rows = n_rows + ?1, newest_timestamp = COALESCE(MAX(newest_timestamp, ?2), newest_timestamp, ?2),
               newest_available = MAX(COALESCE(newest_available, ?3), ?3) WHERE group_name = ?4""",
        (new, newest, available, group.name),
    )
