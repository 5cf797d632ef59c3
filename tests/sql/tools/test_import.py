"""sql/tools/import reads whatever can be read, byte for byte, and lands all of it or nothing."""

import gzip
import io
import json
import os
import random
import sqlite3
import subprocess
import sys
import threading

import pytest
from common import csv_objects, inbox
from common.database import Failure

from helpers.tools import command, environment, tool


def activity(number, **more):
    return {"id": number, "athlete": {"id": 2}, "start_date": "2024-01-01T00:00:00Z", "sport_type": "Run"} | more


def watched(path):
    """A database that keeps a copy of what passes through its inbox."""
    assert tool("run", path, "sql/0_ops/000_ops_tables.sql", "sql/1_bronze/100_bronze_strava.sql").returncode == 0
    with sqlite3.connect(path) as db:
        db.executescript("CREATE TABLE copy (source, body); CREATE TRIGGER copies AFTER INSERT ON bronze_inbox"
                         " BEGIN INSERT INTO copy VALUES (new.source, new.body); END;")
    return path


def passed(path):
    with sqlite3.connect(path) as db:
        db.text_factory = bytes
        return [(source.decode(), body) for source, body in db.execute("SELECT source, body FROM copy ORDER BY rowid")]


# --- where it comes from ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["file", "-", "/dev/stdin", "pipe", "<(…)"])
def test_bytes_arrive_as_they_are_whatever_they_come_through(tmp_path, way):
    rng = random.Random(way)
    content = b"\n".join([json.dumps(activity(1)).encode(), bytes(rng.choices(range(256), k=200_000)), b'"\\u0000"', b"\\0047'\n.shell x", b"\0"])
    path, file = watched(tmp_path / "a.db"), tmp_path / "content"
    file.write_bytes(content)
    if way == "pipe":
        os.mkfifo(tmp_path / "fifo")
        threading.Thread(target=(tmp_path / "fifo").write_bytes, args=[content]).start()
    if way == "<(…)":
        script = f'{command("import")[0]} "$0" <(cat "$1")'
        done = subprocess.run(["bash", "-c", script, path, file], env=environment(), capture_output=True)
    else:
        given = {"file": file, "pipe": tmp_path / "fifo"}.get(way, way)
        done = tool("import", path, given, stdin=content if way in ("-", "/dev/stdin") else None)
    assert (done.returncode, len(done.stderr)) == (0, 0), done.stderr
    ((_, body),) = passed(path)
    assert body == content
    with sqlite3.connect(path) as db:
        db.text_factory = bytes
        assert db.execute("SELECT COUNT(*) FROM bronze_strava_activities").fetchone() == (1,)
        reasons = {reason.decode() for (reason,) in db.execute("SELECT reason FROM bronze_rejects")}
    assert any("at byte" in reason for reason in reasons)


def test_what_cannot_be_read_is_named_and_then_nothing_lands(tmp_path):
    (tmp_path / "good.json").write_text(json.dumps(activity(1)))
    watched(tmp_path / "a.db")
    for bad, sentence in ((tmp_path / "absent.json", "No such file or directory"), ("/proc/self/mem", "cannot read mem: Input/output error")):
        done = tool("import", tmp_path / "a.db", tmp_path / "good.json", bad)
        assert done.returncode == 1 and sentence in done.stderr and done.stderr.count("\n") == 1 and "Traceback" not in done.stderr
        assert passed(tmp_path / "a.db") == []


def test_a_database_of_utf_16_gets_the_same_text(tmp_path):
    db = sqlite3.connect(tmp_path / "a.db")
    db.execute("PRAGMA encoding = 'UTF-16le'")
    db.execute("CREATE TABLE of_a_user (x)")
    db.close()
    watched(tmp_path / "a.db")
    text = json.dumps(activity(1, name="é\u2028🏃"), ensure_ascii=False)
    (tmp_path / "a.json").write_text(text)
    assert tool("import", tmp_path / "a.db", tmp_path / "a.json").returncode == 0
    assert sqlite3.connect(tmp_path / "a.db").execute("SELECT body FROM copy").fetchone() == (text,)
    (tmp_path / "a.json").write_bytes(b'{"name": "\xff"}')
    assert tool("import", tmp_path / "a.db", tmp_path / "a.json").stderr == "a.json is not UTF-8 at byte 10\n"


