"""The day's job: in order, with what each task needs, tried again, one at a time, on the day on which it started."""

import contextlib
import datetime
import fcntl
import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
import zoneinfo

import pytest

from helpers.athletes import crowd
from helpers.machine.soak import soak
from helpers.stores.file_rows import rows_of
from helpers.tools import command, environment, tool

TASKS = ["import", "features", "training", "inference", "monitoring", "alerts", "delivery"]
FIRST = "2016-07-01"


@pytest.fixture(scope="module")
def started(tmp_path_factory):
    """A file of two athletes after its first day."""
    folder = tmp_path_factory.mktemp("daily")
    (folder / "inbox.ndjson").write_text("\n".join(crowd.lines(crowd.LIGHT, 2)))
    done = daily(folder / "a.db", folder / "inbox.ndjson", day=FIRST)
    assert done.returncode == 0, done.stderr
    with opened(folder / "a.db") as db:
        db.execute("UPDATE ops_config SET value = 0 WHERE name = 'task_retry_wait_s'")
    return folder / "a.db"


@pytest.fixture
def file(started, tmp_path):
    return shutil.copy(started, tmp_path / "a.db")


@contextlib.contextmanager
def opened(path):
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as db:
        yield db


def daily(path, *sources, day=None, **options):
    given = [f"--{name}={value}" for name, value in options.items()] + ([f"--as-of={day}"] if day else [])
    return tool("daily", *given, "--", path, *sources, ATHLETE_NOTIFY_PYTHON=sys.executable)


def job(path):
    """The tasks of the last job: name and outcome of each attempt."""
    with opened(path) as db:
        return db.execute("SELECT task, outcome FROM ops_task_runs WHERE job_run_id = (SELECT MAX(job_run_id) FROM ops_task_runs) ORDER BY task_run_id").fetchall()


def one(path, sql, *values):
    with opened(path) as db:
        return db.execute(sql, values).fetchone()[0]


def told(path):
    """All that is told of athletes, without the moments at which it became known, which are those of the run."""
    found = {}
    for name, (columns, rows) in rows_of(path).items():
        if name.startswith(("silver_strava", "activity_features", "athlete_", "similar_runs", "training_breaks", "gold_")):
            kept = [i for i, column in enumerate(columns) if not column.endswith("_at")]
            found[name] = sorted(tuple(row[i] for i in kept) for row in rows)
    return found


def more(path, number):
    """A file with one more activity."""
    text = path.parent / f"more{number}.json"
    text.write_text(json.dumps(crowd.one_more(crowd.LIGHT, 1) | {"id": 900 + number}))
    return text


def test_the_first_day_does_everything_in_order_and_what_is_not_asked_for_is_said(started):
    assert job(started) == [("import", "ok"), ("features", "ok"), ("training", "ok"), ("inference", "ok"), ("monitoring", "ok"), ("alerts", "ok"), ("delivery", "skipped")]
    with opened(started) as db:
        stages = [s for (s,) in db.execute("SELECT stage FROM ops_runs WHERE outcome = 'ok' AND stage <> 'import' GROUP BY stage ORDER BY MAX(run_id)")]
        assert {s[0] for s in stages} >= set("12345678") and stages[-1] == "720_alerts"
        assert db.execute("SELECT DISTINCT day FROM ops_task_runs").fetchall() == [(FIRST,)]
        assert db.execute("SELECT MAX(as_of_date) FROM athlete_rolling_features").fetchone() == (FIRST,)


def test_the_same_day_again_changes_nothing_but_the_logs(file):
    assert daily(file, day=FIRST).returncode == 0  # lineage hears of the stage that comes after it
    before = rows_of(file)
    assert daily(file, day=FIRST).returncode == 0
    assert job(file)[:3] == [("import", "skipped"), ("features", "ok"), ("training", "skipped")]
    after = rows_of(file)
    assert {name for name in after if after[name] != before[name]} <= {"ml_looks", "sqlite_sequence"}


def test_training_comes_once_a_month_and_when_somebody_asks_for_it(file):
    def trained(day):
        assert daily(file, day=day).returncode == 0
        return dict(job(file))["training"]

    assert [trained(d) for d in ("2016-07-02", "2016-07-31", "2016-08-01", "2016-08-02")] == ["skipped", "skipped", "ok", "skipped"]
    with opened(file) as db:
        db.execute("INSERT INTO ml_training_requests (model, kind, told) VALUES ('pace_predictor', 'drift', 'it has moved')")
    assert trained("2016-08-03") == "ok"
    with opened(file) as db:
        db.execute("DELETE FROM ml_training_requests")
    assert trained("2016-08-04") == "skipped"


