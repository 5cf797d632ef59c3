"""Ninety days of the day's job over twenty athletes in which much goes wrong: exactly what was planted is told of, to everybody who is to be
told, and no prediction is lost or made twice."""

import fcntl
import signal
import subprocess
import sys
import time

import pytest

from helpers.machine.hook import running
from helpers.simulated import World
from helpers.simulated.season import Played, Season, injury, sensor, silence, slower
from helpers.tools import command, environment

pytestmark = [pytest.mark.unsanitized, pytest.mark.soak]

DAYS, MISSED, TWICE, KILLED, DOWN, WORSE = 90, (16, 17, 18), 30, 40, (52, 53), 62


@pytest.fixture(scope="module")
def hook():
    with running() as server:
        yield server


@pytest.fixture(scope="module")
def season():
    return Season(World(seed=11, break_per_day=0, illness_per_day=0), athletes=20, history=400, days=DAYS)


@pytest.fixture(scope="module")
def played(season, hook, tmp_path_factory):
    folder = tmp_path_factory.mktemp("ninety")
    (folder / "channels.txt").write_text(f"json://127.0.0.1:{hook.server_port}/hook\n")
    first = season.first_of_month(15)
    hurt, sensed = [a.id for a in Played(season, None).truth.athletes if a.has_strap][:2]
    played = Played(season, folder / "a.db", sensor(season, sensed, first), injury(season, hurt, first, 42), silence(season, 5, 7), slower(season, WORSE, 0.25))
    played.hurt, played.sensed, played.first = hurt, sensed, first
    assert played.begin().returncode == 0
    channels = f"--channels={folder / 'channels.txt'}"
    for number in range(1, DAYS + 1):
        if number in MISSED:
            continue
        hook.is_down = number in DOWN
        if number == TWICE:
            overlapping(played, number)
        if number == KILLED:
            killed(played, number)
        done = played.on(number, channels)
        assert done.returncode == 0 or number in DOWN and "json" in done.stderr, (number, done.stderr)
    return played


def overlapping(played, number):
    with open(f"{played.path}.daily-lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = played.on(number)
    assert (done.returncode, done.stderr) == (1, "a.db: another run of the day's job is at work\n")


def killed(played, number):
    """The program goes in the middle of the features."""
    played.land(number)
    day = str(played.season.day(number))
    running = subprocess.Popen(command("daily", f"--as-of={day}", "--", played.path), env=environment(ATHLETE_NOTIFY_PYTHON=sys.executable), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    begun = "SELECT COUNT(*) FROM ops_task_runs WHERE day = ? AND task = 'features'"
    while running.poll() is None and not rows(played, begun, day)[0][0]:
        time.sleep(0.01)
    running.send_signal(signal.SIGKILL)
    assert running.wait() == -signal.SIGKILL


def rows(played, sql, *values):
    with played.file() as db:
        return db.execute(sql, values).fetchall()


def test_the_new_sensor_and_the_injury_are_found_and_nobody_else_is_alarmed_of_before_all_became_slower(played):
    for athlete in (played.sensed, played.hurt):
        assert [day for day in played.alerts("drift", athlete).values() if played.first < day <= played.first + 38]
    early = {f for f, day in played.alerts("drift").items() if day <= WORSE}
    assert {f.rpartition(" of ")[2] for f in early} == {str(played.sensed), str(played.hurt)}


def test_a_model_of_which_the_world_has_moved_away_is_told_of_by_the_labels_that_came(played):
    assert list(played.alerts("realized_loss")) == ["realized_loss:pace_predictor"]
    assert WORSE < played.opened["realized_loss:pace_predictor"] <= DAYS


def test_nothing_arriving_is_told_and_over_afterwards_and_nothing_failed(played):
    assert played.alerts("freshness") and all(5 < day <= 9 for day in played.alerts("freshness").values()) and all(played.last[f] <= 14 for f in played.alerts("freshness"))
    assert played.alerts("failure") == {}
    assert rows(played, "SELECT DISTINCT day, task, outcome FROM ops_task_runs WHERE outcome NOT IN ('ok', 'skipped')") == [(str(played.season.day(KILLED)), "features", "lost")] + \
        [(str(played.season.day(n)), "delivery", "failed") for n in DOWN if (str(played.season.day(n)),) in rows(played, "SELECT day FROM ops_task_runs WHERE outcome = 'failed'")]


def test_flags_of_risk_are_those_of_the_rule(played):
    """As it was believed then: what came late has taken some flags back."""
    flagged = {athlete for athlete, in rows(played, "SELECT athlete_id FROM athlete_rolling_features WHERE is_overtraining_risk AND as_of_date >= ?1"
                                            " UNION SELECT athlete_id FROM athlete_rolling_features_history WHERE is_overtraining_risk AND as_of_date >= ?1", str(played.season.day(0)))}  # fmt: skip
    told = {f.partition(":")[2] for f in played.alerts("risk")}
    assert told and told <= flagged


def test_everybody_is_told_of_each_alert_once_or_again_with_the_same_key_also_after_two_days_without_a_server(played, hook):
    alerts = rows(played, "SELECT key, closed_at IS NOT NULL FROM ops_alerts")
    expected = {f"{key}-opened" for key, _ in alerts} | {f"{key}-closed" for key, is_over in alerts if is_over}
    assert {body["message"].split("key ")[-1].split()[0] for _, body in hook.heard} == expected and len(alerts) > 10


def test_no_prediction_is_made_twice_and_no_athlete_is_forgotten(played):
    assert rows(played, "SELECT model, entity, prediction_date, item FROM inference_log GROUP BY 1, 2, 3, 4 HAVING COUNT(*) > 1") == []
    last = rows(played, "SELECT model, COUNT(DISTINCT entity) FROM inference_log WHERE prediction_date >= ? GROUP BY model", str(played.season.day(DAYS - 7)))
    assert dict(last) == dict.fromkeys(("athlete_clustering", "pace_predictor"), 20)
    assert rows(played, "SELECT COUNT(*) FROM (SELECT athlete_id, as_of_date FROM athlete_rolling_features GROUP BY 1, 2 HAVING COUNT(*) > 1)") == [(0,)]
