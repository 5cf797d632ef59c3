"""Rows over HTTP end where the statements of feature_group_ingest bring them, all of a batch or none."""

import asyncio
import datetime
import json
import random
import re
import shutil
import sqlite3

import pytest

from helpers.stores import groups, served
from helpers.extension import connect
from helpers.stores.served import sleep_row
from helpers.stages import STAGES, statements


URL = "/ingest/athlete_sleep/4001"
TABLES = ("athlete_sleep", "athlete_sleep_history", "feature_rejects")
NAMES = ["athlete_id", "event_timestamp", "sleep_h", "resting_hr", "quality", "device", "available_at"]


def random_rows(seed):
    """Some new, some changed, some twice, some that break a rule."""
    random.seed(seed)
    days = random.sample(range(1, 29), 20)
    rows = []
    for day in days + days[:3]:
        row = sleep_row(day, sleep_h=random.choice([6.5, 7, 8.25, None]), resting_hr=random.randrange(40, 60))
        if random.random() < 0.2:
            row |= random.choice([{"resting_hr": 300}, {"sleep_h": "long"}, {"quality": "fair"}, {"device": "X-1"}, {"resting_hr": None},
                                  {"event_timestamp": "soon"}, {"resting_hr": 110, "sleep_h": 12}])
        rows.append(row | {"available_at": "2026-02-01T00:00:00Z"} if random.random() < 0.5 else row)
    return rows


def test_rows_over_http_leave_what_the_statements_leave_for_the_same_batches(own_api, tmp_path):
    beside = tmp_path / "beside.db"
    shutil.copy(own_api.path, beside)
    db = connect(str(beside), isolation_level=None)
    changed = 0
    for seed in range(2):  # of two changes within a second the history keeps the last
        rows = random_rows(seed)
        answer = own_api.post(URL, {"rows": rows}, own_api.tokens["first"])
        assert answer.status_code == 200, answer.text
        told = answer.json()
        db.execute(f"CREATE TEMP TABLE batch ({', '.join(NAMES)})")
        db.executemany("INSERT INTO batch VALUES (?, ?, ?, ?, ?, ?, ?)", [[{"athlete_id": "4001", **row}.get(name) for name in NAMES] for row in rows])
        groups.ingest(db, served.SLEEP, "batch")
        db.execute("DROP TABLE temp.batch")
        audited = json.loads(db.execute("SELECT detail FROM ops_audit ORDER BY audit_id DESC LIMIT 1").fetchone()[0])
        assert audited == {name: told[name] for name in ("rows", "new", "changed", "rejected")}
        assert told["same"] == len(rows) - told["new"] - told["changed"] - told["rejected"]
        assert len({reject["row"] for reject in told["rejects"]}) == told["rejected"]
        changed += told["changed"]
    assert changed > 5
    # Not when a correction arrived, nor the numbers of rejects.
    columns = dict.fromkeys(TABLES[:2], ", ".join(NAMES[:-1])) | {"feature_rejects": "group_name, feature, rule, value, reason, row"}
    for table in TABLES:
        select = f"SELECT {columns[table]} FROM {table} ORDER BY {columns[table]}"
        found = [tuple(row.values()) for row in own_api.select(select)]
        assert len(found) > 5 and found == db.execute(select).fetchall()
    db.close()


def test_a_reject_is_told_with_its_place_rule_value_and_reason_and_the_others_go_in(own_api):
    odd = {2: {"resting_hr": 300}, 4: {"sleep_h": [1], "quality": "bad"}}
    rows = [sleep_row(day, available_at="2026-01-01T06:00:00Z", **odd.get(day, {})) for day in range(1, 6)]
    answer = own_api.post(URL, {"rows": rows}, own_api.tokens["first"]).json()
    assert (answer["new"], answer["rejected"]) == (3, 2)
    first, *others = answer["rejects"]
    assert first == {"row": 1, "feature": "resting_hr", "rule": "max", "value": 300, "reason": "resting_hr is above 120"}
    assert {"row": 3, "feature": "sleep_h", "rule": "type", "value": "[1]", "reason": "sleep_h is not of type numerical"} in others
    read = own_api.get("/features/athlete_sleep/4001?as_of=2026-01-03T06:00:00Z", own_api.tokens["first"]).json()
    assert read["features"] == {"sleep_h": 7.0, "resting_hr": 50, "quality": "good", "device": None}
    again = own_api.post(URL, {"rows": rows}, own_api.tokens["first"]).json()
    assert (again["new"], again["changed"], again["same"], again["rejects"]) == (0, 0, 3, answer["rejects"])


