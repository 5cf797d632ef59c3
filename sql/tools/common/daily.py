"""The job of a day: import, features, training where it is due, inference, monitoring, alerts, in this order and one at a time."""

import contextlib
import dataclasses
import datetime
import fcntl
import os
import pathlib
import subprocess
import sys
import time
import zoneinfo

from . import database, inbox, stages
from .database import ROOT, Failure
from .program import complain, say

TOOLS = ROOT / "sql" / "tools"


@dataclasses.dataclass(frozen=True)
class Task:
    """`needs` are those that must have succeeded on this day; `layers` are the folders whose stages it runs."""

    name: str
    needs: tuple = ()
    layers: tuple = ()


IMPORT, FEATURES, TRAINING, INFERENCE, ALERTS, DELIVERY = "import", "features", "training", "inference", "alerts", "delivery"
TASKS = (
    Task(IMPORT),
    Task(FEATURES, (IMPORT,), ("0_ops", "1_bronze", "2_silver", "3_registry", "4_features")),
    Task(TRAINING, (FEATURES,), ("5_models",)),
    Task(INFERENCE, (FEATURES,), ("6_gold",)),
    Task("monitoring", (INFERENCE,), ("7_monitoring", "8_lineage")),
    Task(ALERTS),  # whatever failed is to be told
    Task(DELIVERY, (ALERTS,)),
)
# Stages that another task runs than the one whose folder they lie in: definitions of models and what is asked of them are there
# before anything trains, who is champion is decided every day, and alerts come last.
ELSEWHERE = {"500_time_estimator_rows": FEATURES, "530_model_definitions": FEATURES, "550_promote_models": INFERENCE, "720_alerts": ALERTS}


def stages_of(task):
    """The files that a task runs."""
    return [path for path in stages.all_of_them()
            if ELSEWHERE.get(path.stem, task.name) == task.name and (path.stem in ELSEWHERE or path.relative_to(stages.SQL).parts[0] in task.layers)]


def run(path, sources=(), channels=None, as_of=None, is_scheduled=False):
    """0 if all went well, or there was nothing to do."""
    with _alone(path), database.opened(path, creates=True, loads=False) as db, database.beside_readers(db):
        stages.run(db, path, stages.of("000_ops_tables"))
        reason = _pause(db) if is_scheduled else None
        if reason:
            say(f"nothing is done: {reason}")
            return 0
        if not database.has(db, "bronze_inbox"):
            stages.run(db, path, stages.all_of_them())  # a new file has its tables, so that whatever fails on its first day is told
        day = _day(db, as_of)
        stages.set_as_of(db, day)
        job = _Job(db, path, day, sources, channels)
        for task in TASKS:
            job.do(task)
    return 1 if job.has_failed else 0


