"""Reading one entity over HTTP: `make serve` beside Feast's own feature server, on loopback, with wrk.

    tests/bench/serve.py [--entities 10000] [--seconds 5]

Both serve the same entities with the same six features and one process each: ours from a database with its tokens, of which each
request carries one, Feast from its SQLite online store. Every request asks for a random entity, by 1 and by 8 connections. Feast
goes without its access log and is not restarted every 1000 requests, as it would be by default; ours writes its log.

Needs wrk (apt-get install wrk) and installs Feast (requirements-serve.txt, some 700 MB) into build/feast-server.
"""

import argparse
import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = ROOT / "build"
NAMES = [f"x{i}" for i in range(6)]
GROUP = {
    "feature_group": "load", "version": "1.0.0", "description": "of the benchmark", "entity": "athlete", "keys": ["athlete_id"],
    "features": [{"name": name, "type": "numerical"} for name in NAMES],
}
EVENT = "2026-01-01T00:00:00Z"

FEAST_STORE = """
project: bench
registry: registry.db
provider: local
online_store: {type: sqlite, path: online.db}
entity_key_serialization_version: 3
"""

# Runs in Feast's environment: registers the view and fills the online store from the rows of our database.
FEAST_FILL = """
import sqlite3, datetime, pandas
from feast import Entity, FeatureStore, FeatureView, Field, FileSource, ValueType
from feast.types import Float64
rows = pandas.read_sql('SELECT athlete_id, %(names)s FROM load', sqlite3.connect(%(path)r))
rows['event_timestamp'] = pandas.Timestamp(%(event)r)
rows.to_parquet('rows.parquet')
athlete = Entity(name='athlete', join_keys=['athlete_id'], value_type=ValueType.STRING)
view = FeatureView(name='load', entities=[athlete], ttl=datetime.timedelta(days=36500), online=True,
                   schema=[Field(name=name, dtype=Float64) for name in %(list)r],
                   source=FileSource(path='rows.parquet', timestamp_field='event_timestamp'))
store = FeatureStore('.')
store.apply([athlete, view])
store.write_to_online_store('load', rows)
"""

WRK = """
math.randomseed(1)
request = function()
   local id = string.format("%%07d", math.random(0, %(entities)d - 1))
   return %(request)s
end
"""
OURS = """wrk.format("GET", "/features/load/" .. id .. "?features=%s", {["Authorization"] = "Bearer %s"})"""
FEAST = """wrk.format("POST", "/get-online-features", {["Content-Type"] = "application/json"},
      '{"features": [%s], "entities": {"athlete_id": ["' .. id .. '"]}}')"""


