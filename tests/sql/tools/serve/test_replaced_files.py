"""The file can be replaced, taken away, damaged and locked while it is served: what is read, and above all who may read, is always
of the file that the path names now."""

import os
import random
import shutil
import sqlite3
import threading

import pytest

from helpers.stores import served
from helpers.stores.served import sleep_row


READ, LOOK_UP, INGEST = "/features/athlete_sleep/4001", "/features/athlete_sleep", "/ingest/athlete_sleep/4001"


def changed(path, *statements):
    db = sqlite3.connect(path)
    for statement in statements:
        db.execute(statement)
    db.commit()
    db.close()


def other_file(api, hours, *revoked):
    """The same groups and rows but one, in another file, with tokens revoked."""
    beside = api.path.with_suffix(".new")
    shutil.copy(served.original()[0], beside)
    changed(beside, f"UPDATE athlete_sleep SET sleep_h = {hours} WHERE athlete_id = '4001' AND event_timestamp LIKE '2025-10-18%'",
            "DELETE FROM athlete_sleep WHERE athlete_id = '4001' AND event_timestamp LIKE '2025-10-19%'",
            *(f"UPDATE ops_tokens SET revoked_at = '2026-01-01' WHERE name = '{name}'" for name in revoked))
    return beside


def replace_by_rename(api, new):
    os.replace(new, api.path)


def replace_after_removal(api, new):
    os.remove(api.path)
    shutil.move(new, api.path)


def replace_through_a_link(api, new):
    kept = new.with_suffix(".kept")
    os.replace(new, kept)
    link = new.with_suffix(".link")
    link.symlink_to(kept)
    os.replace(link, api.path)


def replace_by_sqlites_backup(api, new):
    source, target = sqlite3.connect(new), sqlite3.connect(api.path)
    source.backup(target)
    source.close()
    target.close()


WAYS = [replace_by_rename, replace_after_removal, replace_through_a_link, replace_by_sqlites_backup]


def use_all_connections(api):
    """The event loop's, the threads' and the one that writes."""
    assert api.get(READ, api.tokens["first"]).status_code == 200
    api.together(*(api.call("POST", LOOK_UP, api.tokens["coach"], json={"entities": ["4001"] * 200}) for _ in range(6)))
    assert api.post(INGEST, {"rows": [sleep_row(1, event_timestamp="2025-10-01T06:00:00Z")]}, api.tokens["first"]).status_code == 200


@pytest.mark.parametrize("journal", ["delete", "wal"])
@pytest.mark.parametrize("seed", range(3))
def test_after_every_replacement_reads_writes_and_tokens_are_of_the_new_file(own_api, seed, journal):
    random.seed(seed)
    if journal == "wal":
        changed(own_api.path, "PRAGMA journal_mode = wal")
    use_all_connections(own_api)
    for turn in range(4):
        way = random.choice(WAYS)
        revoked = random.choice(["coach", "second", "writer"])
        new = other_file(own_api, turn + 1, revoked)
        before = own_api.tokens[revoked]
        way(own_api, new)
        for log in ("-wal", "-shm"):  # of the file before
            if way is not replace_by_sqlites_backup and os.path.exists(f"{own_api.path}{log}"):
                os.remove(f"{own_api.path}{log}")
        calls = [own_api.call("GET", READ, before), own_api.call("POST", LOOK_UP, before, json={"entities": ["4001"]}), own_api.call("POST", INGEST, before, json={"rows": [sleep_row(3)]})]
        random.shuffle(calls)
        assert [answer.status_code for answer in own_api.together(*calls)] == [401] * 3, way
        assert own_api.get(READ, own_api.tokens["first"]).json()["features"]["sleep_h"] == turn + 1
        looked_up = own_api.post(LOOK_UP, {"entities": ["4001"]}, own_api.tokens["first"])
        assert looked_up.json()["rows"][0]["features"]["sleep_h"] == turn + 1
        wrote = own_api.post(INGEST, {"rows": [sleep_row(2, sleep_h=turn + 0.5)]}, own_api.tokens["first"])
        assert wrote.status_code == 200 and wrote.json()["new"] == 1, (way, wrote.text)
        assert own_api.select("SELECT sleep_h FROM athlete_sleep WHERE event_timestamp LIKE '2026-01-02%'") == [{"sleep_h": turn + 0.5}]
        new.unlink(missing_ok=True)