@contextlib.contextmanager
def _alone(path):
    """One at a time, by whichever of its names a file is called: the lock is the system's, so it ends with the program however that ends."""
    path = pathlib.Path(os.path.realpath(path))
    if not path.parent.is_dir():
        raise Failure(f"there is no folder {path.parent} for the database {path.name}")
    with open(f"{path}.daily-lock", "w", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Failure(f"{path.name}: another run of the day's job is at work") from None
        yield


def _setting(db, name):
    return database.value(db, "SELECT value FROM ops_config WHERE name = ?", name)


def _pause(db):
    if _setting(db, "environment") == "dev":
        return "environment is dev, in which the schedule stands still"
    return "schedule_paused is 1" if _setting(db, "schedule_paused") == 1 else None


def _day(db, as_of):
    """Where the athletes are; a job that goes on after midnight stays with the day on which it started."""
    if as_of is not None:
        return as_of
    zone = _setting(db, "time_zone")
    try:
        return datetime.datetime.now(zoneinfo.ZoneInfo(zone)).date().isoformat()
    except (zoneinfo.ZoneInfoNotFoundError, TypeError, ValueError, OSError) as error:
        raise Failure(f"time_zone in ops_config is {zone!r}, which is no time zone that this machine knows") from error


class _Job:
    def __init__(self, db, path, day, sources, channels):
        self._db, self._path, self._day, self._sources, self._channels = db, path, day, sources, channels
        self._retries, self._wait_s = _setting(db, "task_retries"), _setting(db, "task_retry_wait_s")
        self._job_run_id, self._succeeded, self.has_failed = None, set(), False
        db.execute("UPDATE ops_task_runs SET outcome = 'lost', message = 'the program was killed' WHERE outcome = 'running'")

    def do(self, task):
        missing = [name for name in task.needs if name not in self._succeeded]
        if missing:
            self._log(task, 1, "skipped", f"{', '.join(missing)} did not succeed")
            return
        idle = self._idle(task)
        if idle:
            self._succeeded.add(task.name)
            self._log(task, 1, "skipped", idle)
            return
        for attempt in range(1, self._retries + 2):
            if attempt > 1:
                time.sleep(self._wait_s)
            key = self._log(task, attempt, "running", None)
            fault = self._attempt(task)
            outcome = "ok" if fault is None else "failed"
            self._db.execute(f"UPDATE ops_task_runs SET outcome = ?, message = ?, ended_at = {database.NOW} WHERE task_run_id = ?", (outcome, fault, key))
            if fault is None:
                self._succeeded.add(task.name)
                say(f"{self._day} {task.name}: ok")
                return
            complain(f"{self._day} {task.name}, attempt {attempt}: {fault}")
        self.has_failed = True

    def _log(self, task, attempt, outcome, message):
        ended = "NULL" if outcome == "running" else database.NOW
        key = self._db.execute(
            f"INSERT INTO ops_task_runs (job_run_id, day, task, attempt, started_at, ended_at, outcome, message) VALUES (?, ?, ?, ?, {database.NOW}, {ended}, ?, ?)",
            (self._job_run_id or 0, self._day, task.name, attempt, outcome, message)).lastrowid  # fmt: skip
        if self._job_run_id is None:
            self._job_run_id = key
            self._db.execute("UPDATE ops_task_runs SET job_run_id = ?1 WHERE task_run_id = ?1", (key,))
        if outcome == "skipped":
            say(f"{self._day} {task.name}: skipped, {message}")
        return key

    def _idle(self, task):
        """Why there is nothing to do, which is as good as done."""
        if task.name == IMPORT and not self._sources:
            return "no source is named"
        if task.name == DELIVERY and self._channels is None:
            return "no channel is named"
        if task.name == TRAINING and not _training_is_due(self._db, self._day):
            return "models have been trained this month, and nobody asks for it"
        return None

    def _attempt(self, task):
        """None, or what went wrong."""
        try:
            if task.name == IMPORT:
                self._import()
            elif task.name == DELIVERY:
                _tool("notify", "--", self._path, self._channels)
            else:
                if task.name == FEATURES:
                    inbox.put(self._db, self._path, [inbox.opened(str(file)) for file in stages.reference(self._db)])
                stages.run(self._db, self._path, stages_of(task), begins=_go_on)
        except Failure as failure:
            _go_on()
            return str(failure)
        return None

    def _import(self):
        """Its failure is no stage's, so that it is written among them here, where alerts look."""
        started_at = database.value(self._db, f"SELECT {database.NOW}")
        fault = None
        try:
            _tool("import", "--", self._path, *self._sources)
        except Failure as failure:
            fault = str(failure)
            raise
        finally:
            self._db.execute(
                "INSERT INTO ops_runs (stage, started_at, duration_ms, outcome, message) VALUES ('import', ?1, max(0, julianday('now') - julianday(?1)) * 86400000, ?2, ?3)",
                (started_at, "ok" if fault is None else "failed", fault))  # fmt: skip


# Once a month, and as long as somebody asks for a model to be trained again.
TRAINING_DUE = f"""
    WITH last AS (SELECT MAX(day) AS day FROM ops_task_runs WHERE task = '{TRAINING}' AND outcome = 'ok')
    SELECT day IS NULL OR date(day, 'start of month') < date(?, 'start of month') OR EXISTS (SELECT 1 FROM ml_training_requests)
    FROM last"""


def _training_is_due(db, day):
    return database.value(db, TRAINING_DUE, day) == 1


def _go_on(_stage=None):
    """What a signal has stopped is no failure that is tried again."""
    if database.has_been_stopped.is_set():
        raise Failure("the day's job was stopped")


def _tool(name, *given):
    """Another program of ours, whose output is shown; it fails with its last words."""
    done = subprocess.run([sys.executable, str(TOOLS / name), *map(os.fspath, given)], stderr=subprocess.PIPE, encoding="utf-8", errors="replace", check=False)
    if done.returncode != 0:
        raise Failure(done.stderr.strip() or f"{name} ended with {done.returncode}")
