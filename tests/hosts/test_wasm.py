"""The page that opens an athlete.db in a browser: what it is made of, how it opens bytes of anyone's, and all of it in Node and in Chromium."""

import base64
import ctypes
import functools
import gzip
import hashlib
import importlib.util
import json
import random
import re
import shutil
import sqlite3
import subprocess

import pytest

from helpers.athletes import demo
from helpers.extension import BUILD, ROOT
from helpers.machine.browser import browser
from helpers.machine.sqlites import alone
from laws.architectures import builds

pytestmark = pytest.mark.unsanitized  # it holds builds of its own

HOST = ROOT / "ext" / "hosts" / "wasm"


def builder():
    spec = importlib.util.spec_from_file_location("wasm_build", HOST / "build.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


# --- quick ---------------------------------------------------------------------------------------------------------------


def test_the_page_holds_all_that_it_needs_lets_only_its_own_script_run_and_has_nowhere_to_send():
    glue, wasm = "var makeSqlite = {braces} => 1;", random.Random(1).randbytes(5000)
    page = builder().page(glue, wasm)
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)[1]
    script = re.findall(r"<script>(.*?)</script>", page, re.S)
    assert len(script) == 1 and f"'sha256-{base64.b64encode(hashlib.sha256(script[0].encode()).digest()).decode()}'" in policy
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == "'none'" and "connect-src" not in rules and "'unsafe-inline'" not in rules["script-src"] and rules["img-src"] == "data:"
    held = dict(re.findall(r'<script type="text/plain" id="([\w-]+)">(.*?)</script>', page, re.S))
    assert gzip.decompress(base64.b64decode(held["library"])) == wasm
    assert glue in held["worker"] and "class Answers" in held["worker"] and "svg_calendar(" in held["report-sql"] and "-- include" not in held["report-sql"]
    assert not re.search(r"<link|<iframe|<script[^>]* src|@import|https?://(?!www\.w3\.org)", page)


def test_a_script_that_would_end_its_element_is_refused():
    with pytest.raises(SystemExit, match="cannot stand in a page"):
        builder().page("let x = '</SCRIPT>';", b"")


@functools.cache
def bridge():
    """bridge.c as a library of this machine, with its own athlete: SQLite makes the names of an extension that is loaded everybody's."""
    target = BUILD / "laws" / "bridge.so"
    flags = subprocess.run(["pkg-config", "--cflags", "--libs", "sqlite3", "libcjson"], capture_output=True, text=True, check=True).stdout.split()
    with alone(BUILD / "packages.lock"):
        subprocess.run(["make", "-s", f"BUILD={BUILD.relative_to(ROOT)}", "static"], cwd=ROOT, check=True)
        subprocess.run(["gcc", "-std=c11", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-Wl,-Bsymbolic", "-DSQLITE_CORE", f"-I{ROOT}/ext", "-o", target, HOST / "bridge.c",
                        BUILD / "libathlete.a", *flags, "-lm", "-pthread"], check=True)  # fmt: skip
    library = ctypes.CDLL(str(target))
    library.bridge_open.restype = library.bridge_bytes.restype = ctypes.c_void_p
    library.bridge_open.argtypes = [ctypes.c_char_p, ctypes.c_int, ctypes.POINTER(ctypes.c_void_p)]
    library.bridge_bytes.argtypes = [ctypes.c_void_p, ctypes.POINTER(ctypes.c_int)]
    library.sqlite3_exec.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p]
    library.sqlite3_close.argtypes = library.sqlite3_free.argtypes = [ctypes.c_void_p]
    return library


def through_the_bridge(given, sql):
    """The bytes after a statement was run over those given, and its code; or the sentence that says why they do not open."""
    library, message, n = bridge(), ctypes.c_void_p(), ctypes.c_int()
    db = library.bridge_open(given, len(given), ctypes.byref(message))
    if not db:
        sentence = ctypes.string_at(message.value).decode()
        library.sqlite3_free(message)
        return sentence, None
    code = library.sqlite3_exec(db, sql.encode(), None, None, None)
    at = library.bridge_bytes(db, ctypes.byref(n))
    made = ctypes.string_at(at, n.value)
    library.sqlite3_free(at)
    assert library.sqlite3_close(db) == 0
    return code, made


