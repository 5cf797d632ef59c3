"""A week of the day's job in which days are done twice or out of order, the program is killed in any of its tasks, the server of the
alerts is down and yesterday's file is put back: at its end all is as in a week without, and everybody has been told of the same."""

import contextlib
import datetime
import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time

import pytest

from helpers.athletes import crowd
from helpers.machine.hook import running
from helpers.machine.soak import soak
from helpers.stores.file_rows import rows_of
from helpers.tools import command, environment, tool

pytestmark = pytest.mark.unsanitized  # what it looks at is Python

BEGIN = datetime.date(2016, 6, 20)
KIND = crowd.Kind(110, 180, False)  # until June 28
TASKS = ["import", "features", "training", "inference", "monitoring", "alerts", "delivery"]
OF_ATHLETES = ("silver_strava", "activity_features", "athlete_", "similar_runs", "training_breaks", "gold_")


class Week:
    """What arrives on each day: runs of two athletes, one of whom does far too much; a third joins; the second is forgotten; and a file is missing."""

    def __init__(self, chance, days, folder):
        self.days = [BEGIN + datetime.timedelta(n) for n in range(days)]
        self.folder, self.joins, self.gone, self.missing = folder, *(chance.randrange(1, days + 3) for _ in range(3))
        hard = chance.randrange(days)
        runs = [run | {"flagged": False} for athlete in (1, 2) for run in crowd.life(KIND, athlete)]
        for n in range(hard, days):
            runs += [crowd.run(chance, 1, 500 + 3 * n + i, (self.days[n] - datetime.date(2016, 1, 1)).days) | {"flagged": False, "distance": 30000.0, "moving_time": 9000, "elapsed_time": 9000}
                     for i in range(3)]  # fmt: skip
        self.history = [run for run in runs if run["start_date_local"][:10] < str(BEGIN)]
        self.of = {day: [run for run in runs if run["start_date_local"][:10] == str(day)] for day in self.days}
        if self.joins < days:
            self.of[self.days[self.joins]] += [crowd.person(3), *crowd.life(KIND, 3, seed=7)[:60]]
        self.write("history", [crowd.person(1), crowd.person(2), *self.history])
        for n, day in enumerate(self.days):
            self.write(str(day), [run for run in self.of[day] if n < self.gone or run.get("athlete", run)["id"] != 2])

    def write(self, name, objects):
        (self.folder / f"{name}.json").write_text(json.dumps(objects))

    def sources(self, n):
        return [self.folder / ("gone.json" if n == self.missing else f"{self.days[n]}.json")]


@contextlib.contextmanager
def opened(path):
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as db:
        yield db


def rows(path, sql, *values):
    with opened(path) as db:
        return db.execute(sql, values).fetchall()


