"""sql/tools/mlflow beside MLflow itself: it shows what the database has, to the bit and once, and leaves alone what others keep there."""

import contextlib
import json
import math
import os
import pathlib
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
import urllib.request

import pytest

from helpers.extension import connect
from helpers.machine.soak import soak
from helpers.models import modelled
from helpers.stages import one, rows, run
from helpers.stores.file_rows import rows_of
from helpers.tools import command, environment, tool

pytestmark = pytest.mark.unsanitized  # what it looks at is Python

CLIENT, BUILD = pathlib.Path(sys.executable), pathlib.Path(sys.prefix).parent
WHOLE = [BUILD / name / "bin" / "python" for name in ("mlflow-2", "mlflow-3")]  # for `make soak`
HERE = pathlib.Path(__file__).parent
PLANT, TELL = {"do": "plant", "experiment": "theirs", "model": "their_model"}, {"do": "tell"}
FILTERS = ["metrics.mae < 100", "metrics.mae < 0.1", "attributes.status = 'FAILED'"]
MODELS = ["days_model", "yes_or_no", "on_base", "on_log"]
PART = "CASE WHEN noise > 0.5 THEN 'ü & 10k' WHEN noise > 0 THEN '-fc-/' ELSE 'plain' END AS part"
ODD_FOLDER = "a #1 5% & ü?"


def file(path):
    """Models of a number, of yes or no, on top of a base; and one that failed."""
    seed = random.Random(str(path.name)).randrange(1000)
    db = modelled.database(modelled.days(seed))
    modelled.train(db, modelled.definition(),
                   modelled.definition(model="on_base", rows=modelled.ROWS.replace("x, y,", "x, 0.1 * x AS base_ln_s, y,"), base="base_ln_s"),
                   modelled.definition(model="on_log", rows=modelled.ROWS.replace("label,", f"portable_exp(label / 4) AS label, 0.1 * x AS log_base, {PART},", 1), base="log_base", link="log",
                                       evaluation={"by": ["time"], "splits": 4, "gap_days": 10, "slice": "part"}),
                   modelled.definition(model="hopeless", rows=modelled.ROWS.replace("label,", "NULL AS label,", 1)),
                   modelled.binary(model="yes_or_no", rows=modelled.ROWS.replace("label,", "label > 0 AS label,", 1)))  # fmt: skip
    run(db, [modelled.PROMOTE, modelled.SCORE, "710_estimated_performance"])
    with contextlib.closing(sqlite3.connect(path)) as stored:
        db.backup(stored)
    return path


def opened(path):
    db = connect(isolation_level=None)
    with contextlib.closing(sqlite3.connect(path)) as stored:
        stored.backup(db)
    return db


def stored(db, path):
    with contextlib.closing(sqlite3.connect(path)) as into:
        db.backup(into)


def mirror(path, python=CLIENT):
    return tool("mlflow", path, ATHLETE_MLFLOW_PYTHON=python)


def ask(path, *asked, python=CLIENT):
    done = subprocess.run([python, HERE / "asked.py"], input=json.dumps(asked), cwd=path.parent, capture_output=True, text=True,
                          env=environment(MLFLOW_DISABLE_TELEMETRY="true", DO_NOT_TRACK="true"))  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    """A database in a folder with an odd name, and its mirror, in which somebody else keeps something."""
    folder = tmp_path_factory.mktemp("mlflow") / ODD_FOLDER
    folder.mkdir()
    path = file(folder / "a.db")
    ask(path, PLANT)
    done = mirror(path)
    assert (done.returncode, done.stderr) == (0, "")
    return path, done.stdout


@pytest.fixture
def again(shown, tmp_path):
    """Its own copy, whose models lie in the folder of the first."""
    shutil.copytree(shown[0].parent, tmp_path / "again")
    return tmp_path / "again" / "a.db"


@pytest.fixture(scope="module")
def answers(shown):
    """One process for what changes nothing: MLflow takes seconds to begin."""
    return ask(shown[0], TELL, *({"do": "search", "filter": each} for each in FILTERS))


@pytest.fixture(scope="module")
def told(answers):
    return answers[0]