def a_file(folder, mode, n):
    path = folder / "a.db"
    path.unlink(missing_ok=True)
    db = sqlite3.connect(path)
    db.execute(f"PRAGMA journal_mode = {mode}")
    db.execute("CREATE TABLE t (x)")
    db.executemany("INSERT INTO t VALUES (?)", [(str(i) * 50,) for i in range(n)])
    db.commit()
    db.close()
    return path.read_bytes()


@pytest.mark.parametrize("mode", ["delete", "wal"])
def test_a_file_opens_as_a_copy_that_has_the_functions_and_grows(tmp_path, mode):
    given = a_file(tmp_path, mode, 100)
    code, made = through_the_bridge(given, "WITH n AS (SELECT value FROM json_each('[1,2,3]')) INSERT INTO t SELECT hms(3600) || replace(hex(zeroblob(99999)), '00', 'x') FROM n")
    (tmp_path / "b.db").write_bytes(made)
    assert code == 0 and sqlite3.connect(tmp_path / "b.db").execute("SELECT COUNT(*), MAX(length(x)) FROM t WHERE x LIKE '1:00:00x%'").fetchone() == (3, 7 + 99999)
    assert given == a_file(tmp_path, mode, 100) and len(made) > len(given)


def test_no_statement_reaches_another_file_and_what_the_file_says_is_not_trusted(tmp_path):
    given = a_file(tmp_path, "delete", 1)
    for sql in (f"ATTACH '{tmp_path}/other.db' AS o", "SELECT load_extension('x')", "PRAGMA writable_schema = 1; UPDATE sqlite_schema SET sql = 'x'"):
        assert through_the_bridge(given, sql)[0] != 0
    assert [path.name for path in tmp_path.iterdir()] == ["a.db"]


def test_bytes_that_are_no_database_are_a_sentence_and_damaged_ones_never_a_crash(tmp_path):
    rng, whole = random.Random(5), a_file(tmp_path, "wal", 200)
    assert through_the_bridge(b"", "CREATE TABLE t (x)")[0] == 0  # an empty file is an empty database
    opened = 0
    for i in range(400):
        given = bytearray(rng.randbytes(rng.randrange(1, 9000)) if i % 4 == 0 else whole[: rng.choice([len(whole), rng.randrange(1, len(whole) + 1)])])
        for _ in range(rng.choice([0, 1, 20])):
            given[rng.randrange(len(given))] = rng.randrange(256)
        told, made = through_the_bridge(bytes(given), "SELECT count(*), sum(length(x)) FROM t")
        opened += made is not None
        assert made is not None or re.match("file is not a database|database disk image is malformed|malformed database schema|unsupported file format|disk I/O error|unable to open", told), told
    assert 50 < opened < 300


