"""The moment of a request, read and written as the lookups do it."""

import sqlite3

from feature_api.refusal import Refusal

NOW = "strftime('%Y-%m-%dT%H:%M:%fZ', 'now')"


def as_of(conn, group, text):
    """Now without a text. Never later than the moment itself: what the group's form has no digits for is cut off."""
    if group.timestamp.storage != "TEXT":
        return _seconds(conn, text)
    precision = group.time_precision
    try:
        return conn.execute(f"SELECT as_of_instant(COALESCE(?, {NOW}), ?)", (text, precision)).fetchone()[0]
    except sqlite3.OperationalError:
        raise _refusal(text) from None


def _seconds(conn, text):
    if text is None:
        return conn.execute("SELECT CAST(strftime('%s', 'now') AS INTEGER)").fetchone()[0]
    number = text.removeprefix("-")
    whole, _, fraction = number.partition(".")
    if number.isascii() and whole.isdigit() and len(whole) <= 15 and (fraction.isdigit() and len(fraction) <= 9 or "." not in number):
        return float(text) if fraction else int(text)
    try:
        return conn.execute("SELECT CAST(strftime('%s', as_of_instant(?)) AS INTEGER)", (text,)).fetchone()[0]
    except sqlite3.OperationalError:
        raise _refusal(text) from None


def _refusal(text):
    return Refusal(400, f"as_of is '{text[:60]}' where a day (2025-10-20) or an instant in UTC (2025-10-20T06:00:00Z) belongs")