def test_runs_versions_and_aliases_are_those_of_the_database(shown, told):
    path, said = shown
    db = opened(path)
    n_runs, n_versions, n_aliases = (one(db, f"SELECT COUNT(*) FROM {t}") for t in ("ml_runs", "ml_model_versions", "ml_aliases"))
    assert said == f"mlflow.db: {n_runs} new runs, {n_versions} new versions, {n_aliases} aliases moved\n" and n_versions == n_aliases == 4
    assert {name for name in told["experiments"] if name.startswith("athlete/")} == {f"athlete/{m}" for (m,) in db.execute("SELECT DISTINCT model FROM ml_runs")}
    for each in rows(db, "SELECT * FROM ml_runs"):
        (there,) = [r for r in told["experiments"][f"athlete/{each['model']}"] if r["name"].startswith(f"{each['model']} run {each['run_id']} of ")]
        assert there["status"] == each["status"].upper()
        assert there["params"] == {name: str(value) for name, value in db.execute("SELECT name, value FROM ml_run_params WHERE run_id = ?", (each["run_id"],))}
        assert there["datasets"] == [[each["model"], each["training_hash"][:36], "sqlite", ["training"]]]
        if each["status"] == "failed":
            assert there["metrics"] == {} and there["tags"]["athlete.reason"] == each["reason"]
            continue
        for metric in rows(db, "SELECT * FROM ml_run_metrics WHERE run_id = ?", each["run_id"]):
            name = f"{metric['evaluation']}.{metric['metric']}" + ("" if metric["predictor"] == "model" else f".{metric['predictor']}")
            assert [metric["step"], metric["value"]] in there["metrics"][name]
        for part in rows(db, "SELECT * FROM ml_run_slices WHERE run_id = ?", each["run_id"]):
            of = {"ü & 10k": "-fc- -26- 10k", "-fc-/": "-2d-fc-2d--2f-", "plain": "plain"}[part["slice"]]
            assert there["metrics"][f"time.{part['metric']}" + ("" if part["predictor"] == "model" else f".{part['predictor']}") + f" of {of}"] == [[0, part["value"]]]
        history = json.loads(one(db, "SELECT model_json ->> '$.learner.attributes.athlete_history' FROM ml_model_versions WHERE (model, version) = (?, ?)", each["model"], each["version"]))
        assert [value for _, value in there["metrics"]["rounds.train"]] == history["train"] and len(history["train"]) == 20
    assert {(name, tags["athlete.version"], of) for name, _, _, tags, of in told["versions"] if tags} == {
        (v["model"], str(v["version"]), f"{v['model']} run {v['run_id']} of {v['started_at']}") for v in rows(db, "SELECT * FROM ml_runs WHERE version IS NOT NULL")}  # fmt: skip
    for model, alias, version in db.execute("SELECT * FROM ml_aliases"):
        (number,) = [number for name, number, _, tags, _ in told["versions"] if name == model and tags["athlete.version"] == str(version)]
        assert told["aliases"][model][alias] == number


def cases(model):
    """Rows of odd numbers, and what our own function says of them."""
    db, chance = connect(), random.Random(model)
    db.execute("CREATE TABLE asked (n INTEGER PRIMARY KEY, x, y, noise)")
    numbers = [lambda: chance.gauss(0, 1), lambda: chance.gauss(0, 1e6), lambda: None, lambda: chance.randrange(-3, 3), lambda: 5e-324]
    frame = {name: [chance.choice(numbers)() for _ in range(60)] for name in ("x", "y", "noise")}
    db.executemany("INSERT INTO asked (x, y, noise) VALUES (?, ?, ?)", zip(*frame.values()))
    expected = "SELECT value FROM gbdt_score(?, 'SELECT n, x, y, noise FROM asked ORDER BY n') ORDER BY key"
    return frame, lambda model_json: [float(x).hex() for (x,) in db.execute(expected, (model_json,))]


@pytest.mark.parametrize("python", [CLIENT, *map(soak, WHOLE)])
def test_a_loaded_model_predicts_to_the_bit_what_gbdt_score_does(shown, tmp_path, python):
    path = shown[0] if python == CLIENT else shutil.copy(shown[0], tmp_path / "a.db")
    assert python == CLIENT or mirror(path, python).returncode == 0
    db = opened(path)
    frames = {model: cases(model) for model in MODELS}
    bases = [random.Random(1).gauss(8, 1) for _ in range(60)]
    asked = [(model, frame) for model, (frame, _) in frames.items()] + [("on_base", frames["on_base"][0] | {"base_ln_s": bases}), ("on_log", frames["on_log"][0] | {"log_base": bases})]
    found = ask(path, *({"do": "predict", "uri": f"models:/{model}@champion", "rows": frame} for model, frame in asked), python=python)
    expected = {model: ours(one(db, "SELECT model_json FROM ml_references WHERE reference = ?", f"{model}@champion")) for model, (_, ours) in frames.items()}
    assert found[:4] == [{"value": expected[model]} for model in MODELS]
    on_base, on_log = found[4:]
    assert list(on_base) == ["value", "predicted", "seconds"] and on_base["value"] == expected["on_base"]
    for base, value, seconds in zip(bases, expected["on_base"], on_base["seconds"]):
        assert math.isclose(float.fromhex(seconds), math.exp(base + float.fromhex(value)), rel_tol=1e-12)
    assert list(on_log) == ["value", "predicted"] and on_log["value"] == expected["on_log"]
    for base, value, predicted in zip(bases, expected["on_log"], on_log["predicted"]):
        assert math.isclose(float.fromhex(predicted), math.exp(base + float.fromhex(value)), rel_tol=1e-12)