@pytest.mark.parametrize("mark, encoding", [(b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")])
def test_a_text_of_a_shell_of_windows_is_the_text_that_it_would_be_elsewhere(tmp_path, mark, encoding):
    watched(tmp_path / "a.db")
    text = "\r\n".join(json.dumps(activity(number, name="é\u2028🏃"), ensure_ascii=False) for number in (1, 2))
    content = mark + text.encode(encoding)
    (tmp_path / "a.json").write_bytes(content)
    (tmp_path / "a.json.gz").write_bytes(gzip.compress(content))
    for file in ("a.json", "a.json.gz"):
        assert tool("import", tmp_path / "a.db", tmp_path / file).returncode == 0
    assert tool("import", tmp_path / "a.db", "-", stdin=content).stdout == b"landed nothing new; 2 known already\n"
    assert [body.decode() for _, body in passed(tmp_path / "a.db")] == [text] * 3
    (tmp_path / "a.json").write_bytes(content[:-1])
    assert tool("import", tmp_path / "a.db", tmp_path / "a.json").stderr == f"a.json begins as UTF-16 and is not: truncated data at byte {len(content) - 2}\n"


# --- more than SQLite holds in one value -----------------------------------------------------------------------------------


def test_an_array_above_the_limit_is_refused_by_name_and_limit(tmp_path):
    watched(tmp_path / "a.db")
    with open(tmp_path / "large.json", "wb") as file:
        file.write(b'[\n{"id": 1},\n')
        file.truncate(1_000_000_001)
    done = tool("import", tmp_path / "a.db", tmp_path / "large.json")
    assert done.returncode == 1 and done.stderr == "large.json is one JSON text of more than 999,000,000 bytes, which is the most; as lines of objects it may be larger\n"
    assert passed(tmp_path / "a.db") == []


@pytest.mark.parametrize("seed", range(20))
def test_lines_above_the_limit_are_cut_between_objects_and_nothing_is_lost(seed):
    rng = random.Random(seed)
    objects = [{"id": i, "text": "x{[\\n\"" * rng.randrange(8), "deep": [{"a": [1]}]} for i in range(rng.randrange(20, 60))]
    lines = [json.dumps(o, indent=rng.choice([None, None, 2])) for o in objects]
    lines[0] = json.dumps(objects[0])
    text = (rng.choice(["\n", "\r\n", "\n\n"]).join(lines) + rng.choice(["", "\n"])).encode()
    piece = rng.randrange(200, 400)
    for size in (None, len(text)):
        found = list(inbox.pieces(io.BytesIO(text), "f", size, limit=len(text) - 1, piece=piece))
        assert b"".join(bytes(part) for _, part in found) == text and len(found) > 1
        at = 0
        for source, part in found:
            assert source == f"f from byte {at}" and len(part) <= piece + 400
            at += len(part)
        decoder, seen = json.JSONDecoder(), []
        for _, part in found:
            rest = bytes(part).decode().strip()
            while rest:
                value, end = decoder.raw_decode(rest)
                seen.append(value)
                rest = rest[end:].strip()
        assert seen == objects
        ((source, whole),) = inbox.pieces(io.BytesIO(text), "f", size, limit=len(text), piece=piece)
        assert (source, bytes(whole)) == ("f", text)
    array = json.dumps(objects, indent=1).encode()
    with pytest.raises(Failure, match="f is one JSON text of more than 100 bytes"):
        list(inbox.pieces(io.BytesIO(array), "f", None, limit=100, piece=50))


# --- CSV, beside what the sqlite3 shell makes of it ------------------------------------------------------------------------


def by_the_shell(text, folder):
    (folder / "t.csv").write_bytes(text)
    done = subprocess.run(["sqlite3", "-init", "/dev/null", "-batch", "-json", "-cmd", f".import --csv {folder}/t.csv line", ":memory:", "SELECT * FROM line"], capture_output=True)
    return done.stdout


@pytest.mark.parametrize("seed", range(30))
def test_a_table_of_text_becomes_the_objects_that_the_sqlite3_shell_makes_to_the_byte(tmp_path, seed):
    rng = random.Random(seed)
    letters = ["a", "é", "1", " ", '""', ",", "\n", "\\", "'", "\u2028", "🏃", "\t", "\x01", ";", "{"]
    cell = lambda: "".join(rng.choices(letters, k=rng.randrange(1, 6)))  # noqa: E731
    width = rng.randrange(2, 6)
    header = [f"c{i}{rng.choice(['', ' x', 'é'])}" for i in range(width)]
    rows = [",".join(f'"{cell()}"' if rng.random() < 0.7 else str(rng.randrange(100)) for _ in range(width)) for _ in range(rng.randrange(1, 9))]
    text = (rng.choice(["", "\ufeff"]) + rng.choice(["\n", "\r\n"]).join([",".join(header), *rows]) + "\n").encode()
    found = list(csv_objects.read(io.BytesIO(text), "t.csv", 10**9))
    assert found == [("t.csv", by_the_shell(text, tmp_path))]
    small = list(csv_objects.read(io.BytesIO(text), "t.csv", 1))
    assert [row for _, part in small for row in json.loads(part or b"[]")] == json.loads(found[0][1])


def test_a_line_of_another_width_keeps_all_its_values():
    text = b"a,b,a,\n1,2,3,4,5\n1\n\n\"\xff\",2,3,4\n"
    ((_, part),) = csv_objects.read(io.BytesIO(text), "t.csv", 10**9)
    first, second, third = part.split(b",\n")
    assert json.loads(first[1:]) == {"a": "1", "b": "2", "a_3": "3", "_4": "4", "column_5": "5"}
    assert json.loads(second) == {"a": "1", "b": None, "a_3": None, "_4": None} and b"\xff" in third


# --- what is said ------------------------------------------------------------------------------------------------------------


def test_an_import_says_what_landed_what_was_known_and_what_was_refused(tmp_path):
    file = tmp_path / "a.json"
    file.write_text("\n".join(json.dumps(o) for o in [activity(1), activity(2), {"no": "kind"}, {"no": "kind either"}, activity("x y")]))
    done = tool("import", tmp_path / "a.db", file)
    assert done.returncode == 0 and done.stdout.splitlines() == [
        "landed 2 activities; 3 refused", "  a.json line 3: no known kind of object, and 1 more like it", "  a.json line 5: an activity without id",
        "  nothing is lost: what was refused is in bronze_rejects"]
    file.write_text(json.dumps([activity(2), activity(3), {"id": 2, "firstname": "A"}]))
    assert tool("import", tmp_path / "a.db", file).stdout == "landed 1 activity, 1 athlete; 1 known already\n"
    again = tool("import", tmp_path / "a.db", file)
    assert (again.returncode, again.stdout) == (0, "landed nothing new; all of it is known already\n")


@pytest.mark.parametrize("kind", ["FIT", "zip", "gzip", "GPX", "CSV of another program", "JSON of another program", "a text"])
def test_a_file_of_which_nothing_can_be_used_is_a_failure_with_the_reason(tmp_path, kind):
    rng = random.Random(kind)
    content = {
        "FIT": b"\x0e\x20\x8b\x08\x40\x00\x00\x00.FIT" + bytes(rng.choices(range(256), k=500)), "zip": b"PK\x03\x04" + bytes(rng.choices(range(256), k=500)),
        "gzip": b"\x1f\x8b\x08\x00" + bytes(rng.choices(range(256), k=500)), "GPX": b'<?xml version="1.0"?>\n<gpx><trk/></gpx>\n',
        "CSV of another program": b"date,metres\n2024-01-01,5000\n", "JSON of another program": b'{"data": [{"km": 5}]}', "a text": b"I ran 5 km.\n"}[kind]
    file = tmp_path / ("export.csv" if "CSV" in kind else "export")
    file.write_bytes(content)
    done = tool("import", "--athlete=me", tmp_path / "a.db", file, ATHLETE_PYTHON=sys.executable)
    assert done.returncode == 1 and done.stderr == "nothing that came could be used\n"
    first, *reasons, last = done.stdout.splitlines()
    if kind in ("FIT", "zip", "gzip", "GPX"):
        assert (first, reasons) == ("0 new, 1 unreadable:", []) and last.startswith("  export: ")
    else:
        assert first.startswith("landed nothing new; ") and first.endswith(" refused") and last.endswith("where it is to be had: sql/tools/importers/README.md")
        assert reasons.pop().endswith("what was refused is in bronze_rejects")
        assert reasons and all(file.name in reason for reason in reasons)
    with sqlite3.connect(tmp_path / "a.db") as db:
        assert db.execute("SELECT COUNT(*) FROM bronze_rejects").fetchone()[0] >= 1
