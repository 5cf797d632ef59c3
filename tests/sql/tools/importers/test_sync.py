"""`make sync` asks a server that speaks Strava's recorded shapes for what is new, within its limits, and keeps its tokens to itself."""

import datetime
import http.server
import json
import os
import random
import re
import sqlite3
import stat
import subprocess
import sys
import threading
import time
import urllib.parse

import pytest

from helpers.extension import DATA, ROOT
from helpers.machine.soak import soak
from helpers.tools import environment

pytestmark = pytest.mark.unsanitized  # what it looks at is Python

SHAPES = DATA / "strava-api" / "shapes"
SUMMARY, DETAIL = (json.loads((SHAPES / name).read_text()) for name in ("summary_activity.json", "detailed_run.json"))
STREAMS = ("time", "distance", "altitude", "heartrate", "latlng")


class Strava(http.server.ThreadingHTTPServer):
    """What Strava would answer; `asked` is all that it was asked for."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Answers)
        self.activities, self.asked, self.limit, self.used, self.valid, self.refreshes = {}, [], 1000, 0, {"access-1"}, 0
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def add(self, number, day, **changes):
        start = (datetime.datetime(2024, 1, 1, 7) + datetime.timedelta(days=day)).strftime("%Y-%m-%dT%H:%M:%SZ")
        self.activities[number] = {"id": number, "athlete": {"id": 7, "resource_state": 1}, "start_date": start, "start_date_local": start, "utc_offset": 0.0, "sport_type": "Run", "type": "Run",
                                   "distance": 1797.0, "moving_time": 599, "elapsed_time": 599, "map": {"summary_polyline": "a_secret_line"}, "start_latlng": [38.71234, -9.1], "name": f"n{number}"} | changes


class Answers(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_POST(self):
        told = urllib.parse.parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode()) | urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query)
        self.server.asked.append((urllib.parse.urlsplit(self.path).path, {name: values[0] for name, values in told.items()}))
        if told.get("client_secret") != ["s3cret"] or told.get("code", ["good"]) != ["good"]:
            return self.say(401, json.loads((SHAPES / "authorization_error.json").read_text()))
        self.server.refreshes += 1
        token = f"access-{self.server.refreshes + 1}"
        self.server.valid = {token}
        self.say(200, {"token_type": "Bearer", "access_token": token, "refresh_token": f"refresh-{self.server.refreshes}", "expires_at": int(time.time()) + 21600, "expires_in": 21600})

    def do_GET(self):
        server, url = self.server, urllib.parse.urlsplit(self.path)
        asked = dict(urllib.parse.parse_qsl(url.query))
        server.asked.append((url.path, asked))
        server.used += 1
        if self.headers["Authorization"].removeprefix("Bearer ") not in server.valid:
            return self.say(401, json.loads((SHAPES / "authorization_error.json").read_text()))
        if server.used > server.limit:
            return self.say(429, json.loads((SHAPES / "rate_limit_error.json").read_text()))
        if url.path == "/api/v3/athlete/activities":
            after = float(asked.get("after", 0))
            rows = sorted((a for a in server.activities.values() if datetime.datetime.fromisoformat(a["start_date"].replace("Z", "+00:00")).timestamp() > after), key=lambda a: a["start_date"])
            size, page = int(asked["per_page"]), int(asked["page"])
            return self.say(200, [{**SUMMARY, **a, "resource_state": 2} for a in rows[size * (page - 1):size * page]])
        number = int(re.match(r"/api/v3/activities/(\d+)", url.path)[1])
        if number not in server.activities:
            return self.say(404, {"message": "Record Not Found", "errors": [{"resource": "Activity", "field": "id", "code": "invalid"}]})
        if url.path.endswith("/streams"):
            columns = {"time": list(range(600)), "distance": [3.0 * i for i in range(600)], "altitude": [100.0] * 600, "heartrate": [150] * 600, "latlng": [[38.71234 + i / 1e5, -9.1] for i in range(600)]}
            return self.say(200, {name: {"data": columns[name], "series_type": "time", "original_size": 600, "resolution": "high"} for name in asked["keys"].split(",") if name in columns})
        self.say(200, {**DETAIL, **server.activities[number], "resource_state": 3})

    def say(self, status, body):
        text = json.dumps(body).encode()
        self.send_response(status)
        for name, value in (("Content-Type", "application/json"), ("Content-Length", str(len(text))), ("X-RateLimit-Limit", f"{self.server.limit},100000"),
                            ("X-RateLimit-Usage", f"{self.server.used},{self.server.used}")):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(text)


@pytest.fixture
def strava():
    server = Strava()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def synced(strava, tmp_path):
    """sync(…) as a person runs it, let in already."""
    tokens = tmp_path / "tokens" / "strava.json"
    tokens.parent.mkdir()
    tokens.write_text(json.dumps({"client_id": 5, "client_secret": "s3cret", "access_token": "access-1", "refresh_token": "refresh-0", "expires_at": int(time.time()) + 3600}))

    def sync(*arguments, database=tmp_path / "a.db"):
        strava.used, strava.asked = 0, []
        return subprocess.run([sys.executable, ROOT / "sql" / "tools" / "sync", f"--tokens={tokens}", *arguments, "--", database], capture_output=True, text=True,
                              env=environment(ATHLETE_STRAVA=f"http://127.0.0.1:{strava.server_port}"), timeout=120)

    sync.tokens, sync.database = tokens, tmp_path / "a.db"
    return sync


def rows(path, sql):
    with sqlite3.connect(path) as db:
        return db.execute(sql).fetchall()


def paths(strava, word):
    return [path for path, _ in strava.asked if word in path]


def test_what_is_new_comes_whole_once_and_an_edit_comes_again(strava, synced):
    for number in range(1, 106):
        strava.add(number, number)
    done = synced()
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(paths(strava, "athlete/activities")) == 2 and len(paths(strava, "/streams")) == 105
    assert rows(synced.database, "SELECT COUNT(DISTINCT activity_id), COUNT(*) FROM bronze_strava_activities") == [(105, 210)]
    assert rows(synced.database, "SELECT COUNT(*), COUNT(DISTINCT activity_id), MIN(athlete_id) FROM activity_streams") == [(420, 105, "7")]
    strava.add(106, 106)
    strava.activities[100]["distance"] = 2000.0
    done = synced()
    assert done.returncode == 0 and sorted(paths(strava, "/streams")) == ["/api/v3/activities/100/streams", "/api/v3/activities/106/streams"]
    assert synced().returncode == 0 and len(strava.asked) == 1
    content = synced.database.read_bytes()
    assert not any(secret in content for secret in (b"a_secret_line", b"38.71234", b"access-", b"refresh-", b"s3cret"))


@pytest.mark.parametrize("seed", [0, *map(soak, range(1, 2))])
def test_when_the_limit_is_used_up_it_stops_says_so_and_goes_on_from_there(strava, synced, seed):
    rng, n = random.Random(seed), 24
    for number in range(1, n + 1):
        strava.add(number, number)
    came = 0
    for _ in range(20):
        strava.limit = rng.randrange(12, 40)
        done = synced()
        assert done.returncode == 0 and strava.used <= strava.limit, (done.stdout, done.stderr)
        now = rows(synced.database, "SELECT COUNT(*) FROM bronze_strava_activities WHERE stream = 'detail'")[0][0]
        assert now >= came
        came = now
        if came == n:
            break
        assert "Strava's limit is used up until" in done.stdout and f"; {n - came} activities wait for their details" in done.stdout
    assert came == n and rows(synced.database, "SELECT COUNT(*), COUNT(DISTINCT activity_id) FROM bronze_strava_activities WHERE stream = 'detail'") == [(n, n)]
    assert rows(synced.database, "SELECT COUNT(DISTINCT activity_id) FROM activity_streams") == [(n,)]


def test_the_first_time_it_says_how_to_come_in_and_tokens_are_in_their_file_alone(strava, synced):
    synced.tokens.unlink()
    done = synced()
    assert done.returncode != 0 and "make one at https://www.strava.com/settings/api" in done.stderr
    done = synced("--client=5:s3cret")
    assert done.returncode != 0 and "https://www.strava.com/oauth/authorize?client_id=5" in done.stderr and "activity%3Aread_all" in done.stderr and "s3cret" not in done.stderr
    done = synced("--code=bad")
    assert done.returncode != 0 and "Strava does not let this token in" in done.stderr
    strava.add(1, 1)
    done = synced("--code=http://localhost/athlete?state=&code=good&scope=read")
    assert done.returncode == 0, done.stderr
    told = json.loads(synced.tokens.read_text())
    assert told["access_token"] in strava.valid and stat.S_IMODE(os.stat(synced.tokens).st_mode) == 0o600
    assert told["access_token"].encode() not in synced.database.read_bytes()


def test_a_token_that_has_ended_is_renewed_and_kept(strava, synced):
    strava.add(1, 1)
    synced.tokens.write_text(json.dumps(json.loads(synced.tokens.read_text()) | {"expires_at": 5}))
    assert synced().returncode == 0
    told = json.loads(synced.tokens.read_text())
    assert strava.refreshes == 1 and told["refresh_token"] == "refresh-1" and told["access_token"] in strava.valid and told["expires_at"] > time.time()
    strava.valid = set()
    done = synced()
    assert done.returncode != 0 and "Strava does not let this token in any more" in done.stderr


def test_events_of_the_webhook_bring_change_and_remove_and_a_permission_taken_back_ends_it(strava, synced, tmp_path):
    for number in (1, 2, 3):
        strava.add(number, number)
    assert synced().returncode == 0
    strava.add(4, 4)
    strava.activities[2]["name"] = "renamed"
    del strava.activities[3]
    event = {"object_type": "activity", "owner_id": 7, "subscription_id": 1, "event_time": 1700000000, "updates": {}}
    events = [event | {"aspect_type": aspect, "object_id": number} for aspect, number in (("create", 4), ("update", 2), ("delete", 3), ("create", 99))]
    (tmp_path / "events").write_text("\n".join(map(json.dumps, events)))
    done = synced(f"--events={tmp_path / 'events'}")
    assert done.returncode == 0, done.stderr
    assert sorted(paths(strava, "/api/v3/activities")) == sorted(f"/api/v3/activities/{n}" for n in ("2", "2/streams", "4", "4/streams", "99"))
    latest = "SELECT activity_id, stream, json_extract(payload, '$.name') FROM bronze_strava_activities AS b WHERE bronze_id = (SELECT MAX(bronze_id) FROM bronze_strava_activities AS l WHERE l.activity_id = b.activity_id) ORDER BY 1"
    assert rows(synced.database, latest) == [("1", "detail", "n1"), ("2", "detail", "renamed"), ("3", "tombstone", None), ("4", "detail", "n4")]
    (tmp_path / "events").write_text(json.dumps(event | {"object_type": "athlete", "aspect_type": "update", "object_id": 7, "updates": {"authorized": "false"}}))
    done = synced(f"--events={tmp_path / 'events'}")
    assert done.returncode != 0 and "the tokens are removed" in done.stderr and not synced.tokens.exists()
    (tmp_path / "events").write_text("[1]")
    synced.tokens.write_text(json.dumps({"client_id": 5, "client_secret": "s", "refresh_token": "r", "access_token": "access-1"}))
    assert "has no events of Strava's webhook" in synced(f"--events={tmp_path / 'events'}").stderr


def test_where_activities_went_is_asked_for_only_when_told(strava, synced, tmp_path):
    strava.add(1, 1)
    assert synced("--positions=1", database=tmp_path / "b.db").returncode == 0 and synced().returncode == 0
    channels = "SELECT COUNT(*) FROM activity_streams WHERE channel IN ('latitude', 'longitude')"
    assert (rows(tmp_path / "b.db", channels), rows(synced.database, channels)) == ([(2,)], [(0,)])
