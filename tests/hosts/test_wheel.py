"""The wheel, as pip installs it where there is neither a compiler nor this repository: what it loads into, and its verbs against pandas."""

import hashlib
import json
import random
import re
import shutil
import sqlite3
import subprocess
import sys

import apsw
import pandas as pd
import pyarrow as pa
import pysqlite3
import pytest

from helpers.athletes import demo
from helpers.athletes.activities import RUNNER
from helpers.extension import BUILD, ROOT
from helpers.machine import debian
from helpers.machine.sqlites import alone
from helpers.stores.file_rows import differences, rows_apart_from_arrivals

pytestmark = pytest.mark.unsanitized  # it holds a build of its own

SLEEP = {
    "feature_group": "sleep", "version": "1.0.0", "description": "nights", "entity": "athlete", "keys": ["athlete_id"], "time_precision": "second",
    "features": [{"name": "hours", "type": "numerical", "min": 0, "max": 24}, {"name": "place", "type": "categorical"}],
}  # fmt: skip


@pytest.fixture(scope="module")
def with_sleep(athlete, tmp_path_factory):
    path = tmp_path_factory.mktemp("store") / "athlete.db"
    athlete.create(path)
    assert athlete.Store(path).register_feature_group(SLEEP) == "registered sleep 1.0.0: table sleep made"
    return path


@pytest.fixture
def store(athlete, with_sleep, tmp_path):
    return athlete.Store(shutil.copy(with_sleep, tmp_path / "athlete's.db"))


@pytest.fixture(scope="module")
def of_a_runner(athlete, tmp_path_factory):
    path = tmp_path_factory.mktemp("runner") / "athlete.db"
    athlete.run(path, *sorted(RUNNER.glob("*.json")))
    return path


def test_the_library_asks_for_nothing_but_the_c_library_and_its_tag_is_that_of_auditwheel(site):
    folder, wheel = site
    (library,) = folder.glob("athlete/project/build/athlete.*")
    symbols = subprocess.run(["nm", "-D", "--defined-only", library], capture_output=True, text=True, check=True).stdout.split()
    assert symbols[2::3] == ["sqlite3_athlete_init"]
    needed = subprocess.run(["objdump", "-p", library], capture_output=True, text=True, check=True).stdout
    assert {line.split()[1].partition(".")[0] for line in needed.splitlines() if "NEEDED" in line} <= {"libc", "libm", "ld-linux-x86-64"}
    told = subprocess.run([sys.executable, "-m", "auditwheel", "show", wheel], capture_output=True, text=True, check=True).stdout
    tag = wheel.stem.split("-")[-1]
    assert tag.startswith("manylinux_") and f'platform tag:\n"{tag}"' in told.replace(": ", ":\n").replace("tag:\n\n", "tag:\n")


@pytest.mark.parametrize("connect", [sqlite3.connect, pysqlite3.connect, apsw.Connection], ids=["sqlite3", "pysqlite3", "apsw"])
def test_the_functions_come_into_every_python_module_and_sql_can_load_nothing_afterwards(athlete, connect):
    db = connect(":memory:")
    athlete.load(db)
    assert next(iter(db.execute("SELECT tss(60, 5, 5)"))) == (100.0,)
    with pytest.raises((sqlite3.OperationalError, pysqlite3.OperationalError, apsw.SQLError), match="not authorized|no such function"):
        next(iter(db.execute("SELECT load_extension(?)", (athlete.extension(),))))
    db.close()


def test_the_bundled_runner_has_the_same_features_as_by_make(of_a_runner):
    mine, others = sqlite3.connect(of_a_runner), sqlite3.connect(demo.database())
    for table in ("activity_features", "athlete_rolling_features", "athlete_weekly_features", "similar_runs"):
        rows = [sorted(db.execute(f"SELECT * FROM {table}"), key=repr) for db in (mine, others)]
        assert rows[0] == rows[1] and len(rows[0]) > 50


def test_running_again_lands_nothing_twice(athlete, of_a_runner, tmp_path):
    path = shutil.copy(of_a_runner, tmp_path)
    count = "SELECT (SELECT COUNT(*) FROM bronze_strava_activities), (SELECT COUNT(*) FROM athlete_rolling_features)"
    before = sqlite3.connect(path).execute(count).fetchone()
    athlete.run(path, *sorted(RUNNER.glob("*.json")))
    assert sqlite3.connect(path).execute(count).fetchone() == before