def test_a_failed_run_is_not_found_among_the_good_ones(answers):
    _, good, best, failed = answers
    assert len(good) >= 3 and all("hopeless" not in name for name in good) and best == ["theirs"] and [name.split()[0] for name in failed] == ["hopeless"]


def test_once_more_changes_nothing_and_what_others_keep_stays(again, told):
    before = rows_of(again.parent / "mlflow.db")
    done = mirror(again)
    assert (done.returncode, done.stdout) == (0, "mlflow.db: 0 new runs, 0 new versions, 0 aliases moved\n")
    assert rows_of(again.parent / "mlflow.db") == before
    assert told["aliases"]["their_model"] == {"champion": "1"} and [r["name"] for r in told["experiments"]["theirs"]] == ["theirs"]


@pytest.mark.soak
def test_what_is_new_is_added_tags_and_aliases_follow_and_what_was_deleted_stays_deleted(again):
    db = opened(again)
    db.executemany("INSERT INTO days VALUES (?, date('2024-01-01', ? || ' days'), ?, ?, ?, ?)", [r for r in modelled.days(5, n_days=120) if r[1] >= 60])
    run(db, [modelled.TRAIN])
    newest = one(db, "SELECT MAX(version) FROM ml_model_versions WHERE model = 'days_model' AND status = 'accepted'")
    assert newest == 2
    db.execute("INSERT OR REPLACE INTO ml_aliases VALUES ('days_model', 'champion', 2), ('days_model', 'challenger', 1)")
    db.execute("DELETE FROM ml_aliases WHERE model = 'yes_or_no'")
    db.execute("INSERT INTO ml_run_tags (run_id, name, value) VALUES (1, 'owner', 'ann')")
    db.execute("INSERT INTO mon_performance_estimates (model, version, chunk, metric, method, first_inference_id, last_inference_id, start_date, end_date, n, n_realized, estimated, realized, is_final, computed_at)"
               " VALUES ('days_model', 1, 0, 'mae', 'dle', 1, 9, '2024-05-01', '2024-05-09', 9, 9, 0.5, 0.625, 1, '2024-06-01T00:00:00Z'),"
               "        ('days_model', 1, 1, 'mae', 'dle', 10, 19, '2024-05-10', '2024-05-19', 9, 9, 0.75, NULL, 0, '2024-06-01T00:00:00Z')")  # fmt: skip
    stored(db, again)
    assert mirror(again).returncode == 0
    (told,) = ask(again, TELL)
    numbers = {(name, tags["athlete.version"]): number for name, number, _, tags, _ in told["versions"] if tags}
    assert told["aliases"]["days_model"] == {"champion": numbers["days_model", "2"], "challenger": numbers["days_model", "1"]} and told["aliases"]["yes_or_no"] == {}
    (first,) = [r for r in told["experiments"]["athlete/days_model"] if r["tags"].get("owner") == "ann"]
    assert first["metrics"]["live.mae.estimated"] == [[0, 0.5]] and first["metrics"]["live.mae.realized"] == [[0, 0.625]]
    with contextlib.closing(sqlite3.connect(again.parent / "mlflow.db", isolation_level=None)) as file:
        file.execute("UPDATE runs SET lifecycle_stage = 'deleted' WHERE name = ?", (first["name"],))
    assert mirror(again).stdout == "mlflow.db: 0 new runs, 0 new versions, 0 aliases moved\n"


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(12))
def test_one_that_was_killed_is_brought_to_its_end_by_the_next(shown, told, tmp_path, seed):
    shutil.copy(shown[0], tmp_path / "a.db")
    ask(tmp_path / "a.db", PLANT)
    running = subprocess.Popen(command("mlflow", tmp_path / "a.db"), env=environment(ATHLETE_MLFLOW_PYTHON=CLIENT), stdout=subprocess.DEVNULL)
    until = time.monotonic() + 60
    while time.monotonic() < until and running.poll() is None and not (tmp_path / "mlruns").exists():
        time.sleep(0.01)  # it has begun to write
    time.sleep(random.Random(seed).uniform(0, 2))
    running.send_signal(signal.SIGKILL)
    running.wait()
    assert mirror(tmp_path / "a.db").returncode == 0
    assert ask(tmp_path / "a.db", TELL) == [told]