def test_a_batch_with_more_rejects_than_the_limit_is_refused_whole(own_api):
    before = [own_api.select(f"SELECT * FROM {table}") for table in (*TABLES, "ops_audit", "ops_actor")]
    answer = own_api.post(URL, {"rows": [sleep_row(1), sleep_row(2, quality=1), sleep_row(3, sleep_h=True)]}, own_api.tokens["first"])
    assert answer.status_code == 422 and "more than the limit of 50.0 percent" in answer.json()["error"]
    assert {(r["row"], r["rule"], r["value"]) for r in answer.json()["rejects"]} >= {(1, "type", 1), (2, "type", "true")}
    assert before == [own_api.select(f"SELECT * FROM {table}") for table in (*TABLES, "ops_audit", "ops_actor")]


def test_a_correction_moves_what_it_replaces_to_the_history_and_says_who(own_api):
    own_api.post(URL, {"rows": [sleep_row(1, available_at="2026-01-01T06:00:00Z")]}, own_api.tokens["first"])
    answer = own_api.post(URL, {"rows": [sleep_row(1, sleep_h=8)]}, own_api.tokens["writer"]).json()
    assert (answer["new"], answer["changed"]) == (0, 1)
    (old,) = own_api.select("SELECT * FROM athlete_sleep_history")
    assert (old["sleep_h"], old["superseded_by"]) == (7.0, "writer")
    then = own_api.get("/features/athlete_sleep/4001?as_of=2026-01-02T00:00:00Z", own_api.tokens["first"]).json()
    assert then["features"]["sleep_h"] == 7.0
    assert own_api.get("/features/athlete_sleep/4001", own_api.tokens["first"]).json()["features"]["sleep_h"] == 8
    assert [row["who"] for row in own_api.select("SELECT who FROM ops_audit WHERE action = 'ingest' ORDER BY audit_id")] == ["local", "first", "writer"]
    assert own_api.select("SELECT who FROM ops_actor") == [{"who": "local"}]


def test_what_a_row_leaves_out_is_filled_in_as_the_definition_says(own_api):
    (before,) = own_api.select("SELECT strftime('%Y-%m-%dT%H:%M:%SZ', 'now') AS now, MAX(event_timestamp) AS newest FROM athlete_sleep WHERE athlete_id = '4001'")
    event = "2026-01-01T06:00:00Z"
    assert before["newest"] < event
    own_api.post(URL, {"rows": [{"event_timestamp": event, "resting_hr": 50}]}, own_api.tokens["first"])
    answer = own_api.get("/features/athlete_sleep/4001", own_api.tokens["first"]).json()
    assert answer["features"] == {"sleep_h": None, "resting_hr": 50, "quality": "good", "device": None}
    assert answer["event_timestamp"] == event and answer["available_at"] >= before["now"]  # of an athlete of whom something was published


def test_every_type_goes_in_and_comes_out_the_same(own_api):
    row = {"day": "2026-01-01", "score": 0.1, "is_final": True, "finishers": -(2**63), "shape": [0.5, -2.0, 1e-3], "note": "ü\n\"'; --", "available_at": "2026-01-01"}
    answer = own_api.post("/ingest/race_scores/7/5k", {"rows": [row]}, own_api.tokens["judge"])
    assert answer.status_code == 200, answer.text
    features = own_api.get("/features/race_scores/7/5k?as_of=2026-02-01", own_api.tokens["judge"]).json()["features"]
    assert features == {**{name: row[name] for name in ("score", "is_final", "finishers", "note")}, "shape": [0.5, -2.0, 0.0010000000474974513]}
    for wrong in ({"shape": "00"}, {"shape": [1, "x"]}, {"shape": {"a": 1}}, {"finishers": 2**63}, {"finishers": 1.5}, {"is_final": 2}, {"score": "1"},
                  {"note": 5}, {"note": "a\0b"}, {"score": 10**400}):
        answer = own_api.post("/ingest/race_scores/7/5k", {"rows": [row | wrong]}, own_api.tokens["judge"])
        assert answer.status_code == 422 and answer.json()["rejects"][0]["feature"] == next(iter(wrong)), (wrong, answer.text)


def test_a_body_that_is_not_of_the_form_is_refused_as_a_whole_with_a_sentence(own_api):
    for body, status, words in [
        ([], 400, 'not {"rows"'), ({"rows": []}, 400, "1 to 1000"), ({"rows": [sleep_row(1)] * 1001}, 413, "1001 rows"), ({"rows": [1]}, 400, "rows[0]"),
        ({"rows": [sleep_row(1)], "more": 1}, 400, 'not {"rows"'), ({"rows": [sleep_row(1), sleep_row(2, sleep=1)]}, 422, "rows[1]: athlete_sleep has no feature 'sleep'"),
        ({"rows": [sleep_row(1, athlete_id="4002")]}, 422, "rows[0].athlete_id is another than in the path"),
    ]:
        answer = own_api.post(URL, body, own_api.tokens["first"])
        assert answer.status_code == status and words in answer.json()["error"], answer.text
    assert own_api.select("SELECT COUNT(*) AS n FROM athlete_sleep")[0]["n"] == len(served.SLEEP_ROWS)
    assert own_api.post(URL, {"rows": [sleep_row(1, athlete_id="4001")]}, own_api.tokens["first"]).status_code == 200


