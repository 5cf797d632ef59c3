"""What one athlete, one line or one worker has wrong stops nobody else, and is told."""

import pathlib
import re
import shutil
import sqlite3
import sys
import time
import types

import pytest

from helpers.stores import fleets
from helpers.tools import tool

# The second says that it hangs, and so makes the clock of whoever waits for it go on by an hour.
HANGS = "pathlib.Path(__file__).with_name('hangs').touch()\n        _say(begins=stage)\n        time.sleep(600)"
POISONED = {"2": "os.kill(os.getpid(), signal.SIGSEGV)", "3": HANGS, "5": "raise Failure('200_silver_activities failed:\\nno such thing')"}
ATHLETES = range(1, 7)
CLOCKED = {"bronze_strava_activities", "bronze_strava_athlete", "bronze_landings"}  # which say when they came

pytestmark = pytest.mark.unsanitized  # the stages again


@pytest.fixture
def poisoned(tmp_path, monkeypatch):
    """A child that one athlete kills, one never ends, and one makes fail, in the stage that it is in just then."""
    import crew

    room = tmp_path / "poisoned"
    room.mkdir()
    hook = "\n".join(f"    if b'\"athlete\": {{\"id\": {athlete}}}' in objects and stage == '200_silver_activities':\n        {what}" for athlete, what in POISONED.items())
    text = (fleets.TOOL / "child.py").read_text()
    text = text.replace("pathlib.Path(__file__).resolve().parents[1]", repr(fleets.TOOL.parent)).replace("PosixPath", "pathlib.Path")
    text = text.replace("import json\n", f"import json\nimport os\nimport signal\nimport time\n\nsys_path = {str(fleets.TOOL)!r}\n", 1).replace("\nimport advancing", "\nsys.path.insert(0, sys_path)\nimport advancing", 1)
    text = text.replace("def _say(", f"def _poison(objects, stage):\n{hook}\n\n\ndef _say(", 1)
    text = text.replace("lambda stage: _say(begins=stage)", "lambda stage: (_say(begins=stage), _poison(objects, stage))")
    (room / "child.py").write_text(text)
    monkeypatch.setattr(crew, "HERE", room)
    monkeypatch.setattr(crew, "time", types.SimpleNamespace(monotonic=lambda: time.monotonic() + 3600 * (room / "hangs").exists()))
    return room


def test_an_athlete_that_ends_never_ends_or_fails_is_refused_alone_and_tried_again(tmp_path, poisoned, monkeypatch):
    import crew
    import job
    import partition

    lines = [line.encode() for line in fleets.objects(ATHLETES)]
    told = job.made(fleets.with_pool(tmp_path / "out"), partitions=1, limit_s=60)
    outcomes = {outcome["athlete_id"]: outcome for outcome in partition.run(told, 0, lines)}
    assert {athlete for athlete, outcome in outcomes.items() if outcome["outcome"] == "advanced"} == {"1", "4", "6"}
    assert {athlete: (outcomes[athlete]["stage"], re.sub(r"\d+ \(.*\)", "11", outcomes[athlete]["message"])) for athlete in POISONED} == {
        "2": ("200_silver_activities", "its process ended with signal 11"),
        "3": ("200_silver_activities", "it took more than 60 seconds"),
        "5": ("200_silver_activities", "200_silver_activities failed:\nno such thing"),
    }
    found = fleets.tables_of_fleet(tmp_path / "out")
    assert set(found["activity_features"]["athlete_id"].to_pylist()) == {"1", "4", "6"}
    assert {row["athlete_id"]: row["stage"] for row in found["rejects"].to_pylist()} == dict.fromkeys(POISONED, "200_silver_activities")

    monkeypatch.setattr(crew, "HERE", fleets.TOOL)  # healed: nothing that they had was lost
    assert all(outcome["outcome"] == ("advanced" if outcome["athlete_id"] in POISONED else "kept") for outcome in partition.run(told, 0, []))
    found = fleets.tables_of_fleet(tmp_path / "out")
    assert found["activity_features"].num_rows == len(ATHLETES) * fleets.KIND.activities and found["rejects"].num_rows == 0


def test_more_refused_than_may_be_fail_the_job_and_the_others_are_written(tmp_path, monkeypatch, poisoned):
    import job
    import partition
    from common.database import Failure

    class Engine:
        @staticmethod
        def run(told, pieces, due):
            return partition.run(told, 0, [line for piece in pieces for line in job.lines_of(piece)])

    source = fleets.written(tmp_path / "all.ndjson", fleets.objects([1, 2]))
    with pytest.raises(Failure, match="1 of 2 athletes are more than the share of 0.4 that a job may refuse; the others are written"):
        job.run(Engine, fleets.with_pool(tmp_path / "out"), [source], 0.4, {"partitions": 1})
    assert set(fleets.tables_of_fleet(tmp_path / "out")["activity_features"]["athlete_id"].to_pylist()) == {"1"}
    assert "1 refused" in job.run(Engine, tmp_path / "out", [source], 0.5, {"partitions": 1})[0]