@pytest.mark.parametrize("journal", ["delete", "wal"])
def test_the_log_of_the_file_before_is_never_read_into_the_new_one(own_api, journal):
    use_all_connections(own_api)
    keeper = sqlite3.connect(own_api.path)  # who keeps the log from being put away
    keeper.execute(f"PRAGMA journal_mode = {journal}")
    keeper.execute("UPDATE athlete_sleep SET sleep_h = 3.25 WHERE athlete_id = '4001'")
    keeper.commit()
    assert own_api.get(READ, own_api.tokens["first"]).json()["features"]["sleep_h"] == 3.25
    replace_by_rename(own_api, other_file(own_api, 5))
    digest = own_api.path.read_bytes()
    answers = [own_api.get(READ, own_api.tokens["first"]), own_api.post(INGEST, {"rows": [sleep_row(2)]}, own_api.tokens["first"])]
    if journal == "wal":
        assert [answer.status_code for answer in answers] == [503, 503] and "write-ahead log" in answers[0].json()["error"]
        assert own_api.path.read_bytes() == digest
        for log in ("-wal", "-shm"):
            os.remove(f"{own_api.path}{log}")
        answers = [own_api.get(READ, own_api.tokens["first"]), own_api.post(INGEST, {"rows": [sleep_row(2)]}, own_api.tokens["first"])]
    assert [answer.status_code for answer in answers] == [200, 200] and answers[0].json()["features"]["sleep_h"] == 5
    keeper.close()
    assert own_api.get(READ, own_api.tokens["first"]).status_code == 200


def test_a_log_that_is_taken_away_is_not_missed(own_api):
    changed(own_api.path, "PRAGMA journal_mode = wal")
    use_all_connections(own_api)
    os.remove(f"{own_api.path}-wal")
    for _ in range(3):
        assert own_api.get(READ, own_api.tokens["first"]).status_code == 200
        assert own_api.post(INGEST, {"rows": [sleep_row(2)]}, own_api.tokens["first"]).status_code == 200
    assert own_api.select("PRAGMA integrity_check") == [{"integrity_check": "ok"}]


def remove(path):
    os.remove(path)


def make_a_folder(path):
    os.remove(path)
    path.mkdir()


def make_a_pipe(path):
    os.remove(path)
    os.mkfifo(path)


def fill_with_noise(path):
    path.write_bytes(random.Random(1).randbytes(path.stat().st_size))


def rename_noise_there(path):
    noise = path.with_suffix(".noise")
    noise.write_bytes(b"SQLite format 3\0" + random.Random(2).randbytes(50000))
    os.replace(noise, path)