def environments():
    subprocess.run(["make", "-s", "build/serve/installed", "all"], cwd=ROOT, check=True)
    python = BUILD / "feast-server" / "bin" / "python"
    if not (BUILD / "feast-server" / "installed").exists():
        print("Installing tests/bench/requirements-serve.txt into build/feast-server")
        subprocess.run([sys.executable, "-m", "venv", "--clear", BUILD / "feast-server"], check=True)
        requirements = ROOT / "tests/bench/requirements-serve.txt"
        subprocess.run([python, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--no-deps", "-r", requirements], check=True)
        (BUILD / "feast-server" / "installed").touch()
    return python


def database(folder, entities):
    """Ours, with one row of each entity; the path and a token."""
    from helpers.stores import groups

    path = folder / "bench.db"
    db = groups.store(GROUP, path=str(path))
    db.execute(f"""
        CREATE TEMP TABLE rows AS WITH RECURSIVE n(i) AS (VALUES (0) UNION ALL SELECT i + 1 FROM n WHERE i < {entities - 1})
        SELECT printf('%07d', i) AS athlete_id, '{EVENT}' AS event_timestamp, {', '.join(f'i * 1.25 + {i} AS {name}' for i, name in enumerate(NAMES))} FROM n""")
    groups.ingest(db, GROUP, "rows")
    db.close()
    token = subprocess.run([ROOT / "sql/tools/serve/token", path, "bench", "--athlete", "all"], capture_output=True, text=True, check=True)
    return path, token.stdout.strip()


@contextlib.contextmanager
def running(command, port, folder):
    """A server, from when it answers on its port."""
    with open(folder / f"{port}.log", "w") as log:
        process = subprocess.Popen([str(c) for c in command], cwd=folder, stdout=log, stderr=log, start_new_session=True)
    try:
        for _ in range(600):
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", port)).close()
                break
            if process.poll() is not None:
                sys.exit((folder / f"{port}.log").read_text())
            time.sleep(0.1)
        yield
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def measured(name, port, request, options, folder):
    script = folder / f"{name}.lua"
    script.write_text(WRK % {"entities": options.entities, "request": request})
    results = []
    for connections in (1, 8):
        command = ["wrk", "-t1", f"-c{connections}", f"-d{options.seconds}s", "--latency", "-s", script, f"http://127.0.0.1:{port}/"]
        subprocess.run([*command[:3], "-d1s", *command[4:]], capture_output=True, check=True)
        text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        assert "Non-2xx" not in text, text
        percentile = {p: re.search(rf"^ +{p}% +(\S+)", text, re.M)[1] for p in (50, 99)}
        rate = float(re.search(r"Requests/sec: +(\S+)", text)[1])
        print(f"{name:20s} {connections} connections  {rate:8.0f} requests/s   p50 {percentile[50]:>8}   p99 {percentile[99]:>8}")
        results.append(rate)
    return results


def answer(port, path, data=None, **headers):
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", data and json.dumps(data).encode(), headers)
    return json.load(urllib.request.urlopen(request))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--entities", type=int, default=10000)
    parser.add_argument("--seconds", type=int, default=5)
    options = parser.parse_args()
    if not shutil.which("wrk"):
        print("Serving over HTTP is not measured: that needs wrk, apt-get install wrk")
        return
    python = environments()
    versions = subprocess.run([python, "-c", "import importlib.metadata as m; print(m.version('feast'), m.version('uvicorn'))"], capture_output=True, text=True, check=True)
    ours = subprocess.run([BUILD / "serve/bin/python", "-c", "import datasette, uvicorn; print(datasette.__version__, uvicorn.__version__)"], capture_output=True, text=True, check=True)
    print(f"{options.entities} entities of {len(NAMES)} features, SQLite {sqlite3.sqlite_version}; Datasette, uvicorn {ours.stdout.strip()}; Feast, uvicorn {versions.stdout.strip()}")
    with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR")) as temporary:
        folder = pathlib.Path(temporary)
        path, token = database(folder, options.entities)
        (folder / "feature_store.yaml").write_text(FEAST_STORE)
        fill = FEAST_FILL % {"names": ", ".join(NAMES), "list": NAMES, "path": str(path), "event": EVENT}
        subprocess.run([python, "-c", fill], cwd=folder, capture_output=True, check=True)
        some = f"{options.entities // 2:07d}"
        port = free_port()
        command = [BUILD / "serve/bin/datasette", "serve", path, "--load-extension", BUILD / "athlete.so", "--plugins-dir", ROOT / "sql/tools/serve/plugins", "--port", port]
        with running(command, port, folder):
            got = answer(port, f"/features/load/{some}", Authorization=f"Bearer {token}")["features"]
            rates = measured("athlete, make serve", port, OURS % (",".join(NAMES), token), options, folder)
        port = free_port()
        with running([python.parent / "feast", "serve", "-p", port, "--no-access-log", "--max-requests", 0], port, folder):
            features = [f"load:{name}" for name in NAMES]
            told = answer(port, "/get-online-features", {"features": features, "entities": {"athlete_id": [some]}}, **{"Content-Type": "application/json"})
            values = dict(zip(told["metadata"]["feature_names"], (result["values"][0] for result in told["results"])))
            assert {name: values[name] for name in NAMES} == got, (values, got)
            beside = measured("Feast, feast serve", port, FEAST % ", ".join(f'"{f}"' for f in features), options, folder)
    print("requests/s, ours over Feast's: " + ", ".join(f"{a / b:.1f}" for a, b in zip(rates, beside)))


if __name__ == "__main__":
    main()
