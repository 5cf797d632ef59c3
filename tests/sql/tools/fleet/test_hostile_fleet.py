"""A fleet that somebody else has written to: nothing outside of its folder changes, good athletes are written, and what cannot be taken
ends as one sentence."""

import contextlib
import gzip
import json
import random
import shutil
import sqlite3

import pytest

from helpers.stores import fleets
from helpers.stores.hostile_file import TEXTS, plant
from helpers.tools import tool

ATHLETES = (1, 2)

pytestmark = pytest.mark.unsanitized  # the stages again


@pytest.fixture(scope="module")
def pristine(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hostile")
    fleets.ran(folder / "out", fleets.written(folder / "all.ndjson", [line for athlete in ATHLETES for line in fleets.objects([athlete])[:25]]), partitions=1)
    return folder / "out"


@pytest.fixture(scope="module")
def outline(tmp_path_factory):
    """What a fleet has, without a row in it."""
    import partition
    import place
    import pyarrow.parquet as pq

    here = place.Place(tmp_path_factory.mktemp("outline") / "out")
    here.make(1)
    version = here.begin(0)
    for athlete in ATHLETES:
        (version / "files" / f"{athlete}.db").write_bytes(b"")
    for name, schema in (("athletes", partition.ATHLETES), ("rejects", partition.REJECTS), ("activity_features", partition.ATHLETES)):
        pq.write_table(schema.empty_table(), version / f"{name}.parquet")
    here.publish(0, version)
    for name in ("pool.db", "template.db"):
        (here.folder / name).write_bytes(b"")
    return here.folder


def copied(pristine, folder):
    """A copy, beside a victim that nobody may touch."""
    (folder / "victim" / "files").mkdir(parents=True)
    (folder / "victim" / "refused").mkdir()
    shutil.copytree(pristine, folder / "out", symlinks=True)
    for file in version_of(folder / "out").rglob("*"):
        if file.is_file():
            shutil.copy(file, folder / "victim" / file.relative_to(version_of(folder / "out")))
    return folder / "out"


@pytest.fixture
def fleet(pristine, tmp_path):
    return copied(pristine, tmp_path)


@pytest.fixture
def empty(outline, tmp_path):
    return copied(outline, tmp_path)


def below(folder):
    return {str(file.relative_to(folder)): file.read_bytes() if file.is_file() else b"" for file in folder.rglob("*")}


def version_of(fleet):
    return fleet / (fleet / "partition=00000").readlink()


def linked(path, target):
    shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink(missing_ok=True)
    path.symlink_to(target)


def rewritten(path, sql):
    own = path.read_bytes()
    path.unlink()  # it may be a link to the file of the version before
    path.write_bytes(own)
    db = sqlite3.connect(path, isolation_level=None)
    db.executescript(sql)
    db.close()


MANIFESTS = [b"", b"{}", b"[]", b"null", b"1", b"\xff\xfe", b'{"format": 1}', b"[" * 9000, b'{"format": 1, "partitions": "x"}', b'{"format": "\\u001b[2J", "partitions": 1}',
             *(b'{"format": 1, "partitions": %s}' % number for number in (b"0", b"-1", b"1e9", b"true", b"null", b"[1]", b"99999999999999999999", b"1.5", b"9" * 5000))]  # fmt: skip
LINKS = ["../victim", "/", ".", "..", ".versions/../../victim", ".versions/..", "manifest.json", ".versions/00001-" + "0" * 32, ".versions/00000-" + "0" * 32, "x\ny", "\x1b[2J"]
# What is no manifest and no link: (name, what is done to the folder).
WAYS = {
    **{f"manifest {number}": lambda fleet, text=text: (fleet / "manifest.json").write_bytes(text) for number, text in enumerate(MANIFESTS)},
    **{f"link {target!r}": lambda fleet, target=target: linked(fleet / "partition=00000", target) for target in LINKS},
    "no link": lambda fleet: ((fleet / "partition=00000").unlink(), (fleet / "partition=00000").mkdir()),
    "a link to a link": lambda fleet: ((fleet / ".versions" / ("00000-" + "a" * 32)).symlink_to("../../victim"), linked(fleet / "partition=00000", ".versions/00000-" + "a" * 32)),
    "versions elsewhere": lambda fleet: (shutil.move(version_of(fleet), fleet.parent / "victim" / version_of(fleet).name), linked(fleet / ".versions", "../victim")),
    "files elsewhere": lambda fleet: linked(version_of(fleet) / "files", "../../../victim/files"),
    "refused elsewhere": lambda fleet: linked(version_of(fleet) / "refused", "../../../victim/refused"),
    "left behind elsewhere": lambda fleet: ((fleet / ".versions" / "arrivals-x").symlink_to("../../victim"), (fleet / ".link-x").symlink_to("../victim")),
    "the template elsewhere": lambda fleet: linked(fleet / "template.db", "../victim/template.db"),
    "an athlete elsewhere": lambda fleet: linked(version_of(fleet) / "files" / "1.db", "../../../../victim/files/1.db"),
    "names that are no ids": lambda fleet: [(version_of(fleet) / "files" / name).write_bytes(b"x") for name in ("..db", "x.db", "-1.db", "1.db-journal", "$(touch x).db", "a\nb.db", "٣.db", "9" * 41 + ".db")],
    "refused that are no ids": lambda fleet: [(version_of(fleet) / "refused" / name).write_bytes(b"{}") for name in ("..ndjson", "x.ndjson", "`touch x`.ndjson", "a\nb.ndjson")],
    **{f"table {name} is {number}": lambda fleet, name=name, text=text: (version_of(fleet) / f"{name}.parquet").write_bytes(text)
       for name in ("activity_features", "athletes", "rejects", "gold_athlete_predictions") for number, text in enumerate((b"", b"PAR1", b"PAR1" + b"\xff" * 100 + b"PAR1", b"x" * 100_000))},
    "a table of another name": lambda fleet: [shutil.copy(version_of(fleet) / "athletes.parquet", version_of(fleet) / f"{name}.parquet") for name in ('x"; DROP', "*", "a'b", "\x1b[2J")],
    "a table without its owner": lambda fleet: shutil.copy(version_of(fleet) / "rejects.parquet", version_of(fleet) / "activity_features.parquet"),
    "a table that is another": lambda fleet: shutil.copy(version_of(fleet) / "activity_features.parquet", version_of(fleet) / "athletes.parquet"),
    "made by nobody": lambda fleet: (version_of(fleet) / "made_by").write_bytes(b"\xff\0"),
    "no models": lambda fleet: rewritten(fleet / "pool.db", "DROP TABLE IF EXISTS ml_aliases; CREATE TABLE ml_aliases (a); INSERT INTO ml_aliases VALUES (1)"),
    "models without columns": lambda fleet: rewritten(fleet / "pool.db", "DROP TABLE IF EXISTS ml_runs; CREATE TABLE ml_runs (\"x\"\"y\", 'a;b')"),
    "models that are a view": lambda fleet: rewritten(fleet / "pool.db", "DROP TABLE IF EXISTS ml_models; CREATE VIEW ml_models AS SELECT load_extension('x') AS model"),
    "a pool that is none": lambda fleet: (fleet / "pool.db").write_bytes(b"SQLite format 3\0" + b"\xff" * 5000),
}  # fmt: skip
ASKED = [["rows", "SELECT COUNT(*) FROM activity_features"], ["page", "1"], ["forget", "1"]]


def sentence(done):
    assert done.returncode in (0, 1) and "Traceback" not in done.stdout + done.stderr and "\x1b" not in done.stdout + done.stderr, done.stderr
    assert (done.returncode == 0) == (done.stderr == "") and len(done.stderr) < 2000, done.stderr
    return done.stderr


@pytest.mark.parametrize("way", WAYS)
def test_asking_a_folder_that_somebody_else_wrote_touches_no_other(empty, way):
    import asking
    from common.database import Failure

    WAYS[way](empty)
    before = below(empty.parent / "victim")
    for what, *told in ASKED:
        with contextlib.suppress(Failure):
            answer = getattr(asking, what)(empty, *told)
            assert all("\x1b" not in line for line in ([answer] if isinstance(answer, str) else answer))
    assert below(empty.parent / "victim") == before and {file.name for file in empty.parent.iterdir()} == {"out", "victim"}


@pytest.mark.soak
@pytest.mark.parametrize("command", ["run", "pool"])
@pytest.mark.parametrize("way", WAYS)
def test_a_job_in_a_folder_that_somebody_else_wrote_ends_in_one_sentence_and_touches_no_other(fleet, way, command):
    WAYS[way](fleet)
    before = below(fleet.parent / "victim")
    sentence(fleets.fleet(command, fleet))
    assert below(fleet.parent / "victim") == before and {file.name for file in fleet.parent.iterdir()} == {"out", "victim"}


@pytest.mark.parametrize("athlete", ["../x", "../../../../victim/files/1", "..", "", "1.db", "x", "/etc/passwd", "-- 1", "1\n", "1; touch x", "٣", "9" * 50, "\x1b[2J"])
@pytest.mark.parametrize("command", ["page", "forget"])
def test_a_name_that_is_no_id_is_nobodys(empty, command, athlete):
    import asking
    from common.database import Failure

    before = below(empty.parent)
    with pytest.raises(Failure, match="there is no athlete"):
        list(getattr(asking, command)(empty, athlete))
    assert below(empty.parent) == before


def test_rows_of_another_athlete_are_not_taken_from_a_file():
    import tables
    from groups import ExchangeError
    from helpers.athletes import demo

    with pytest.raises(ExchangeError, match="has rows of athlete 4001"):
        tables.read(demo.database(), tables.layouts(demo.database()), "7")


# --- one athlete's file --------------------------------------------------------------------------------------------------


def as_others(path):
    rewritten(path, "CREATE TABLE t AS SELECT * FROM activity_features; UPDATE t SET athlete_id = '2'; INSERT INTO activity_features SELECT * FROM t; DROP TABLE t")


def planted(seed):
    def plants(path):
        rng = random.Random(seed)
        own = path.read_bytes()
        path.unlink()
        path.write_bytes(own)
        db = sqlite3.connect(path, isolation_level=None)
        plant(db, rng, lambda: rng.choice(TEXTS).replace("M", str(path.parents[3].parent / "victim" / "made")))
        db.execute(f"PRAGMA user_version = {rng.choice([0, 1, 49])}")
        db.close()

    return plants


FILES = {
    "rows of another": as_others,
    "no database": lambda path: path.write_bytes(b"x" * 5000),
    "nothing": lambda path: path.write_bytes(b""),
    "no tables": lambda path: rewritten(path, "PRAGMA writable_schema = ON; DELETE FROM sqlite_schema"),
    "a table that is a view": lambda path: rewritten(path, "ALTER TABLE gold_athlete_predictions RENAME TO kept; CREATE VIEW gold_athlete_predictions AS SELECT * FROM kept"),
    "numbers that are texts": lambda path: rewritten(path, "PRAGMA legacy_alter_table = ON; CREATE TABLE t AS SELECT * FROM athlete_rolling_features; UPDATE t SET ctl_42d = 'x' || char(0) || 'y'; DROP TABLE athlete_rolling_features; ALTER TABLE t RENAME TO athlete_rolling_features"),
    "models of its own": lambda path: rewritten(path, "DROP TABLE IF EXISTS ml_models; CREATE TABLE ml_models (model, rows_sql, lookups, computed, learner, entity)"),
    "a newer one": lambda path: rewritten(path, "PRAGMA user_version = 9999"),
    **{f"planted {seed}": planted(seed) for seed in range(20)},
}


@pytest.mark.soak
@pytest.mark.parametrize("way", FILES)
def test_an_athletes_file_that_somebody_else_wrote_stops_nobody_else(fleet, way):
    file = version_of(fleet) / "files" / "1.db"
    file.unlink() if way in ("no database", "nothing") else None
    FILES[way](file)
    before = below(fleet.parent / "victim")
    (version_of(fleet) / "made_by").write_text("another")  # everybody is due
    done = fleets.fleet("run", "--refused-share=1", fleet)
    assert done.returncode == 0 and done.stderr == "" and "Traceback" not in done.stdout, done.stderr
    rows = fleets.tables_of_fleet(fleet)
    outcome = {row["athlete_id"]: row["outcome"] for row in rows["athletes"].to_pylist()}
    assert outcome["2"] == "advanced" and set(outcome) == {"1", "2"}, done.stdout
    assert way.startswith("planted") or outcome["1"] == "refused" or way in ("models of its own", "nothing", "no tables"), done.stdout
    n = [row for row in rows["activity_features"].to_pylist() if row["athlete_id"] == "2"]
    assert len(n) == len({row["activity_id"] for row in n}) == 24
    sentence(fleets.fleet("page", fleet, 1))
    told = fleets.fleet("pool", fleet)
    assert told.returncode == 0 and "Traceback" not in told.stderr, told.stderr
    assert below(fleet.parent / "victim") == before


# --- what arrives --------------------------------------------------------------------------------------------------------

RAW = {
    "broken.gz": gzip.compress(b'{"id": 1}\n' * 1000)[:-20], "checked.gz": gzip.compress(b'{"id": 1}')[:-4] + b"\0\0\0\0", "none.gz": b"\x1f\x8b", "odd.gz": b"\x1f\x8b\x08" + b"\xff" * 50,
}  # fmt: skip


@pytest.mark.parametrize("name", RAW)
def test_a_gzip_that_is_broken_is_named(tmp_path, name):
    import job
    from common.database import Failure

    (tmp_path / name).write_bytes(RAW[name])
    with pytest.raises(Failure, match=f"{name} is a broken gzip"):
        for piece in job.pieces([tmp_path]):
            list(job.lines_of(piece))


def test_of_two_owners_of_an_object_the_one_that_bronze_takes_has_it(tmp_path):
    import keys

    activity = json.loads(fleets.objects([1])[1]) | {"id": 5}
    del activity["athlete"]
    body = json.dumps(activity)[1:]
    lines = ['{"athlete": {"id": 1}, "athlete": {"id": 2}, ' + body, '{"athlete": {"id": 3, "id": 4}, ' + body, '{"\\u0061thlete": {"id": 6}, "athlete": {"id": 7}, ' + body,
             '{"athlete": {"\\u0069d": 8, "id": 9}, ' + body, '{"athlete": null, "athlete": {"id": 2}, ' + body]  # fmt: skip
    assert [keys.athlete_of(line.encode()) for line in lines] == ["1", "3", "6", "8", None]
    for number, line in enumerate(lines):
        path = tmp_path / f"{number}.db"
        tool("import", path, fleets.written(tmp_path / f"{number}.ndjson", [line]))
        with sqlite3.connect(path) as db:
            landed = [value for (value,) in db.execute("SELECT trim(payload -> '$.athlete.id', '\"') FROM bronze_strava_activities")]
        db.close()
        assert landed in ([keys.athlete_of(line.encode())], []), (line, landed)
