"""Text never becomes a command: whatever a definition, an activity, a specification, a file's name or the database says, the tools
start no process and touch no file but the database and its journals. strace watches."""

import json
import random
import sqlite3

import pytest

from helpers.athletes.demo import STAGES
from helpers.extension import ROOT
from helpers.machine.soak import sized, soak
from helpers.stores.hostile_file import TEXTS, plant
from helpers.tools import tool, watched


SLEEP = {
    "feature_group": "sleep", "version": "1.0.0", "description": "d", "entity": "athlete", "keys": ["athlete_id"], "row_key": ["athlete_id", "event_timestamp"],
    "timestamp": "event_timestamp", "available": "available_at", "table": "sleep", "source": "SELECT 'a' AS athlete_id, '2024-01-01' AS event_timestamp, 5 AS hours, 'x' AS note",
    "owner": "me", "tags": ["t"], "status": "active", "stage": "s", "reads": ["r"], "rules": [{"name": "r", "predicate": "hours < 24", "reason": "long"}],
    "features": [
        {"name": "hours", "type": "numerical", "unit": "h", "description": "d", "owner": "o", "tags": ["t"], "status": "active", "default": 1,
         "transformation": "hours + 1", "from": ["a.b"]},
        {"name": "note", "type": "categorical", "allowed": ["x", "y"], "pattern": "*", "default": "x"}],
}  # fmt: skip


def texts_of(value, path=()):
    """Where a JSON value has texts."""
    if isinstance(value, str):
        yield path
    elif isinstance(value, (dict, list)):
        for key in value if isinstance(value, dict) else range(len(value)):
            yield from texts_of(value[key], (*path, key))


def changed(value, path, text):
    if not path:
        return text
    copy = value.copy()
    copy[path[0]] = changed(value[path[0]], path[1:], text)
    return copy


@pytest.fixture
def place(tmp_path):
    """A folder for what may be there, and one whose content must not change."""
    (tmp_path / "work").mkdir()
    (tmp_path / "marks").mkdir()
    return tmp_path


class Watch:
    def __init__(self, place):
        self.place = place
        self.database = place / "work" / "athlete.db"
        self.mark = place / "marks" / "made"

    def text(self, rng):
        return rng.choice(TEXTS).replace("M", str(self.mark))

    def __call__(self, name, *arguments, stdin=None, codes=(0, 1)):
        done, calls = watched(name, *arguments, database=self.database, log=self.place / "log", cwd=self.place / "work", stdin=stdin)
        assert calls == [] and list(self.mark.parent.iterdir()) == [], calls
        assert done.returncode in codes and "Traceback" not in done.stderr, done.stderr
        assert (done.returncode == 0) == (done.stderr == ""), done.stderr
        assert "\x1b" not in done.stdout + done.stderr
        return done


@pytest.mark.parametrize("seed", [0, *(soak(seed) for seed in range(1, 20))])
def test_no_text_of_a_definition_is_a_command(place, seed):
    rng, watch = random.Random(seed), Watch(place)
    files = []
    for number, path in enumerate([path for path in texts_of(SLEEP) for _ in range(3)]):
        own = SLEEP | {"feature_group": f"sleep{number}", "table": f"sleep{number}"}
        definition = changed(own, path, watch.text(rng))
        files.append(place / "work" / f"{number}.json")
        files[-1].write_text(json.dumps(definition, ensure_ascii=rng.random() < 0.5))
    done = watch("define", watch.database, *files)
    assert len(done.stderr.splitlines()) > 10 and len(done.stdout.splitlines()) > 10
    db = sqlite3.connect(watch.database)
    names = [name for (name,) in db.execute("SELECT DISTINCT name FROM feature_groups")]
    kept = {text for (text,) in db.execute("SELECT payload FROM bronze_documents")}
    assert {file.read_text() for file in files} >= kept and len(kept) > 10
    db.close()
    for name in rng.sample(names, 3):
        watch("ingest", watch.database, name)