# --- all of it, after `make wasm`'s minute of compiling ------------------------------------------------------------------


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    folder = tmp_path_factory.mktemp("page")
    with alone(BUILD / "packages.lock"):
        subprocess.run(["make", "-s", "wasm", f"BUILD={BUILD.relative_to(ROOT)}", f"DIST={folder}"], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    return folder / "athlete.html"


@pytest.mark.soak
def test_in_node_it_gives_the_answers_rows_and_pictures_of_this_machine(page):
    folder = BUILD / "architectures" / "wasm"
    here = builds.build(folder.parent / "here", "gcc", "-O3")
    assert builds.report("wasm", builds.everything(folder.parent / "here", here), builds.on_wasm(folder)) == []


def dropped(chromium, page, file, until="document.querySelectorAll('#pictures svg').length > 0"):
    chromium.open(page.as_uri())
    for kind in ("dragEnter", "dragOver", "drop"):
        chromium.call("Input.dispatchDragEvent", type=kind, x=300, y=120, data={"items": [], "files": [str(file)], "dragOperationsMask": 1})
    chromium.until(f"{until} || !document.getElementById('fault').hidden")


def asked(chromium, sql):
    chromium.run(f"document.getElementById('rows').replaceChildren(); document.getElementById('sql').value = {json.dumps(sql)}; document.getElementById('run').click()")
    chromium.until("document.querySelector('#rows table') !== null || !document.getElementById('fault').hidden")
    return chromium.run("document.getElementById('fault').hidden ? [...document.querySelectorAll('#rows tbody tr')].map(tr => [...tr.cells].map(td => td.title)) : document.getElementById('fault').textContent")


@pytest.mark.soak
def test_in_chromium_a_dropped_file_is_reported_asked_and_explained_without_a_word_to_the_network(page, tmp_path):
    path = shutil.copy(demo.database(), tmp_path / "mine.db")
    before = path.read_bytes()
    with browser() as chromium:
        chromium.look(1280, 1000)
        dropped(chromium, page, path)
        done = subprocess.run([ROOT / "sql" / "tools" / "report", "--", path, tmp_path / "report.html"], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        headings = re.findall(r"<h2>(.*?)</h2>", (tmp_path / "report.html").read_text())
        assert chromium.run("[...document.querySelectorAll('#pictures h2')].map(h => h.textContent)") == headings and len(headings) >= 6
        assert asked(chromium, "SELECT count(*) FROM activity_features") == [[str(count) for count in sqlite3.connect(path).execute("SELECT count(*) FROM activity_features").fetchone()]]
        assert asked(chromium, "SELECT tss('x', 5, 5)") == "tss: argument 1 (moving_min) must be a number at least 0, got text 'x'"
        assert asked(chromium, "DELETE FROM athlete_names; SELECT count(*) FROM athlete_names") == [["0"]]
        chromium.until("document.querySelectorAll('#why svg').length > 0")
        names = chromium.run("[...document.querySelectorAll('#features label')].map(label => label.firstChild.textContent)")
        model = sqlite3.connect(path).execute("SELECT model_json FROM ml_model_versions WHERE json_type(model_json, '$.learner') IS NOT NULL ORDER BY model, version DESC").fetchone()[0]
        assert names == json.loads(model)["learner"]["feature_names"]
        assert chromium.complaints() == []
        assert {event["params"]["request"]["url"].split(":")[0] for event in chromium.events if event.get("method") == "Network.requestWillBeSent"} <= {"file", "blob", "data"}
        assert "Failed to fetch" in chromium.run("fetch('https://example.com/').then(() => 'sent', (error) => String(error))")
    assert path.read_bytes() == before


@pytest.mark.soak
def test_in_chromium_a_hostile_file_runs_nothing_and_another_file_is_a_sentence(page, tmp_path):
    path, hostile = tmp_path / "a.db", '<svg xmlns="http://www.w3.org/2000/svg" onload="window.hit=1"><script>window.hit=1</script></svg><img src=x onerror="window.hit=1">'
    db = sqlite3.connect(path)
    db.execute("CREATE TABLE silver_strava_activities (athlete_id TEXT)")
    db.execute('CREATE TABLE "<img src=x onerror=window.hit=1>" (x)')
    db.executemany("INSERT INTO silver_strava_activities VALUES (?)", [(hostile,), (hostile.split("</svg>")[0] + "</svg>",)])
    db.commit()
    with browser() as chromium:
        dropped(chromium, page, path, "false")
        assert "no such table" in chromium.run("document.getElementById('fault').textContent")
        assert len(asked(chromium, "SELECT athlete_id FROM silver_strava_activities")) == 2
        assert chromium.run("window.hit === undefined && document.querySelectorAll('#rows script').length") == 0
        (tmp_path / "b.db").write_bytes(b"not a database, but long enough to be read as one" * 99)
        dropped(chromium, page, tmp_path / "b.db", "false")
        assert chromium.run("document.getElementById('fault').textContent") == "file is not a database"


@pytest.mark.soak
def test_in_chromium_a_question_without_end_is_stopped_and_the_next_is_answered(page, tmp_path):
    (tmp_path / "a.db").write_bytes(a_file(tmp_path, "delete", 3))
    with browser() as chromium:
        dropped(chromium, page, tmp_path / "a.db", "!document.querySelector('main').hidden")
        chromium.run("document.getElementById('sql').value = 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n'; document.getElementById('run').click()")
        chromium.until("!document.getElementById('stop').hidden")
        chromium.run("document.getElementById('stop').click()")
        chromium.until("document.getElementById('fault').textContent === 'stopped' && document.getElementById('stop').hidden")
        assert asked(chromium, "SELECT count(*) FROM t") == [["3"]]