class Played:
    def __init__(self, week, path, hook):
        self.week, self.path, self._hook = week, path, hook
        hook.heard = []
        self._channels = path.with_suffix(".channels")
        self._channels.write_text(f"json://127.0.0.1:{hook.server_port}/hook\n")

    def given(self, day, sources):
        return [f"--as-of={day}", f"--channels={self._channels}", "--", self.path, *sources]

    def on(self, n):
        done = tool("daily", *self.given(self.week.days[n], self.week.sources(n)), ATHLETE_NOTIFY_PYTHON=sys.executable)
        assert (done.returncode == 0) == (n != self.week.missing and not self._hook.is_down) or self._hook.is_down, done.stderr
        assert "Traceback" not in done.stderr

    def forget(self):
        assert tool("forget", self.path, 2).returncode == 0

    # --- disorder ---

    def again(self, n, chance):
        if n != self.week.missing:
            self.on(n)

    def back(self, n, chance):
        """The machine's clock goes back by days, once."""
        tool("daily", *self.given(self.week.days[n] - datetime.timedelta(chance.randint(1, 9)), []), ATHLETE_NOTIFY_PYTHON=sys.executable)

    def killed(self, n, chance):
        """Before a day's job is done it is begun and ends in one of its tasks."""
        task, day = chance.choice(TASKS), str(self.week.days[n])
        job = subprocess.Popen(command("daily", *self.given(day, self.week.sources(n))), env=environment(ATHLETE_NOTIFY_PYTHON=sys.executable), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until = time.monotonic() + 120
        while job.poll() is None and time.monotonic() < until and not rows(self.path, "SELECT 1 FROM ops_task_runs WHERE day = ? AND task = ?", day, task):
            time.sleep(0.01)
        time.sleep(chance.choice([0, 0.02, 0.1]))
        job.send_signal(signal.SIGKILL)
        job.wait()

    def restored(self, n, chance):
        """The file of the evening before is put back after the day."""
        if n == self.week.missing:
            return
        shutil.copy(self.path, f"{self.path}.after")
        os.replace(f"{self.path}.before", self.path)
        self.on(n)


def disordered(played, chance, every):
    """Plays a week; what happened is returned."""
    happened, down = [], chance.randrange(len(played.week.days)) if len(played.week.days) > 3 else None
    for n in range(len(played.week.days)):
        if n == played.week.gone:
            played.forget()
        shutil.copy(played.path, f"{played.path}.before")
        played._hook.is_down = down is not None and down <= n < down + 2
        what = chance.choice(["again", "back", "killed", "restored"]) if every or chance.random() < 0.7 else None
        if what == "killed" and n != played.week.missing:
            played.killed(n, chance)
        played.on(n)
        if what in ("again", "back", "restored"):
            getattr(played, what)(n, chance)
        happened.append(what)
    played._hook.is_down = False
    return happened


def told(path):
    found = {}
    for name, (columns, values) in rows_of(path).items():
        if name.startswith(OF_ATHLETES) and not name.endswith(("_history", "_earlier")):
            kept = [i for i, column in enumerate(columns) if not column.endswith("_at") and column not in ("prediction_id", "recommendation_id")]
            found[name] = sorted((tuple(row[i] for i in kept) for row in values), key=repr)
    return found


def said(path):
    """A failure's windows are runs, of which there are more where a day is done twice."""
    return (rows(path, "SELECT key, fingerprint, n_bad, n_good, last_window, closed_at IS NULL FROM ops_alerts WHERE kind <> 'failure' ORDER BY key"),
            rows(path, "SELECT key, fingerprint FROM ops_alerts WHERE kind = 'failure' ORDER BY key"))


def keys(hook):
    return [body["message"].split("key ")[-1].split()[0] for _, body in hook.heard]


@pytest.mark.parametrize("seed, days", [soak(seed, 8) for seed in range(2, 14)])
def test_a_week_in_disorder_ends_as_one_in_order(tmp_path, seed, days):
    chance = random.Random(seed)
    week = Week(chance, days, tmp_path)
    base = tmp_path / "base.db"
    assert tool("daily", f"--as-of={BEGIN - datetime.timedelta(1)}", "--", base, tmp_path / "history.json").returncode == 0
    with opened(base) as db:
        db.execute("UPDATE ops_config SET value = 0 WHERE name IN ('task_retries', 'task_retry_wait_s')")
    with running() as hook:
        calm = Played(week, shutil.copy(base, tmp_path / "calm.db"), hook)
        for n in range(days):
            if n == week.gone:
                calm.forget()
            calm.on(n)
        expected, heard = said(calm.path), sorted(keys(hook))
        assert len({*heard}) == len(heard)
        played = Played(week, shutil.copy(base, tmp_path / "played.db"), hook)
        happened = disordered(played, chance, every=days < 4)
        played.on(days - 1) if days - 1 != week.missing else None
        again = keys(hook)
    assert said(played.path) == expected, happened
    assert {*heard} <= {*again}, happened
    assert {key for key in again if key not in heard} <= {f"{key}-closed" for key, _ in expected[1]}
    ours, theirs = told(played.path), told(calm.path)
    assert ours.keys() == theirs.keys() > {"athlete_rolling_features", "gold_athlete_predictions"}
    said_again = {name for name in theirs if name.startswith("gold_")}  # on days that were done again more may have been said
    assert [name for name in theirs if (not {*theirs[name]} <= {*ours[name]} if name in said_again else ours[name] != theirs[name])] == [], happened
    predictions = "SELECT model, entity, prediction_date, item, COUNT(*) FROM inference_log GROUP BY 1, 2, 3, 4"
    assert {p[-1] for p in rows(played.path, predictions)} <= {1}
    assert {*rows(calm.path, predictions)} <= {*rows(played.path, predictions)}, happened
