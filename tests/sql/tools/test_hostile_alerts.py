"""Whatever a database says, telling its alerts and giving it to a schedule do nothing but that: no process, no file elsewhere, no line
of a mail, unit or crontab that nobody meant, and one sentence where it does not go."""

import configparser
import contextlib
import email
import email.policy
import random
import re
import sqlite3
import sys

import apprise
import pytest

import channels
import delivery
from common import database
from helpers.extension import ROOT
from helpers.machine.hook import running
from helpers.machine.mails import running as server_of_mails
from helpers.machine.soak import soak
from helpers.stores.hostile_file import TEXTS, plant
from helpers.tools import tool, watched

HEADERS = {"content-type", "content-transfer-encoding", "mime-version", "from", "to", "subject", "date", "message-id", "x-application", "user-agent"}
ODD = [*TEXTS, "x\r\nBcc: all@example.org\r\n\r\nbody", "\r\n.\r\nMAIL FROM:<x@example.org>\r\n", "<img src=http://example.org/x>", "</html><script>M</script>", "=?utf-8?q?=0D=0ABcc:_x?=",
       "x" * 1_000_000, "a\0b", "", 7, -1, 1e300, b"\xff\0", "../../x", "\u202e\u2066", "$(id)", "%0d%0aBcc: x", "{title}"]  # fmt: skip
COLUMNS = ["fingerprint", "key", "kind", "subject", "message", "opened_at", "last_bad_at", "n_bad", "closed_at"]


@pytest.fixture
def place(tmp_path):
    for name in ("work", "marks"):
        (tmp_path / name).mkdir()
    done = tool("run", tmp_path / "work" / "athlete.db", ROOT / "sql" / "0_ops" / "000_ops_tables.sql")
    assert done.returncode == 0, done.stderr
    return tmp_path


def with_alerts(path, rows):
    """A file whose alerts nobody has checked."""
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("DROP TABLE ops_alerts")
        db.execute(f"CREATE TABLE ops_alerts (alert_id INTEGER PRIMARY KEY, {', '.join(COLUMNS)}, last_window, n_good)")
        db.executemany(f"INSERT INTO ops_alerts ({', '.join(COLUMNS)}) VALUES ({', '.join('?' * len(COLUMNS))})", rows)


@pytest.mark.parametrize("part", [0, *(soak(part) for part in range(1, 8))])
def test_no_text_of_an_alert_is_a_header_a_tag_or_a_second_mail(place, part, monkeypatch):
    monkeypatch.setattr(apprise.NotifyBase, "request_rate_per_sec", 0)  # it waits for seconds between two mails
    texts = [value.replace("M", str(place / "marks" / "made")) if isinstance(value, str) else value for value in ODD[part::8]]
    with_alerts(place / "work" / "athlete.db", [[value] * (len(COLUMNS) - 1) + [None] for value in texts])
    with running() as hook, server_of_mails() as mails, database.opened(place / "work" / "athlete.db", loads=False) as db:
        (place / "work" / "channels.txt").write_text(f"json://127.0.0.1:{hook.server_port}/hook\n{mails.address}\n")
        found = channels.of(place / "work" / "channels.txt")
        assert delivery.deliver(db, found) == (2 * len(texts), [])
        db.execute("UPDATE ops_alerts SET closed_at = key")
        db.execute("UPDATE ops_alert_deliveries SET first_at = -1e999")  # before whatever they say of when
        told, faults = delivery.deliver(db, found)
        assert faults == [] and len(hook.heard) == len(mails.heard) == len(texts) + told / 2 and told
    for text in mails.heard:
        mail = email.message_from_string(text, policy=email.policy.default)
        parts = list(mail.walk())
        assert {name.lower() for name in mail.keys()} <= HEADERS and mail["To"] == "coach@example.org", mail.keys()
        assert mail["Subject"].startswith("athlete:") and len(mail["Subject"]) < 300 and len(text) < 40_000
        for part in parts:
            if part.get_content_type() == "text/html":
                assert not re.search(r"<(?!/?(?:html|head|body|br|p|div|b|span)\b)", part.get_content()), part.get_content()[:500]
    for _, body in hook.heard:
        assert "\n" not in body["title"] and not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", body["title"] + body["message"])
        assert len(body["message"]) < 6000 and len(body["title"]) < 300
    assert list((place / "marks").iterdir()) == []


# --- what touches nothing --------------------------------------------------------------------------------------------------


