"""Telling people of alerts: by mail, ntfy and webhook to servers on this machine, which fail as they please."""

import contextlib
import random
import signal
import sqlite3
import subprocess
import sys

import pytest

import delivery
from helpers.extension import ROOT
from helpers.machine.hook import running
from helpers.machine.mails import running as server_of_mails
from helpers.tools import command, environment, tool


@pytest.fixture
def hook():
    with running() as server:
        yield server


@pytest.fixture
def mails():
    with server_of_mails() as server:
        yield server


@pytest.fixture
def file(tmp_path):
    done = tool("run", tmp_path / "a.db", ROOT / "sql" / "0_ops" / "000_ops_tables.sql")
    assert done.returncode == 0, done.stderr
    with contextlib.closing(sqlite3.connect(tmp_path / "a.db", isolation_level=None)) as db:
        yield db, tmp_path / "a.db"


def alert(db, number, subject="4001", closed=False, at="2026-01-01T00:00:00Z"):
    db.execute("INSERT INTO ops_alerts (fingerprint, key, kind, subject, message, opened_at, last_bad_at, last_window, n_bad, n_good, closed_at)"
               " VALUES ('risk:' || ?1, 'key' || ?1, 'risk', ?2, 'message ' || ?1, ?4, ?4, '', 1, 0, CASE WHEN ?3 THEN ?4 END)", (number, subject, closed, at))  # fmt: skip


def close(db, number):
    db.execute("UPDATE ops_alerts SET closed_at = strftime('%Y-%m-%dT%H:%M:%SZ', 'now') WHERE key = 'key' || ?", (number,))


def notify(path, tmp_path, *addresses):
    (tmp_path / "channels.txt").write_text("\n".join(addresses) + "\n")
    return tool("notify", "--", path, tmp_path / "channels.txt", ATHLETE_NOTIFY_PYTHON=sys.executable)


def key_of(text):
    return text.split("key ")[-1].split()[0]


def test_an_alert_is_told_once_on_every_channel_and_again_when_it_is_over(file, tmp_path, hook, mails):
    db, path = file
    addresses = [f"json://127.0.0.1:{hook.server_port}/hook", f"ntfy://127.0.0.1:{hook.server_port}/team", mails.address]
    alert(db, 1)
    assert (notify(path, tmp_path, *addresses).stdout, notify(path, tmp_path, *addresses).stdout) == ("told 3 times\n", "told 0 times\n")
    close(db, 1)
    assert notify(path, tmp_path, *addresses).stdout == "told 3 times\n"
    told = [body for place, body in hook.heard if place == "/hook"]
    assert [t["title"] for t in told] == ["athlete: overtraining risk, athlete 4001", "athlete: over: overtraining risk, athlete 4001"]
    assert [key_of(t["message"]) for t in told] == ["key1-opened", "key1-closed"] and [t["type"] for t in told] == ["warning", "success"]
    assert [(body["topic"], key_of(body["message"])) for place, body in hook.heard if place != "/hook"] == [("team", "key1-opened"), ("team", "key1-closed")]
    assert ["Subject: athlete: overtraining risk, athlete 4001" in m for m in mails.heard] == [True, False]
    assert ["key1-opened" in m for m in mails.heard] == [True, False] and len(mails.heard) == 2


def test_a_server_that_is_down_for_two_days_is_told_afterwards_in_order_and_holds_up_nobody(file, tmp_path, hook, mails):
    db, path = file
    down, up = f"json://user:secret@127.0.0.1:{hook.server_port}/hook", mails.address
    for day in (1, 2):
        alert(db, day, at=f"2026-01-0{day}T00:00:00Z")
        hook.answers = [503] * 9
        done = notify(path, tmp_path, down, up)
        assert done.returncode == 1 and done.stderr.startswith("json") and "secret" not in done.stderr + str(db.execute("SELECT * FROM ops_alert_deliveries").fetchall())
        assert len(mails.heard) == day
    hook.answers, hook.heard = [], []
    close(db, 1)
    assert notify(path, tmp_path, down, up).returncode == 0
    assert [key_of(body["message"]) for _, body in hook.heard] == ["key1-opened", "key2-opened", "key1-closed"]
    assert db.execute("SELECT attempts, fault FROM ops_alert_deliveries WHERE alert_id = 1 AND event = 'opened' AND channel LIKE 'json%'").fetchone() == (3, None)