@pytest.mark.soak
def test_what_cannot_be_written_without_harm_is_refused_with_a_sentence(again, tmp_path):
    other = file(again.parent / "other.db")
    with contextlib.closing(sqlite3.connect(again.parent / "mlflow.db", isolation_level=None)) as kept:
        before = kept.execute("SELECT COUNT(*) FROM runs").fetchone()
        with contextlib.closing(sqlite3.connect(other, isolation_level=None)) as db:
            db.execute("DROP TRIGGER ml_runs_keep")
            db.execute("UPDATE ml_runs SET started_at = '2020-01-01T00:00:00Z'")
        done = mirror(other)
        assert done.returncode == 1 and "of another database" in done.stderr and "a folder of its own" in done.stderr and "Traceback" not in done.stderr
        kept.execute("DELETE FROM registered_model_tags WHERE name = 'days_model'")
        done = mirror(again)
        assert (done.returncode, done.stderr) == (1, "mlflow.db has a registered model days_model that is somebody else's: rename one of the two\n")
        kept.execute("UPDATE experiments SET lifecycle_stage = 'deleted' WHERE name = 'athlete/days_model'")
        done = mirror(again)
        assert done.returncode == 1 and done.stderr.startswith("the experiment athlete/days_model was deleted in mlflow.db: ")
        assert kept.execute("SELECT COUNT(*) FROM runs").fetchone() == before
    (tmp_path / "mlflow.db").write_bytes(b"nothing that is a database" * 99)
    shutil.copy(again, tmp_path / "a.db")
    done = mirror(tmp_path / "a.db")
    assert done.returncode == 1 and done.stderr.startswith("mlflow.db: ") and "Traceback" not in done.stderr
    done = mirror(tmp_path / "gone.db")
    assert (done.returncode, done.stderr) == (1, f"there is no database {tmp_path / 'gone.db'}\n")
    (tmp_path / "a%20b").mkdir()
    done = mirror(shutil.copy(again, tmp_path / "a%20b"))
    assert done.returncode == 1 and done.stderr.startswith("MLflow finds no model in ")
    done = mirror(again, python=tmp_path / "none")
    assert done.returncode == 1 and "make mlflow" in done.stderr


@pytest.mark.soak
@pytest.mark.parametrize("python", WHOLE)
def test_mlflow_ui_without_flags_in_that_folder_shows_it(shown, tmp_path, python):
    assert mirror(shutil.copy(shown[0], tmp_path / "a.db"), python).returncode == 0
    port = 5600 + os.getpid() % 300
    served = subprocess.Popen([python, "-m", "mlflow", "ui", "--port", str(port), *([] if "3" in python.parts[-3] else ["--backend-store-uri", "sqlite:///mlflow.db"])],
                              cwd=tmp_path, start_new_session=True, env=environment(MLFLOW_DISABLE_TELEMETRY="true", DO_NOT_TRACK="true"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip
    try:
        page = answered(f"http://127.0.0.1:{port}/")
        found = json.loads(answered(f"http://127.0.0.1:{port}/ajax-api/2.0/mlflow/registered-models/get?name=days_model"))
        assert b"<div id=\"root\"" in page and {"alias": "champion", "version": "1"} in found["registered_model"]["aliases"]
    finally:
        os.killpg(served.pid, signal.SIGTERM)
        served.wait()


def answered(address):
    until = time.monotonic() + 120
    while True:
        try:
            with urllib.request.urlopen(address, timeout=10) as response:
                return response.read()
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.5)


@pytest.mark.soak
def test_a_file_of_mlflow_2_is_migrated_by_mlflow_3_and_nothing_is_doubled(tmp_path):
    path = file(tmp_path / "a.db")
    old, new = WHOLE
    assert mirror(path, old).returncode == 0
    before = ask(path, TELL, python=old)
    subprocess.run([new, "-m", "mlflow", "db", "upgrade", "sqlite:///mlflow.db"], cwd=tmp_path, check=True, capture_output=True)
    done = mirror(path, new)
    assert done.stdout == "mlflow.db: 0 new runs, 0 new versions, 0 aliases moved\n", done.stderr
    assert ask(path, TELL, python=new) == before