def cut(path):
    os.truncate(path, path.stat().st_size // 3)


@pytest.mark.parametrize("damage", [remove, make_a_folder, make_a_pipe, fill_with_noise, rename_noise_there, cut])
def test_a_file_that_is_gone_or_damaged_is_a_503_with_a_sentence_until_it_is_back(own_api, damage):
    use_all_connections(own_api)
    damage(own_api.path)
    for _ in range(2):
        for method, path, body in [("GET", READ, None), ("HEAD", READ, None), ("POST", LOOK_UP, {"entities": ["4001"]}), ("GET", "/groups", None), ("GET", "/health", None),
                                   ("GET", "/openapi.json", None), ("POST", INGEST, {"rows": [sleep_row(2)]}), ("GET", "/athlete/athlete_sleep.json", None), ("GET", "/", None)]:
            answer = own_api.request(method, path, own_api.tokens["first"], json=body)
            assert answer.status_code == 503, (method, path, answer.text)
            if method != "HEAD":
                sentence = answer.json()["error"]
                assert len(sentence) > 20 and str(own_api.path.parent) not in sentence and "SELECT" not in sentence
    if own_api.path.is_dir():
        own_api.path.rmdir()
    replace_by_rename(own_api, other_file(own_api, 4))
    assert own_api.get(READ, own_api.tokens["first"]).json()["features"]["sleep_h"] == 4
    assert own_api.post(INGEST, {"rows": [sleep_row(2)]}, own_api.tokens["first"]).status_code == 200


def test_a_file_that_stays_locked_is_a_503_and_reads_go_on_when_it_is_free(own_api):
    use_all_connections(own_api)
    holder = sqlite3.connect(own_api.path, isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    answers = own_api.together(own_api.call("GET", READ, own_api.tokens["first"]), own_api.call("POST", INGEST, own_api.tokens["first"], json={"rows": [sleep_row(2)]}))
    assert [answer.status_code for answer in answers] == [503, 503] and "written to" in answers[0].json()["error"]
    holder.execute("ROLLBACK")
    holder.close()
    assert own_api.get(READ, own_api.tokens["first"]).status_code == 200


@pytest.mark.parametrize("way", [None, *WAYS])
@pytest.mark.parametrize("path, token, body", [(LOOK_UP, "coach", b'{"entities": ["4001"]}'), (INGEST, "first", b'{"rows": [%s]}')])
def test_a_token_that_is_revoked_while_a_body_arrives_opens_nothing(own_api, path, token, body, way):
    """Revoked in the file, or by another file in its place."""
    if b"%s" in body:
        body %= served.httpx.Request("POST", "http://x", json=sleep_row(9)).content
    use_all_connections(own_api)

    async def parts():
        yield body[:9]
        if way is None:
            changed(own_api.path, f"UPDATE ops_tokens SET revoked_at = '2026-01-01' WHERE name = '{token}'")
        else:
            way(own_api, other_file(own_api, 4, token))
        yield body[9:]

    answer = own_api.request("POST", path, own_api.tokens[token], content=parts(), headers={"Content-Type": "application/json"})
    assert answer.status_code == 401, answer.text
    assert own_api.select("SELECT 1 FROM athlete_sleep WHERE event_timestamp LIKE '2026-01-09%'") == []


@pytest.mark.parametrize("keys, writes", [("{}", "[]"), ("", "[]"), ("[]", "[]"), ('"4001"', "[]"), ("0", "[]"), ("{", "[]"), ("null", "[]"), (None, "{}"), (None, '"*"'), (None, "x"), ("{}", '["*"]')])
def test_a_row_of_tokens_that_another_program_made_wrongly_opens_nothing(own_api, keys, writes):
    db = sqlite3.connect(own_api.path)
    db.execute("UPDATE ops_tokens SET keys = ?, writes = ? WHERE name = 'coach'", (keys, writes))
    db.commit()
    db.close()
    statuses = {own_api.get(READ, own_api.tokens["coach"]).status_code, own_api.post(INGEST, {"rows": [sleep_row(2)]}, own_api.tokens["coach"]).status_code}
    assert statuses == {401}


def test_readers_on_all_threads_see_one_file_or_the_other_and_never_a_fault(own_api):
    use_all_connections(own_api)
    stop, over = threading.Event(), 20

    def swap():
        for turn in range(over):
            replace_by_rename(own_api, other_file(own_api, turn + 1))
        stop.set()

    thread = threading.Thread(target=swap)
    thread.start()
    seen = []
    while not stop.is_set():
        answers = own_api.together(*(own_api.call("POST", LOOK_UP, own_api.tokens["coach"], json={"entities": ["4001"] * 20}) for _ in range(4)),
                                   own_api.call("GET", READ, own_api.tokens["first"]))
        assert {answer.status_code for answer in answers} <= {200, 503}
        seen += [row["features"]["sleep_h"] for answer in answers[:4] if answer.status_code == 200 for row in answer.json()["rows"]]
    thread.join()
    assert len(seen) > 100
    assert own_api.get(READ, own_api.tokens["first"]).json()["features"]["sleep_h"] == over