def test_of_a_channel_that_was_down_from_its_first_day_on_nothing_is_lost(file):
    """Nor of one to whom the clock was years ahead when it was first told."""
    db, _ = file
    channel = Fake("fake:0", random.Random(1), 1)
    for number in (1, 2, 3):
        alert(db, number, at="2026-01-01T00:00:00Z")
    delivery.deliver(db, [channel])
    for number in (1, 2, 3):
        close(db, number)
    channel.fails = 0
    delivery.deliver(db, [channel])
    assert sorted(channel.heard) == [f"key{n}-{event}" for n in (1, 2, 3) for event in ("closed", "opened")]
    alert(db, 4)
    delivery.deliver(db, [channel])
    db.execute("UPDATE ops_alert_deliveries SET first_at = '2999-01-01T00:00:00Z'")
    close(db, 4)
    delivery.deliver(db, [channel])
    assert channel.heard[6:] == ["key4-opened", "key4-closed"]


def test_who_is_told_twice_since_the_program_was_killed_in_between_finds_the_same_key(file, tmp_path, hook):
    db, path = file
    alert(db, 1)
    address = f"json://127.0.0.1:{hook.server_port}/hook"
    (tmp_path / "channels.txt").write_text(address + "\n")
    started = subprocess.Popen(command("notify", "--", path, tmp_path / "channels.txt"), env=environment(ATHLETE_NOTIFY_PYTHON=sys.executable))
    hook.kills.append(started.pid)
    assert started.wait(60) == -signal.SIGKILL
    assert notify(path, tmp_path, address).stdout == "told 1 times\n"
    assert [key_of(body["message"]) for _, body in hook.heard] == ["key1-opened"] * 2


def test_in_a_development_file_nobody_is_told(file, tmp_path, hook):
    db, path = file
    alert(db, 1)
    db.execute("UPDATE ops_config SET value = 'dev' WHERE name = 'environment'")
    assert notify(path, tmp_path, f"json://127.0.0.1:{hook.server_port}/hook").stdout == "environment is dev: nobody is told\n" and hook.heard == []


@pytest.mark.parametrize("subject", ["a\nBcc: other@example.org", "\x1b[31mred", "x" * 5000, "\r\n.\r\n", "é 日本"])
def test_whatever_a_subject_is_a_mail_has_one_recipient_and_one_subject(file, tmp_path, mails, subject):
    db, path = file
    alert(db, 1, subject)
    assert notify(path, tmp_path, mails.address).stdout == "told 1 times\n"
    (mail,) = mails.heard
    head = mail.partition("\r\n\r\n")[0]
    assert "\nBcc" not in head and head.count("\nSubject:") == 1 and "\x1b" not in mail


@pytest.mark.parametrize("lines, said", [([], "no channel"), (["nonsense://user:secret@x"], ""), (None, "no file of channels")])
def test_channels_that_cannot_be_used_are_refused_with_a_sentence_that_tells_no_secret(file, tmp_path, lines, said):
    db, path = file
    alert(db, 1)
    done = notify(path, tmp_path, *lines) if lines is not None else tool("notify", "--", path, tmp_path / "gone.txt", ATHLETE_NOTIFY_PYTHON=sys.executable)
    assert done.returncode == 1 and said in done.stderr and done.stderr and "secret" not in done.stderr and "Traceback" not in done.stderr


class Fake:
    """Takes what it is told, or not, as chance has it; now and then the program dies before it is written down."""

    def __init__(self, name, chance, fails):
        self.name, self.heard, self._chance, self.fails = name, [], chance, fails

    def tell(self, _title, body, _is_bad):
        if self._chance.random() < self.fails:
            return "down"
        self.heard.append(key_of(body))
        if self._chance.random() < self.fails / 3:
            raise KeyboardInterrupt
        return None


@pytest.mark.parametrize("seed", range(20))
def test_every_channel_is_told_of_everything_in_order_and_twice_only_where_the_program_died(file, seed):
    db, _ = file
    chance = random.Random(seed)
    channels = [Fake(f"fake:{i}", chance, chance.choice([0, 0.3, 0.7])) for i in range(3)]
    events, opened, number, deaths = [], [], 0, 0

    def run():
        try:
            delivery.deliver(db, channels)
        except KeyboardInterrupt:
            return 1
        return 0

    for _ in range(30):
        if chance.random() < 0.5:
            number += 1
            alert(db, number, at="2099-01-01T00:00:00Z")
            opened.append(number)
            events.append(f"key{number}-opened")
        if opened and chance.random() < 0.3:
            over = opened.pop(chance.randrange(len(opened)))
            db.execute("UPDATE ops_alerts SET closed_at = '2099-01-01T00:00:00Z' WHERE key = 'key' || ?", (over,))
            events.append(f"key{over}-closed")
        deaths += run()
    for channel in channels:
        channel.fails = 0
    for _ in range(3):
        assert run() == 0
    for channel in channels:
        assert {*channel.heard} == {*events}
        first = list(dict.fromkeys(channel.heard))
        assert all(first.index(k.replace("closed", "opened")) < first.index(k) for k in events if "closed" in k)
    assert sum(len(c.heard) - len({*c.heard}) for c in channels) == deaths