def test_a_source_that_cannot_be_imported_stops_what_needs_it_and_is_an_alert_that_two_good_days_close(file):
    gone = file.parent / "gone.json"
    done = daily(file, gone, day="2016-07-02")
    assert done.returncode == 1 and "gone.json" in done.stderr and "Traceback" not in done.stderr
    assert job(file) == [("import", "failed")] * 3 + [(t, "skipped") for t in ("features", "training", "inference", "monitoring")] + [("alerts", "ok"), ("delivery", "skipped")]
    state = "SELECT n_bad || ' ' || (closed_at IS NOT NULL) FROM ops_alerts WHERE fingerprint = 'failure:import'"
    assert one(file, state) == "1 0" and "gone.json" in one(file, "SELECT message FROM ops_alerts WHERE fingerprint = 'failure:import'")
    gone.write_text(json.dumps(crowd.one_more(crowd.LIGHT, 1)))
    states = []
    for day in ("2016-07-03", "2016-07-04"):
        assert daily(file, gone, day=day).returncode == 0
        states.append(one(file, state))
    assert states == ["1 0", "1 1"]


def test_what_fails_on_the_first_day_of_a_new_file_is_an_alert_too(tmp_path):
    (tmp_path / "odd.json").write_text('{"nothing": "known"}')
    for source, path in ((tmp_path / "gone.json", tmp_path / "a.db"), (tmp_path / "odd.json", tmp_path / "b.db")):
        with contextlib.closing(sqlite3.connect(path)) as db:
            db.execute("CREATE TABLE theirs (x)")
        assert tool("run", path, command("daily")[0].replace("sql/tools/daily", "sql/0_ops/000_ops_tables.sql")).returncode == 0
        with opened(path) as db:
            db.execute("UPDATE ops_config SET value = 0 WHERE name = 'task_retries'")
        done = daily(path, source, day=FIRST)
        assert done.returncode == 1 and dict(job(path)) == dict.fromkeys(TASKS, "skipped") | {"import": "failed", "alerts": "ok"}
        assert one(path, "SELECT group_concat(fingerprint) FROM ops_alerts") == "failure:import"


def test_a_stage_that_fails_is_tried_again_and_its_task_goes_on_where_it_is_mended(file):
    with opened(file) as db:
        db.execute("UPDATE ops_config SET value = 1 WHERE name = 'task_retries'")
        db.execute("CREATE TRIGGER broken BEFORE INSERT ON athlete_rolling_features BEGIN SELECT RAISE(ABORT, 'the sensor is wet'); END")
    done = daily(file, day="2016-07-02")
    assert done.returncode == 1 and "430_rolling_features failed" in done.stderr
    assert job(file)[1:6] == [("features", "failed"), ("features", "failed"), ("training", "skipped"), ("inference", "skipped"), ("monitoring", "skipped")]
    assert one(file, "SELECT message FROM ops_alerts WHERE fingerprint = 'failure:430_rolling_features'") == "the sensor is wet"
    with opened(file) as db:
        db.execute("DROP TRIGGER broken")
    assert daily(file, day="2016-07-02").returncode == 0
    assert one(file, "SELECT MAX(as_of_date) FROM athlete_rolling_features") == "2016-07-02"