@pytest.mark.parametrize("seed", [0, *(soak(seed) for seed in range(1, 20))])
def test_no_text_of_an_activity_or_of_a_files_name_is_a_command(place, seed):
    rng, watch = random.Random(seed), Watch(place)
    activity = json.loads((ROOT / "tests" / "data" / "strava-api" / "runner" / "activity_marathon_detail.json").read_text())
    activity = {name: value for name, value in activity.items() if name not in ("segment_efforts",)}
    lines = [json.dumps(changed(activity, path, watch.text(rng)) | {"id": number}) for number, path in enumerate(rng.sample(sorted(texts_of(activity), key=str), 25))]
    name = watch.text(rng).replace("/", "_")[:100] + ".ndjson"
    (place / "work" / name).write_text("\n".join(lines))
    watch("import", watch.database, place / "work" / name, codes=[0])
    watch("import", watch.database, "-", stdin="\n".join(lines), codes=[0])
    watch("run", watch.database, *STAGES)
    assert "has no activities of athlete" in watch("page", "--", watch.database, watch.text(rng), codes=[1]).stderr
    with sqlite3.connect(watch.database) as db:
        landed = db.execute("SELECT (SELECT COUNT(*) FROM bronze_strava_activities) + (SELECT COUNT(*) FROM bronze_rejects)").fetchone()[0]
        assert landed >= 25 and (name,) in db.execute("SELECT source FROM bronze_strava_activities UNION SELECT source FROM bronze_rejects").fetchall()


@pytest.mark.parametrize("seed", [0, *(soak(seed) for seed in range(1, 20))])
def test_no_text_of_a_training_set_is_a_command(place, seed):
    rng, watch = random.Random(seed), Watch(place)
    assert tool("run", watch.database, STAGES[0]).returncode == 0
    with sqlite3.connect(watch.database) as db:
        db.execute("CREATE TABLE races (race, athlete_id, at)")
        db.execute("INSERT INTO races VALUES (1, ?, '2024-01-01')", (watch.text(rng),))
    spec = {"labels": "SELECT race, athlete_id, at FROM races", "as_of": "at", "lookups": [], "computed": {"twice": "race * 2"}}
    for path in [(), *texts_of(spec)]:
        file = place / "work" / (watch.text(rng).replace("/", "_")[:60] + ".json")
        file.write_text(json.dumps(changed(spec, path, watch.text(rng)) if path else spec))
        watch("training-set", "--", watch.database, file, *([watch.text(rng)] if rng.random() < 0.5 else []), codes=[0, 1] if path else [0])
    watch("training-set", watch.database, "--rebuild", "1", codes=[0])
    watch("training-set", watch.database, "--rebuild", watch.text(rng), codes=[1, 2])


# --- the database itself ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def ours(tmp_path_factory):
    """A database with activities, a group of a user's, and a stored training set."""
    folder = tmp_path_factory.mktemp("ours")
    path = folder / "athlete.db"
    (folder / "sleep.json").write_text(json.dumps(SLEEP))
    (folder / "spec.json").write_text(json.dumps({"labels": "SELECT 'a' AS athlete_id, '2024-02-01' AS at", "as_of": "at", "lookups": [{"group": "sleep", "keys": {"athlete_id": "athlete_id"}}]}))
    runner = ROOT / "tests" / "data" / "strava-api" / "runner"
    for name, *arguments in (["import", path, runner / "activity_marathon_detail.json", runner / "activity_laps.json"], ["run", path, *STAGES], ["define", path, folder / "sleep.json"],
                             ["ingest", path, "sleep"], ["training-set", path, folder / "spec.json"], ["serve/token", path, "me", "--athlete", "all"]):  # fmt: skip
        done = tool(name, *arguments)
        assert done.returncode == 0, done.stderr
    return folder


@pytest.mark.parametrize("seed", [0, *(soak(seed) for seed in range(1, 60))])
def test_nothing_in_a_database_is_a_command(place, ours, seed):
    rng, watch = random.Random(seed), Watch(place)
    pristine = (ours / "athlete.db").read_bytes()
    version = rng.choice([0, 0, None])
    tools = [("page",), ("tell", "rpe", "15605032352", "7"), ("tell", "name", watch.text(rng)), ("define", ours / "sleep.json"), ("import", ours / "sleep.json"), ("run", *STAGES), ("ingest", "sleep"), ("migrate",),
             ("training-set", ours / "spec.json"), ("training-set", "--rebuild", "1"), ("serve/token", "--list")]  # fmt: skip
    for name, *arguments in tools if seed else rng.sample(tools, sized(6, len(tools))):
        watch.database.write_bytes(pristine)
        db = sqlite3.connect(watch.database, isolation_level=None)
        db.executescript("PRAGMA synchronous = OFF; PRAGMA journal_mode = MEMORY")
        plant(db, rng, lambda: watch.text(rng))
        if version is not None:
            db.execute(f"PRAGMA user_version = {version}")
        db.close()
        watch(name, watch.database, *arguments)