def nights(seed, n=4000, athletes=7):
    """Nights of a few athletes at different seconds, and moments to ask for."""
    rng = random.Random(seed)
    began = pd.Timestamp("2024-01-01", tz="UTC")
    times = [began + pd.Timedelta(seconds=s) for s in rng.sample(range(10**7), n)]
    frame = pd.DataFrame({"athlete_id": [str(rng.randrange(athletes)) for _ in times], "event_timestamp": times})
    frame["hours"] = [None if rng.random() < 0.05 else round(rng.uniform(3, 11), 3) for _ in times]
    frame["place"] = pd.Categorical([rng.choice(["home", "tent", "it's noisy"]) for _ in times])
    asked = pd.DataFrame({"athlete_id": [str(rng.randrange(athletes + 1)) for _ in range(n)], "weight": [rng.random() for _ in range(n)],
                          "event_timestamp": [began + pd.Timedelta(seconds=rng.randrange(-10**6, 11 * 10**6)) for _ in range(n)]})  # fmt: skip
    return frame, asked


@pytest.mark.parametrize("kind", ["pandas", "pyarrow", "duckdb"])
def test_historical_features_are_those_of_pandas_merge_asof(store, kind):
    rows, asked = nights(1)
    given = {"pandas": lambda f: f, "pyarrow": lambda f: pa.Table.from_pandas(f, preserve_index=False), "duckdb": of_duckdb}[kind]
    assert store.ingest_features("sleep", given(rows)) == {"rows": 4000, "new": 4000, "changed": 0, "rejected": 0}
    got = store.get_historical_features(given(asked), ["sleep:hours", "sleep:place"]).to_pandas()
    left = asked.reset_index().sort_values("event_timestamp", kind="stable")
    expected = pd.merge_asof(left, rows.sort_values("event_timestamp"), on="event_timestamp", by="athlete_id").sort_values("index")
    assert list(got.athlete_id) == list(asked.athlete_id) and list(got.weight) == list(asked.weight)
    assert [None if v != v else v for v in got.hours] == [None if v != v else v for v in expected.hours]
    assert [v if isinstance(v, str) else None for v in got.place] == [v if isinstance(v, str) else None for v in expected.place]


def of_duckdb(frame):
    import duckdb

    return duckdb.sql("SELECT * FROM frame").to_arrow_table()


def test_what_is_known_now_is_the_newest_row_and_an_unknown_athlete_has_none(store):
    rows, _ = nights(2)
    store.ingest_features("sleep", rows)
    last = rows.sort_values("event_timestamp").groupby("athlete_id").last(skipna=False)
    got = store.get_online_features(["sleep:hours"], [{"athlete_id": a} for a in [*last.index, "nobody"]])
    assert got[-1] == {"athlete_id": "nobody", "hours": None}
    assert [(g["athlete_id"], g["hours"]) for g in got[:-1]] == [(a, None if v != v else v) for a, v in last.hours.items()]


def test_a_correction_is_news_from_its_moment_on_and_a_bad_row_is_rejected(store):
    row = {"athlete_id": "1", "event_timestamp": "2024-03-01T06:00:00Z", "available_at": "2024-03-01T06:00:00Z", "hours": 7.0, "place": "home"}
    store.ingest_features("sleep", pa.Table.from_pylist([row]))
    others = [{**row, "athlete_id": str(i), "hours": 30.0 if i == 2 else 8.0} for i in range(2, 30)]
    told = store.ingest_features("sleep", pa.Table.from_pylist([{**row, "hours": 6.0, "available_at": "2024-03-05T06:00:00Z"}, *others]), known_at="2024-03-05T06:00:00Z")
    assert told == {"rows": 29, "new": 27, "changed": 1, "rejected": 1}

    def hours_of_the_first(**when):
        return [r["hours"] for r in store.get_offline_features("sleep", **when).to_pylist() if r["athlete_id"] == "1"]

    assert hours_of_the_first() == [6.0]
    for known_at, hours in (("2024-02-28", []), ("2024-03-04", [7.0]), ("2024-03-05T08:00:00+02:00", [6.0])):
        assert hours_of_the_first(known_at=known_at) == hours
    assert store.get_offline_features("sleep", start="2024-03-02").num_rows == 0


def test_a_training_set_is_kept_and_comes_out_the_same(athlete, of_a_runner, tmp_path):
    store = athlete.Store(shutil.copy(of_a_runner, tmp_path))
    specification = {"labels": "SELECT athlete_id, available_at AS at, estimated_tss AS label FROM activity_features", "as_of": "at",
                     "lookups": [{"group": "athlete_rolling_features", "features": ["ctl_42d", "acwr"]}]}  # fmt: skip
    number, rows = store.create_training_set(specification, "load")
    assert rows.column_names == ["athlete_id", "at", "label", "ctl_42d", "acwr"] and rows.num_rows > 1000
    assert store.rebuild_training_set(number)


def test_features_are_listed_with_their_units(athlete, of_a_runner):
    listed = athlete.Store(of_a_runner).list_features().to_pylist()
    assert len(listed) > 60 and {"group", "feature", "type", "unit", "description", "owner", "status", "default"} == set(listed[0])