def test_of_two_at_a_time_the_second_is_refused_with_a_sentence(file):
    before = rows_of(file)
    with open(f"{file}.daily-lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = daily(file, day="2016-07-02")
    assert (done.returncode, done.stderr) == (1, "a.db: another run of the day's job is at work\n")
    assert rows_of(file) == before and daily(file, day="2016-07-02").returncode == 0


def test_a_file_of_two_names_has_one_lock(file):
    """It stands where the file does, by whichever name it is called."""
    link = file.parent / "elsewhere" / "b.db"
    link.parent.mkdir()
    link.symlink_to(file)
    with open(f"{file}.daily-lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = daily(link, day="2016-07-02")
    assert done.returncode == 1 and done.stderr.endswith(".db: another run of the day's job is at work\n")


@pytest.mark.parametrize("stop", [signal.SIGKILL, soak(signal.SIGTERM)])
def test_a_job_that_is_stopped_half_way_is_done_by_the_next_as_if_nothing_had_been(started, file, tmp_path, stop):
    source, calm = more(file, 1), shutil.copy(started, tmp_path / "calm.db")
    assert daily(calm, source, day="2016-07-02").returncode == 0
    running = subprocess.Popen(command("daily", "--as-of=2016-07-02", "--", file, source), env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    until = time.monotonic() + 60
    while time.monotonic() < until and running.poll() is None and not one(file, "SELECT COUNT(*) FROM ops_task_runs WHERE day = '2016-07-02' AND task = 'features'"):
        time.sleep(0.01)
    running.send_signal(stop)
    assert running.wait(60) == -stop
    assert dict(job(file))["features"] == "running"
    assert daily(file, source, day="2016-07-02").returncode == 0
    assert one(file, "SELECT outcome FROM ops_task_runs WHERE day = '2016-07-02' AND task = 'features' ORDER BY task_run_id LIMIT 1") == "lost"
    ours, theirs = told(file), told(calm)
    assert ours.keys() == theirs.keys() > {"athlete_rolling_features", "gold_athlete_predictions"}
    assert [name for name in theirs if ours[name] != theirs[name]] == []


def synced(log):
    """How often a program waited for the disk, and whether something that it wrote to a database was still on its way when it ended."""
    n, on_its_way = 0, set()
    for line in log.read_text(errors="replace").splitlines():
        call, number = re.match(r"\d+ +(\w+)\((\d+)", line).groups() if re.match(r"\d+ +\w+\(\d+", line) else ("", "")
        name = (re.findall(r"\(\d+<([^>]*)>", line) or [""])[0]
        if call in ("fsync", "fdatasync"):
            n += 1
            on_its_way.discard(name)
        elif call.startswith("pwrite") and name.endswith("a.db"):
            on_its_way.add(name)
    return n, on_its_way


def test_a_day_waits_for_the_disk_a_few_times_and_at_its_end_all_is_there(file, tmp_path):
    trace = ["strace", "-f", "-y", "-qq", "--seccomp-bpf", "-e", "trace=fsync,fdatasync,pwrite64,pwritev", "-e", "signal=none", "-o", str(tmp_path / "log")]
    subprocess.run([*trace, *command("daily", "--as-of=2016-07-02", "--", file, more(file, 1))], env=environment(), check=True, capture_output=True)
    n, on_its_way = synced(tmp_path / "log")
    assert 0 < n < 40 and not on_its_way and (tmp_path / "log").read_text().count("pwrite") > 100
    with open(file, "rb") as header:
        assert header.read(20)[18:] == b"\1\1"  # one file again


@pytest.mark.parametrize("name, value, said", [("schedule_paused", 1, "schedule_paused is 1"), ("environment", "dev", "environment is dev")])
def test_the_schedule_stands_still_where_it_is_paused_and_by_hand_it_goes_on(file, name, value, said):
    with opened(file) as db:
        db.execute("UPDATE ops_config SET value = ? WHERE name = ?", (value, name))
    last = job(file)
    done = daily(file, day="2016-07-02", scheduled="yes")
    assert done.returncode == 0 and said in done.stdout and job(file) == last and one(file, "SELECT MAX(day) FROM ops_task_runs") == FIRST
    assert daily(file, day="2016-07-02").returncode == 0 and one(file, "SELECT MAX(day) FROM ops_task_runs") == "2016-07-02"


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", soak("Pacific/Pago_Pago")])
def test_the_day_is_that_of_the_zone_in_which_the_athletes_are(tmp_path, zone):
    path = tmp_path / "a.db"
    assert tool("run", path, command("daily")[0].replace("sql/tools/daily", "sql/0_ops/000_ops_tables.sql")).returncode == 0
    with opened(path) as db:
        db.execute("UPDATE ops_config SET value = ? WHERE name = 'time_zone'", (zone,))
    before = datetime.datetime.now(zoneinfo.ZoneInfo(zone)).date().isoformat()
    assert daily(path).returncode == 0
    assert before <= one(path, "SELECT value FROM ops_config WHERE name = 'as_of_date'") <= datetime.datetime.now(zoneinfo.ZoneInfo(zone)).date().isoformat()
    assert one(path, "SELECT COUNT(DISTINCT day) FROM ops_task_runs") == 1


@pytest.mark.parametrize("zone", ["Mars/Olympus", "../../etc/passwd"])
def test_a_zone_that_nobody_knows_is_refused_with_a_sentence(file, zone):
    with opened(file) as db:
        db.execute("UPDATE ops_config SET value = ? WHERE name = 'time_zone'", (zone,))
    done = daily(file)
    assert done.returncode == 1 and done.stderr.startswith("time_zone in ops_config is ") and "Traceback" not in done.stderr


def test_people_are_told_at_the_end_and_a_server_that_is_down_is_a_task_that_failed(file, tmp_path):
    (tmp_path / "channels.txt").write_text("json://127.0.0.1:9/nobody\n")
    with opened(file) as db:
        db.execute("UPDATE ops_config SET value = 0 WHERE name = 'task_retries'")
        db.execute("INSERT INTO ops_alerts (fingerprint, key, kind, subject, message, opened_at, last_bad_at, last_window, n_bad, n_good)"
                   " VALUES ('risk:1', 'k', 'risk', '1', '', '2016-01-01T00:00:00Z', '', '', 1, 0)")  # fmt: skip
    done = daily(file, day="2016-07-02", channels=tmp_path / "channels.txt")
    assert done.returncode == 1 and job(file)[-2:] == [("alerts", "ok"), ("delivery", "failed")]
    assert one(file, "SELECT attempts FROM ops_alert_deliveries") == 1 and os.path.exists(file)