def hostile(place, rng):
    def text():
        return rng.choice(TEXTS).replace("M", str(place / "marks" / "made"))

    path = place / "work" / "athlete.db"
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as db:
        plant(db, rng, text)
        db.execute(f"PRAGMA user_version = {rng.choice([0, 1, 49])}")


def outside(calls, place):
    """The calls that touched what is not below the folder, sockets and Python's own."""
    own = (str(place / "work"), str(place / "prefix"))
    return [call for call in calls if not call.startswith("socket(") and not all(name.startswith((*own, "/dev/null")) for name in re.findall(r'"((?:[^"\\]|\\.)*)"', call))]


@pytest.mark.parametrize("seed", [0, *(soak(seed) for seed in range(1, 60))])
def test_nothing_in_a_database_is_a_command_to_who_tells_or_schedules_it(place, seed, monkeypatch):
    monkeypatch.setenv("ATHLETE_NOTIFY_PYTHON", sys.executable)
    path, pristine = place / "work" / "athlete.db", (place / "work" / "athlete.db").read_bytes()
    (place / "work" / "channels.txt").write_text("json://127.0.0.1:9/hook\n")
    for name, *arguments in (["notify", "--", path, place / "work" / "channels.txt"], ["deploy", place / "prefix", path, place / "work" / "inbox"]):
        path.write_bytes(pristine)
        hostile(place, random.Random(f"{seed} {name}"))
        done, calls = watched(name, *arguments, database=path, log=place / "log", cwd=place / "work")
        calls = [call for call in calls if not re.match(r'execve\("[^"]*python', call)]  # notify becomes another Python
        assert outside(calls, place) == [] and list((place / "marks").iterdir()) == [], outside(calls, place)
        assert done.returncode in (0, 1) and "Traceback" not in done.stderr and (done.returncode == 0) == (done.stderr == ""), done.stderr
        assert "\x1b" not in done.stdout + done.stderr


@pytest.mark.parametrize("text", [b"", b"\xff\xfe\0", b"\0", b"nothing\n", b"json://\n", b"x" * 1_000_000, b"include ../../x\n", b"include http://127.0.0.1:9/\n", b"[" * 10000, b"urls: [*a]\n", b"mailto://\r\nBcc:x\n"])
def test_channels_that_are_none_end_in_one_sentence(place, text):
    (place / "work" / "channels.txt").write_bytes(text)
    done = tool("notify", "--", place / "work" / "athlete.db", place / "work" / "channels.txt", ATHLETE_NOTIFY_PYTHON=sys.executable)
    assert done.returncode == 1 and len(done.stderr.splitlines()) == 1 and len(done.stderr) < 1000, done.stderr[-2000:]


@pytest.mark.parametrize("zone", ["Europe/Berlin", "UTC", *ODD, "../x", "/etc/passwd", "Europe/Berlin\n* * * * * touch M", "x; touch M", "America/Sao_Paulo %h", "a b", "x\u2028y", None])
def test_no_zone_of_a_database_is_a_line_of_a_unit_or_crontab(place, zone, monkeypatch):
    from common import deployment
    from common.database import Failure

    monkeypatch.setattr("shutil.which", lambda name: None)
    path = place / "work" / "athlete.db"
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("DROP TABLE ops_config")
        db.execute("CREATE TABLE ops_config (name, value)")
        db.execute("INSERT INTO ops_config VALUES ('time_zone', ?)", (zone,))
    if zone not in ("Europe/Berlin", "UTC"):
        with pytest.raises(Failure, match="time_zone is .{0,300} where the name of a zone belongs"):
            deployment.schedule(place / "prefix", place / "prefix" / "bin" / "athlete", path)
        return
    deployment.schedule(place / "prefix", place / "prefix" / "bin" / "athlete", path)
    lines = (place / "prefix" / "share" / "athlete" / "athlete.cron").read_text().splitlines()
    assert f"CRON_TZ={zone}" in lines and [line.startswith("0 5 * * *") for line in lines if not line.startswith(("#", "CRON_TZ"))] == [True]
    (timer,) = (place / "prefix").glob("*/systemd/*/athlete-daily.timer")
    unit = configparser.ConfigParser(interpolation=None)
    unit.optionxform = str
    unit.read(timer)
    assert unit["Timer"]["OnCalendar"] == f"*-*-* 05:00:00 {zone}" and set(unit) == {"DEFAULT", "Unit", "Timer", "Install"}