def test_broken_lines_are_refused_where_their_athlete_is_and_told_where_nobody_is(tmp_path):
    lines = fleets.objects([1])
    broken = '{"athlete": {"id": 1}, "id": 99, "sport_type": "Run", "distance": 10'
    nobodys = ["no JSON at all", "[]", '{"name": "x"}', '{"athlete": {"id": null}, "id": 3, "start_date": "2024-01-01T00:00:00Z"}']
    told = fleets.ran(tmp_path / "out", fleets.written(tmp_path / "all.ndjson", [*lines[:5], broken, *nobodys, *lines[5:]]), partitions=2)
    assert told.startswith("1 athletes advanced, 0 had nothing new, 0 refused; 4 objects name no athlete")
    (file,) = (tmp_path / "out").glob("partition=*/files/*.db")
    with sqlite3.connect(file) as db:
        assert [text.strip() for (text,) in db.execute("SELECT object FROM bronze_rejects")] == [broken]
        assert db.execute("SELECT COUNT(*) FROM activity_features").fetchone() == (fleets.KIND.activities,)
    db.close()
    rejects = fleets.tables_of_fleet(tmp_path / "out")["rejects"].to_pylist()
    assert sorted(row["object"] for row in rejects) == sorted(nobodys) and {row["message"] for row in rejects} == {"the object names no athlete"}


def test_a_worker_that_lacks_something_says_so_before_it_begins(tmp_path, monkeypatch):
    import checks
    import place
    import scratch
    from common.database import Failure

    extension, digest = fleets.EXTENSION_FILE, place.digest(fleets.EXTENSION_FILE)
    checks.worker(extension, digest, tmp_path)
    with pytest.raises(Failure, match="has no .*nowhere.so"):
        checks.worker(tmp_path / "nowhere.so", digest, tmp_path)
    with pytest.raises(Failure, match="another build than the driver's"):
        checks.worker(extension, "0" * 64, tmp_path)
    other = tmp_path / "other.so"
    other.write_bytes((bytes := pathlib.Path(extension).read_bytes())[:18] + b"\x16\x00" + bytes[20:])
    with pytest.raises(Failure, match="other.so is built for s390x, and this worker .* is "):
        checks.worker(other, place.digest(other), tmp_path)
    with pytest.raises(Failure, match="scratch is .*, where this worker cannot write"):
        checks.worker(extension, digest, tmp_path / "none")
    for kind in ("nfs4", "fuse.s3fs", "cifs"):
        monkeypatch.setattr(scratch, "_file_system", lambda folder, kind=kind: kind)
        with pytest.raises(Failure, match=f"scratch is .*, on {kind}: SQLite's locks need a disk"):
            checks.worker(extension, digest, tmp_path)
    monkeypatch.undo()
    monkeypatch.setattr(checks.shell, "is_needed", lambda: True)
    checks.worker(extension, digest, tmp_path)
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(Failure, match="loads no SQLite extensions, and there is no sqlite3 shell"):
        checks.worker(extension, digest, tmp_path)


def test_where_python_loads_no_extensions_the_shell_gives_the_same_rows(tmp_path):
    import advancing
    import shell
    import template
    from helpers.stores.file_rows import differences, rows_of

    template.make(tmp_path / "pool.db", tmp_path / "template.db")
    lines = fleets.objects([1])
    for way, advance in (("python", advancing.advance), ("shell", shell.advance)):
        advance(tmp_path / "template.db", "\n".join(lines[:40]).encode(), None, tmp_path / f"{way}1.db")
        stages = []
        advance(tmp_path / "template.db", "\n".join(lines[40:]).encode(), tmp_path / f"{way}1.db", tmp_path / f"{way}2.db", stages.append)
        assert stages[0] == "000_ops_tables" and "430_rolling_features" in stages
    a, b = rows_of(tmp_path / "python1.db"), rows_of(tmp_path / "shell1.db")
    assert {table for table in differences(a, b)} <= CLOCKED and len(a["activity_features"][1]) > 30
    assert len(rows_of(tmp_path / "shell2.db")["activity_features"][1]) == fleets.KIND.activities


def test_every_object_goes_to_the_athlete_that_bronze_finds_in_it(tmp_path):
    import json

    import keys

    rng = __import__("random").Random(5)
    odd = [7, "7", 0, -1, None, True, 1.5, "", "x", 10**25, "0042", [], {}]
    objects = []
    for _ in range(300):
        one = {"id": rng.choice(odd), "sport_type": "Run", "start_date": "2024-01-01T00:00:00Z", "distance": 1.0}
        if rng.random() < 0.8:
            one["athlete"] = rng.choice([{"id": rng.choice(odd)}, rng.choice(odd)])
        objects.append(one)
    objects += [{"id": rng.choice(odd), "firstname": "A"} for _ in range(40)]
    path = tmp_path / "a.db"
    assert tool("import", path, fleets.written(tmp_path / "all.ndjson", [json.dumps(one) for one in objects])).returncode in (0, 1)
    with sqlite3.connect(path) as db:
        landed = [(payload, athlete) for payload, athlete in db.execute(
            "SELECT payload, trim(payload -> '$.athlete.id', '\"') FROM bronze_strava_activities UNION ALL SELECT payload, athlete_id FROM bronze_strava_athlete")]
    db.close()
    named = [(payload, athlete) for payload, athlete in landed if athlete is not None and athlete != "null"]
    assert len(named) > 10 and sys.version_info
    for payload, athlete in named:
        assert keys.athlete_of(payload.encode()) == athlete, payload
