"""What the tests of definitions and ingest share: a small definition, a database with it, and the ingest as a caller runs it."""

import json

from helpers.extension import ROOT
from helpers.stages import STAGES, new_database, put, run, statements

REGISTRY = [s for s in STAGES if s.startswith(("000", "100", "300"))]
BUNDLED = {p.stem: p.read_text() for p in sorted((ROOT / "schemas" / "features").glob("*.json"))}

SLEEP = {
    "feature_group": "athlete_sleep", "version": "1.0.0", "description": "Nights, from a watch", "entity": "athlete",
    "keys": ["athlete_id"], "timestamp": "event_timestamp", "reject_limit": 1,
    "features": [
        {"name": "sleep_h", "type": "numerical", "unit": "h", "min": 0, "max": 24},
        {"name": "resting_hr", "type": "integer", "unit": "bpm", "min": 25, "max": 120, "not_null": True},
        {"name": "quality", "type": "categorical", "allowed": ["good", "bad"], "default": "good"},
        {"name": "device", "type": "text", "pattern": "W-*"},
    ],
    "rules": [{"name": "calm_sleep", "predicate": "resting_hr < 100 OR sleep_h < 10", "reason": "a long night with a racing heart"}],
}


def script(db, text):
    """Runs SQL as the shell with -bail does: the first error ends it, and the transaction with it."""
    try:
        for statement in statements(text):
            db.execute(statement).fetchall()
    except Exception:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise


def register(db, *definitions):
    """Definitions, as objects or texts, through the inbox and the stages."""
    for definition in definitions:
        put(db, definition)
    run(db, REGISTRY)


def store(*definitions, path=":memory:", encoding="UTF-8"):
    """A database in which the groups are registered and have their tables."""
    db = new_database(path)
    db.execute(f"PRAGMA encoding = '{encoding}'")
    run(db, REGISTRY)
    register(db, *definitions)
    for definition in definitions:
        text = definition if isinstance(definition, str) else json.dumps(definition)
        script(db, db.execute("SELECT feature_group_ddl(?)", (text,)).fetchone()[0])
    return db


def ingest(db, definition, source, **options):
    text = definition if isinstance(definition, str) else json.dumps(definition)
    script(db, db.execute("SELECT feature_group_ingest(?, ?, ?)", (text, source, json.dumps(options))).fetchone()[0])


def columns(definition):
    """The names of a group's columns in their order, worked out from the definition alone."""
    listed = [f["name"] for f in definition["features"]]
    first = [*definition["keys"], *definition.get("row_key", []), definition.get("timestamp", "event_timestamp")]
    named = [n for i, n in enumerate(first) if n not in listed and n not in first[:i]]
    last = definition.get("available", "available_at")
    return named + listed + ([] if last in listed else [last])