def test_freshness_follows_what_arrives(own_api):
    def state():
        return next(group for group in own_api.get("/health").json()["groups"] if group["group"] == "athlete_sleep")

    assert state()["state"] == "unknown"
    db = connect(str(own_api.path))
    for statement in statements(STAGES["490_feature_freshness"]):
        if re.search("^CREATE (TABLE|VIEW)", statement, re.M):
            db.execute(statement)
    db.close()
    now = datetime.datetime.now(datetime.timezone.utc)
    ago = lambda **time: (now - datetime.timedelta(**time)).strftime("%Y-%m-%dT%H:%M:%SZ")  # noqa: E731
    assert state()["rows"] is None
    own_api.post(URL, {"rows": [sleep_row(1)]}, own_api.tokens["first"])
    assert (state()["rows"], state()["newest_timestamp"], state()["state"]) == (6, sleep_row(1)["event_timestamp"], "late")
    nobody = {"rows": [sleep_row(4, available_at="2099-02-01T00:00:00Z")]}  # held back: no value of this athlete is known
    own_api.post("/ingest/athlete_sleep/4005", nobody, own_api.tokens["writer"])
    own_api.post("/ingest/athlete_sleep/4001", {"rows": [sleep_row(1, sleep_h=1)]}, own_api.tokens["first"])  # of long ago, corrected now
    (counted,) = own_api.select("SELECT COUNT(*) AS n, MAX(available_at) AS newest FROM athlete_sleep")
    assert (state()["rows"], state()["newest_available"]) == (counted["n"], counted["newest"])
    assert state()["newest_timestamp"] == sleep_row(1)["event_timestamp"]
    assert own_api.get("/health").json()["status"] == "late" and state()["state"] == "late"
    own_api.post("/ingest/athlete_sleep/4005", {"rows": [sleep_row(1, event_timestamp=ago(hours=20)), sleep_row(2)]}, own_api.tokens["writer"])
    assert state()["newest_timestamp"] == ago(hours=20) and state()["age_hours"] == pytest.approx(20, abs=0.5)
    assert own_api.get("/health").json()["status"] == "ok" and state()["state"] == "fresh"


def test_while_it_is_written_no_read_is_torn_or_refused(own_api):
    """Each batch writes the same number into two features."""

    async def write(i):
        return await own_api.call("POST", URL, own_api.tokens["first"], json={"rows": [sleep_row(1, sleep_h=i % 24, resting_hr=40 + i % 24)]})

    async def read():
        return await own_api.call("GET", "/features/athlete_sleep/4001?as_of=2099-01-01T00:00:00Z", own_api.tokens["first"])

    async def read_all():
        body = {"entities": ["4001"] * 20, "as_of": "2099-01-01T00:00:00Z"}
        return await own_api.call("POST", "/features/athlete_sleep", own_api.tokens["first"], json=body)

    async def everything():
        await write(0)
        return await asyncio.gather(*[write(i) for i in range(20)], *[read() for _ in range(100)], *[read_all() for _ in range(20)])

    answers = own_api.loop.run_until_complete(everything())
    assert [answer.status_code for answer in answers] == [200] * 140
    for answer in answers[20:]:
        rows = answer.json().get("rows", [answer.json()])
        values = [(row["features"]["sleep_h"], row["features"]["resting_hr"]) for row in rows]
        assert all(sleep_h + 40 == resting_hr for sleep_h, resting_hr in values)
        assert len(set(values)) == 1


def test_a_file_that_another_program_is_writing_is_said_to_be_busy(own_api):
    own_api.post(URL, {"rows": [sleep_row(1)]}, own_api.tokens["first"])
    own_api.loop.run_until_complete(own_api.datasette.get_database().execute_write_fn(lambda conn: conn.execute("PRAGMA busy_timeout = 20")))
    other = sqlite3.connect(own_api.path)
    other.execute("BEGIN IMMEDIATE")
    answer = own_api.post(URL, {"rows": [sleep_row(2)]}, own_api.tokens["first"])
    assert answer.status_code == 503 and answer.headers["retry-after"] == "1"
    assert own_api.get("/features/athlete_sleep/4001", own_api.tokens["first"]).status_code == 200
    other.rollback()
    other.close()
    assert own_api.post(URL, {"rows": [sleep_row(2)]}, own_api.tokens["first"]).json()["new"] == 1
