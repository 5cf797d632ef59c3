"""What the tests of serving share: a database with groups and rows, tokens made as a user makes them, and a client."""

import asyncio
import atexit
import contextlib
import functools
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import urllib.parse

import httpx

sys.modules["pysqlite3"] = None  # Datasette prefers it, and one process of these tests has one SQLite: Python's
from datasette.app import Datasette  # noqa: E402
from datasette.plugins import pm  # noqa: E402, F401

del sys.modules["pysqlite3"]

from helpers.extension import EXTENSION, ROOT, connect  # noqa: E402
from helpers.stages import rows as select  # noqa: E402
from helpers.stores import groups  # noqa: E402

SLEEP = groups.SLEEP | {"expected_every_hours": 24, "owner": "watch", "tags": ["recovery"], "reject_limit": 0.5}
SCORES = {
    "feature_group": "race_scores", "version": "1.2.0", "description": "Of a race", "entity": "race", "keys": ["race_id", "class"],
    "timestamp": "day", "lookback_days": 400,
    "features": [
        {"name": "race_id", "type": "integer", "not_null": True},
        {"name": "day", "type": "timestamp", "not_null": True},
        {"name": "score", "type": "numerical", "unit": "points", "tags": ["judged"]},
        {"name": "is_final", "type": "boolean"},
        {"name": "finishers", "type": "integer"},
        {"name": "shape", "type": "embedding"},
        {"name": "note", "type": "text", "status": "deprecated", "owner": "jury"},
    ],
}
COMPUTED = {
    "feature_group": "computed_load", "version": "1.0.0", "description": "By a stage", "entity": "athlete", "keys": ["athlete_id"],
    "computed": True, "features": [{"name": "load", "type": "numerical"}],
}
SLEEP_ROWS = [
    ("4001", "2025-10-18T06:00:00Z", 7.5, 48, "good", "W-1"), ("4001", "2025-10-19T06:00:00Z", None, 50, "bad", None),
    ("4002", "2025-10-18T06:30:00Z", 6.25, 61, "good", "W-2"), ("Zoë/ü 1%?", "2025-10-18T06:30:00Z", 9, 40, "good", "W-3"),
    ("4003", "2099-01-01T06:00:00Z", 8, 52, "good", None),
]


def database(path):
    """Three groups; of athletes 4001, 4002 and one with a name that a path must encode; one row is of the future."""
    db = groups.store(SLEEP, SCORES, COMPUTED, path=str(path))
    db.execute("INSERT INTO ops_announced VALUES ('own_load', 'load', '[]', '[\"computed_load\"]', '[]')")
    values = ", ".join(str(tuple(row)).replace("None", "NULL") for row in SLEEP_ROWS)
    groups.ingest(db, SLEEP, "WITH r(athlete_id, event_timestamp, sleep_h, resting_hr, quality, device) AS (VALUES " + values + ") SELECT * FROM r")
    db.execute("INSERT INTO race_scores (race_id, class, day, score, is_final, finishers, shape, note, available_at) VALUES"
               " (7, '42k', '2025-10-01T00:00:00Z', 12.5, 1, 9007199254740993, x'0000803f0000c0bf', 'a \"b\" \u00fc', '2025-10-02T00:00:00Z'),"
               " (7, '10k', '2025-10-01T00:00:00Z', NULL, 0, NULL, NULL, NULL, '2025-10-02T00:00:00Z')")
    db.execute("INSERT INTO computed_load VALUES ('4001', '2025-10-18T06:00:00Z', 80.5, '2025-10-18T06:00:00Z')")
    db.close()
    return path


def token(path, *arguments, fails=False):
    """sql/tools/serve/token: what it prints."""
    done = subprocess.run([sys.executable, ROOT / "sql/tools/serve/token", str(path), *arguments], capture_output=True, text=True)
    assert (done.returncode != 0) == fails, done.stderr
    return done.stderr.strip() if fails else done.stdout.strip()