@pytest.mark.parametrize(
    "ask, sentence",
    [
        (lambda s: s.get_online_features(["naps:hours"], [{"athlete_id": "1"}]), "There is no feature group naps"),
        (lambda s: s.get_online_features(["sleep:dreams"], [{"athlete_id": "1"}]), "The feature group sleep has no feature dreams; it has hours, place"),
        (lambda s: s.get_online_features(["sleep:hours"], [{"name": "1"}]), "an entity has no athlete_id"),
        (lambda s: s.get_historical_features(pa.table({"athlete_id": ["1"]}), ["sleep:hours"]), "the frame has no column event_timestamp"),
        (lambda s: s.get_historical_features(pa.table({"athlete_id": [{"x": 1}], "event_timestamp": [1]}), ["sleep:hours"]), "the column athlete_id is struct"),
        (lambda s: s.ingest_features("sleep'; DROP TABLE sleep; --", pa.table({"athlete_id": ["1"]})), "There is no feature group sleep'; DROP"),
        (lambda s: s.register_feature_group({"feature_group": "x y"}), "features is missing where a list belongs"),
        (lambda s: s.get_offline_features("sleep", known_at="yesterday"), "as_of_instant"),
    ],
)
def test_what_cannot_be_done_is_said(athlete, store, ask, sentence):
    with pytest.raises(athlete.Failure) as caught:
        ask(store)
    assert sentence in str(caught.value)


def test_columns_of_any_name_come_through_as_they_are(store):
    """Names and values are parameters or quoted, whatever they say."""
    rng = random.Random(3)
    store.ingest_features("sleep", nights(4, n=50)[0])
    for _ in range(20):
        name = "".join(rng.choice("ab \"'`];-%?:@$\\é\n") for _ in range(rng.randint(1, 12))) + "x"
        frame = pa.table({"athlete_id": ["1", "2"], "event_timestamp": ["2024-03-01", "2024-03-02"], name: [name, None]})
        got = store.get_historical_features(frame, ["sleep:hours"])
        assert got.column_names == ["athlete_id", "event_timestamp", name, "hours"] and got.column(name).to_pylist() == [name, None]


def test_what_its_document_shows_works(athlete, tmp_path, monkeypatch):
    (example,) = re.findall(r"^```python\n(.*?)^```", (ROOT / "ext" / "hosts" / "python" / "README.md").read_text(), re.M | re.S)
    monkeypatch.chdir(tmp_path)
    shutil.copytree(RUNNER, tmp_path / "export")
    kept = {"frame": pa.table({"athlete_id": [json.loads((RUNNER / "activities.json").read_text())[0]["athlete"]["id"]], "event_timestamp": ["2025-06-01"]})}
    exec(example.replace("store.get_historical", "rows = store.get_historical"), kept)
    assert kept["rows"].to_pylist()[0]["ctl_42d"] > 10


def test_datasette_has_the_functions_where_the_wheel_is_installed(site, of_a_runner):
    command = [sys.executable, "-m", "datasette", str(of_a_runner), "--get", "/athlete.json?_shape=array&sql=SELECT+tss(60,5,5)+AS+x"]
    done = subprocess.run(command, capture_output=True, text=True, env={"PYTHONPATH": str(site[0]), "PATH": "/usr/bin:/bin"})
    assert json.loads(done.stdout) == [{"x": 100.0}], done.stderr


def test_every_module_of_the_tools_names_its_neighbours_from_where_it_stands():
    """So that they work in a package of any name."""
    absolute = [path.name for path in (ROOT / "sql" / "tools" / "common").glob("*.py") if "from common" in path.read_text() or "import common" in path.read_text()]
    assert absolute == []


# --- another processor ---------------------------------------------------------------------------------------------------

# Debian's Python for arm64 and what it is linked with, unpacked into a folder and run by qemu.
PYTHON_FOR_ARM = ["python3.11-minimal", "libpython3.11-minimal", "libpython3.11-stdlib", "libsqlite3-0", "libc6", "libexpat1", "zlib1g", "libffi8", "libssl3", "libbz2-1.0",
                  "liblzma5", "libuuid1", "libcrypt1"]  # fmt: skip
PROGRAM = """
import platform, sqlite3, sys
sys.path.insert(0, sys.argv[1])
import athlete
db = sqlite3.connect(":memory:")
athlete.load(db)
athlete.run(sys.argv[2], *sys.argv[3:])
store = athlete.Store(sys.argv[2])
print(platform.machine(), db.execute("SELECT tss(60, 5, 5)").fetchone()[0], store.get_online_features(["athlete_rolling_features:ctl_42d"], [{"athlete_id": "4001"}])[0]["ctl_42d"].hex())
"""


