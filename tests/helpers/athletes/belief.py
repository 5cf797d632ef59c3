"""What a file believes of its feature groups at an instant, and the stages at a moment that a test chooses."""

import re

from helpers.stages import STAGES, one, rows

ROW_KEYS = {"activity_features": ("athlete_id", "activity_id"), "athlete_daily_features": ("athlete_id", "activity_date"),
            "athlete_rolling_features": ("athlete_id", "as_of_date"), "athlete_weekly_features": ("athlete_id", "week_start")}


def believed(db, table, t, keys=None):
    """The rows of a group as they were believed at t."""
    keys = ", ".join(keys or ROW_KEYS[table])
    listed = ", ".join(r["name"] for r in rows(db, f"SELECT name FROM pragma_table_info('{table}')"))
    return sorted(map(repr, db.execute(f"""
        SELECT {listed} FROM (
            SELECT *, ROW_NUMBER() OVER (PARTITION BY {keys} ORDER BY available_at DESC, age DESC) AS choice
            FROM (SELECT {listed}, 9e18 AS age FROM {table}
                  UNION ALL SELECT {listed}, rowid FROM {table}_history WHERE superseded_at > ?1)
            WHERE available_at <= ?1)
        WHERE choice = 1""", (t,))))


def overlaps(db, table, keys):
    """How many pairs of versions of one key are believed at one instant."""
    same = " AND ".join(f"a.{k} IS b.{k}" for k in keys)
    return one(db, f"""
        WITH version AS MATERIALIZED (
            SELECT ROW_NUMBER() OVER () AS nr, {", ".join(keys)}, available_at, COALESCE(superseded_at, '9') AS until FROM {table}_versions)
        SELECT COUNT(*) FROM version AS a JOIN version AS b ON {same}
        WHERE a.nr < b.nr AND a.available_at < b.until AND b.available_at < a.until""")


def clocked(now):
    """The stages, and the triggers of the groups' tables, as they would run at that moment."""
    clock = "strftime('%Y-%m-%dT%H:%M:%SZ', 'now')"
    found = {name: text.replace(f"{clock} AS started_at", f"'{now}' AS started_at") for name, text in STAGES.items()}
    made = r'CREATE TRIGGER IF NOT EXISTS ("\w+")', r"DROP TRIGGER IF EXISTS \1;\nCREATE TRIGGER \1"
    return {name: re.sub(*made, text).replace(clock, f"'{now}'") if "-- tables " in text else text for name, text in found.items()}