class Served:
    """Datasette with the plugin, over one file, and a client that speaks to it inside this process."""

    def __init__(self, path, plugin=None, immutable=False, **settings):
        extension = EXTENSION if os.path.exists(EXTENSION) else f"{EXTENSION}.so"
        self.path = path
        self.datasette = Datasette(
            [] if immutable else [str(path)], immutables=[str(path)] if immutable else [], sqlite_extensions=[extension],
            plugins_dir=str(ROOT / "sql/tools/serve/plugins"), metadata={"plugins": {"feature_api": plugin}} if plugin else None, settings=settings)
        self.app = self.datasette.app()
        self.loop = asyncio.new_event_loop()
        self.loop.run_until_complete(self.datasette.invoke_startup())

    def close(self):
        self.loop.close()
        self.datasette.get_database().close()
        self.datasette.executor.shutdown()

    def write_fast(self):
        """Without waiting for the disk at each commit."""
        self.loop.run_until_complete(self.datasette.get_database().execute_write_fn(lambda conn: conn.execute("PRAGMA synchronous = OFF")))

    def together(self, *calls):
        async def all_of_them():
            return await asyncio.gather(*calls)

        return self.loop.run_until_complete(all_of_them())

    async def call(self, method, path, token=None, **options):
        headers = options.pop("headers", {}) | ({"Authorization": f"Bearer {token}"} if token else {})
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=self.app), base_url="http://localhost") as client:
            return await client.request(method, path, headers=headers, **options)

    def request(self, method, path, token=None, **options):
        return self.loop.run_until_complete(self.call(method, path, token, **options))

    def get(self, path, token=None, **options):
        return self.request("GET", path, token, **options)

    def post(self, path, body, token=None, **options):
        return self.request("POST", path, token, json=body, **options)

    def select(self, sql, *parameters):
        """Rows of the file as another program sees them."""
        db = connect(str(self.path))
        try:
            return select(db, sql, *parameters)
        finally:
            db.close()


@contextlib.contextmanager
def process(folder, **settings):
    """The command of `make serve` as a process of its own, over the original file: its port, from the line with which it starts."""
    path, metadata = folder / "athlete.db", folder / "settings.json"
    shutil.copy(original()[0], path)
    metadata.write_text(json.dumps({"plugins": {"feature_api": settings}}))
    extension = EXTENSION if os.path.exists(EXTENSION) else f"{EXTENSION}.so"
    recipe = subprocess.run(["make", "-n", "serve", f"EXTENSION={extension}"], cwd=ROOT, capture_output=True, text=True, check=True)
    (command,) = re.findall(r"^exec \S+/bin/datasette (serve .*)", recipe.stdout, re.M | re.S)
    said = os.environ | {"DB": str(path), "PORT": "0", "METADATA": str(metadata)}
    started = subprocess.Popen(["sh", "-c", f"exec '{sys.executable}' -m datasette {command}"], cwd=ROOT, env=said, stderr=subprocess.PIPE,
                               stdout=subprocess.DEVNULL, text=True)  # fmt: skip
    for line in started.stderr:
        if found := re.search(r"running on http://127\.0\.0\.1:(\d+)", line):
            break
    log = threading.Thread(target=started.stderr.read)  # a full pipe would stop the server
    log.start()
    try:
        yield int(found[1])
    finally:
        started.terminate()
        started.wait()
        log.join()


TOKENS = {
    "coach": ["--athlete", "all"],
    "first": ["--athlete", "4001", "--write", "athlete_sleep"],
    "second": ["--athlete", "4002"],
    "writer": ["--athlete", "all", "--write", "*", "--no-read"],
    "judge": ["--key", "race_id=7", "--write", "race_scores"],
}


@functools.lru_cache(maxsize=None)
def original():
    """A file with its tokens, made once."""
    folder = tempfile.TemporaryDirectory()
    atexit.register(folder.cleanup)
    path = database(pathlib.Path(folder.name) / "athlete.db")
    return path, {name: token(path, name, *arguments) for name, arguments in TOKENS.items()}


def serve(path):
    shutil.copy(original()[0], path)
    served = Served(path)
    served.tokens = original()[1]
    return served


def sleep_row(day, **values):
    return {"event_timestamp": f"2026-01-{day:02d}T06:00:00Z", "sleep_h": 7.0, "resting_hr": 50, "quality": "good", "device": None} | values


def segment(text):
    """A text as one segment of a path."""
    return urllib.parse.quote(str(text), safe="")