@pytest.mark.soak
def test_the_wheel_for_arm64_makes_the_same_rows_under_qemu(of_a_runner, tmp_path):
    with alone(BUILD / "packages.lock"):
        subprocess.run(["make", "-s", "wheel", "CC=aarch64-linux-gnu-gcc", f"BUILD={BUILD.relative_to(ROOT)}", f"DIST={tmp_path}"], cwd=ROOT, check=True)
        folder = BUILD / "architectures" / "python-arm64"
        if not (folder / "done").exists():
            packages = debian.fetch(folder, "download", PYTHON_FOR_ARM, "APT::Architecture=arm64", "APT::Architectures=arm64")
            for package in packages.glob("*.deb"):
                subprocess.run(["dpkg-deb", "-x", package, folder / "root"], check=True)
            (folder / "done").touch()
    (wheel,) = tmp_path.glob("*.whl")
    tag = wheel.stem.split("-")[-1]
    assert tag.startswith("manylinux_") and tag.endswith("_aarch64")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--no-compile", "--only-binary=:all:", f"--platform={tag}", "--target", tmp_path / "site", wheel]
    subprocess.run(command, check=True)
    started = ["qemu-aarch64", "-L", folder / "root", folder / "root/usr/bin/python3.11", "-S", "-c", PROGRAM, tmp_path / "site", tmp_path / "athlete.db", *sorted(RUNNER.glob("*.json"))]
    done = subprocess.run(started, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    machine, stress, fitness = done.stdout.split()
    assert (machine, stress) == ("aarch64", "100.0")
    assert float.fromhex(fitness) == sqlite3.connect(of_a_runner).execute("SELECT ctl_42d FROM athlete_rolling_features ORDER BY as_of_date DESC").fetchone()[0]
    assert differences(rows_apart_from_arrivals(of_a_runner), rows_apart_from_arrivals(tmp_path / "athlete.db")) == {}


# --- another machine -----------------------------------------------------------------------------------------------------

ASKS = """
import glob, hashlib, shutil, sys
import athlete, pyarrow
assert not any(map(shutil.which, ("cc", "gcc", "clang", "make")))
athlete.create("/w/empty.db")
athlete.run("/w/athlete.db", *sorted(glob.glob("/w/runner/*.json")))
rows = athlete.Store("/w/athlete.db").get_historical_features(pyarrow.table(eval(open("/w/asked").read())), ["athlete_rolling_features:ctl_42d", "athlete_weekly_features:weekly_tss"])
print(hashlib.sha256(repr(rows.to_pylist()).encode()).hexdigest())
"""


def fresh_debian():
    """A Debian of its own in a folder, with Python and neither a compiler nor SQLite's headers."""
    folder = BUILD / "architectures" / "debian"
    if not (folder / "done").exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.parent.mkdir(parents=True, exist_ok=True)
        packages = "--include=python3,python3-pip,python3-venv"
        subprocess.run(["debootstrap", "--variant=minbase", packages, "bookworm", folder], check=True, stdout=subprocess.DEVNULL)
        (folder / "done").touch()
    shutil.rmtree(folder / "w", ignore_errors=True)
    (folder / "w").mkdir()
    return folder


@pytest.mark.soak
def test_in_a_fresh_debian_without_a_compiler_it_installs_and_joins_100_000_rows(site, athlete, of_a_runner):
    with alone(BUILD / "packages.lock"):
        folder = fresh_debian()
        shutil.copytree(RUNNER, folder / "w" / "runner")
        shutil.copy(site[1], folder / "w")
        frames = ["--no-deps", "--only-binary=:all:", "--python-version=3.11", f"pyarrow=={pa.__version__}"]
        subprocess.run([sys.executable, "-m", "pip", "download", "--quiet", "--dest", folder / "w", *frames], check=True)
        rng = random.Random(8)
        moments = [f"{rng.randint(2017, 2025)}-{rng.randint(1, 12):02d}-{rng.randint(1, 28):02d}T{rng.randrange(24):02d}:00:00Z" for _ in range(100_000)]
        asked = {"athlete_id": ["4001"] * len(moments), "event_timestamp": moments}
        (folder / "w" / "asked").write_text(repr(asked))
        commands = ("python3 -m venv /w/env", "/w/env/bin/pip install --quiet --no-index --find-links /w athlete-sqlite[frames]", "/w/env/bin/python /w/ask.py")
        (folder / "w" / "ask.py").write_text(ASKS)
        done = subprocess.run(["chroot", folder, "sh", "-c", " && ".join(commands)], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
    rows = athlete.Store(of_a_runner).get_historical_features(pa.table(asked), ["athlete_rolling_features:ctl_42d", "athlete_weekly_features:weekly_tss"]).to_pylist()
    assert sum(row["ctl_42d"] is not None for row in rows) > 80_000
    assert done.stdout.strip() == hashlib.sha256(repr(rows).encode()).hexdigest()
