"""The library is a good guest: one symbol, no state of its own, nothing of the operating system, nothing written."""

import json
import pathlib
import random
import re
import sqlite3
import subprocess
from functools import cache

import pytest

from helpers import functions
from helpers.extension import BUILD, EXTENSION, ROOT, connect

LIBRARY = pathlib.Path(EXTENSION).with_suffix(".so")
OBJECTS = sorted((BUILD / "obj" / "ext").rglob("*.o"))
STATIC_PARTS = BUILD / "parts.a"  # every object of the static library, with all its names

# A line of `objdump -t` for a variable: address, flags, section, size, name. The sections are those that can be
# written to after loading; .data.rel.ro is read-only by then.
WRITABLE = re.compile(
    r"^[0-9a-f]+ .{5}[O ].? ?(?:\.(?:data(?!\.rel\.ro)|bss|tbss|tdata)\S*|\*COM\*)\t[0-9a-f]+ +(?:\.hidden )?(\S+)$", re.M
)
FROM_SANITIZERS = re.compile(r"\.|__a?san|__ubsan|__odr_asan")


def output(*command):
    return subprocess.run(list(map(str, command)), capture_output=True, text=True, check=True).stdout


@cache
def names(*arguments):
    """Of many files, too, each of which is told of in a line that ends with a colon."""
    return {line.split()[-1].split("@")[0] for line in output("nm", *arguments).splitlines() if line.strip() and not line.endswith(":")}


def imports(paths):
    return names("-u", *paths)


def writable(paths):
    found = set(WRITABLE.findall(output("objdump", "-t", *paths)))
    return {name for name in found if not FROM_SANITIZERS.match(name)}


def test_one_symbol_is_exported():
    assert names("-D", "--defined-only", LIBRARY) == {"sqlite3_athlete_init"}


@pytest.mark.unsanitized  # there they are compiled by folder
def test_there_is_an_object_for_every_source():
    sources = {p.stem for p in (ROOT / "ext").rglob("*.c") if ROOT / "ext" / "hosts" not in p.parents}  # which embed it
    static = {pathlib.Path(member).stem for member in output("ar", "t", STATIC_PARTS).split()}
    assert {p.stem for p in OBJECTS} >= sources and static >= sources


def test_the_only_writable_variable_is_the_one_of_the_loading_protocol():
    assert writable(OBJECTS) == {"sqlite3_api"}


def test_the_embedded_build_has_no_writable_variable():
    assert writable([STATIC_PARTS]) == set()


# In the sanitized build an assertion that does not hold ends the program.
ASSERTS = {"__assert_fail"} if BUILD.name == "asan" else set()

FORBIDDEN = {
    "writes or prints": "printf fprintf vprintf puts putchar fputs fputc putc fwrite perror write open creat "
    "fopen freopen fdopen open64 fopen64 remove rename unlink mkdir tmpfile stdout stderr stdin "
    "__printf_chk __fprintf_chk __vfprintf_chk",
    "reads files": "read fread fgets getline fgetc getc opendir readdir stat lstat fstat access readlink",
    "talks to others": "socket connect bind listen accept send recv getaddrinfo pipe fork vfork execve execvp system "
    "popen kill signal sigaction dlopen dlsym mmap shm_open",
    "ends the program": "exit _exit _Exit quick_exit abort atexit __assert_fail raise longjmp _setjmp",
    "depends on when, where or who": "time clock clock_gettime gettimeofday localtime localtime_r gmtime mktime "
    "strftime getenv secure_getenv setenv setlocale localeconv uselocale getpid getuid rand srand random rand_r "
    "drand48 getrandom arc4random nanosleep sleep usleep",
    "differs between platforms": "exp exp2 expm1 log log2 log10 log1p pow sin cos tan asin acos atan atan2 sinh cosh tanh "
    "cbrt hypot tgamma lgamma erf erfc expf logf powf sinf cosf tanhf strtod strtof atof sscanf __isoc99_sscanf "
    "qsort",
    "bypasses the one allocator": "malloc calloc realloc reallocarray free strdup strndup asprintf posix_memalign "
    "aligned_alloc alloca",
    "has no bounds": "strcpy strcat sprintf gets __strcpy_chk __strcat_chk __sprintf_chk",
}


@pytest.mark.parametrize("why", FORBIDDEN)
def test_nothing_is_imported_that(why):
    assert (imports(OBJECTS) & set(FORBIDDEN[why].split())) - ASSERTS == set()


def test_preconditions_are_checked_where_errors_are_looked_for_and_nowhere_else():
    assert imports(OBJECTS) & {"__assert_fail"} == ASSERTS


def test_kernels_know_no_sqlite():
    """Law 2: what a kernel includes, directly or not, is in the list of dependencies that the compiler wrote."""
    kernels = [o for o in OBJECTS if o.parent.name not in ("base", "binding", "judge", "ext") and not o.stem.endswith("_sql")]
    forbidden = re.compile(r"\S*(?:sqlite3?(?:ext)?|base/binding/\w+)\.h")
    known = {o.stem: set(forbidden.findall(o.with_suffix(".d").read_text())) for o in kernels}
    assert len(known) > 0
    assert {stem: headers for stem, headers in known.items() if headers} == {}


# --- loading -----------------------------------------------------------------------------------------------------


def test_loading_and_calling_leave_the_file_as_it_was(tmp_path):
    path = tmp_path / "a.db"
    with sqlite3.connect(path) as plain:
        plain.execute("CREATE TABLE t(x)")
        plain.execute("INSERT INTO t VALUES (1)")
    plain.close()
    before = path.read_bytes()
    db = connect(path)
    assert db.execute("SELECT count(*) FROM athlete_functions").fetchone()[0] > 0
    assert db.execute("SELECT count(*) FROM sqlite_schema").fetchone() == (1,)
    assert db.execute("SELECT count(*) FROM sqlite_temp_schema").fetchone() == (0,)
    assert db.total_changes == 0
    db.close()
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["a.db"]


@pytest.mark.parametrize("mode", ["mode=ro", "immutable=1"])
def test_a_read_only_database_is_enough(tmp_path, mode):
    path = tmp_path / "a.db"
    sqlite3.connect(path).execute("CREATE TABLE t(x)").connection.close()
    path.chmod(0o444)
    db = connect(f"file:{path}?{mode}", uri=True)
    for function in functions.declared(db):
        for sql in function.queries(function.base()):
            db.execute(sql).fetchall()
    db.close()


def test_the_shell_loads_it_by_name_without_its_ending():
    script = f".load {LIBRARY.with_suffix('')}\nSELECT 'version ' || athlete_version();\n"
    shell = subprocess.run(["sqlite3", ":memory:"], input=script, capture_output=True, text=True)
    assert re.fullmatch(r"version \d+\.\d+\.\d+\n", shell.stdout), shell.stderr


def test_loading_twice_on_one_connection_is_harmless(db):
    db.enable_load_extension(True)
    db.load_extension(EXTENSION)
    assert db.execute("SELECT athlete_version()").fetchone()[0]


def test_a_program_that_embeds_it_registers_and_queries():
    queries = ["SELECT athlete_version()", "SELECT count(*) > 3 FROM athlete_functions"]
    version, more = output(BUILD / "laws" / "embedded", *queries).split()
    assert re.fullmatch(r"\d+\.\d+\.\d+", version) and more == "1"


# --- what a hostile schema may do -------------------------------------------------------------------------------


@pytest.mark.parametrize("trusted_schema", [0, 1])
def test_views_may_use_pure_functions_and_never_direct_ones(db, trusted_schema):
    db.execute(f"PRAGMA trusted_schema = {trusted_schema}")
    for i, function in enumerate(functions.declared(db)):
        for j, sql in enumerate(function.queries(function.base())):
            db.execute(f"CREATE VIEW v_{i}_{j} AS {sql}")
            if function.trust == "pure":
                db.execute(f"SELECT * FROM v_{i}_{j}").fetchall()
            else:
                with pytest.raises(sqlite3.OperationalError, match="unsafe use of"):
                    db.execute(f"SELECT * FROM v_{i}_{j}").fetchall()


@pytest.mark.parametrize("trusted_schema", [0, 1])
def test_triggers_may_use_pure_functions_and_never_direct_ones(db, trusted_schema):
    db.execute(f"PRAGMA trusted_schema = {trusted_schema}")
    for i, function in enumerate(functions.declared(db)):
        sql = next(iter(function.queries(function.base())))
        db.execute(f"CREATE TABLE t_{i}(x)")
        db.execute(f"CREATE TRIGGER r_{i} AFTER INSERT ON t_{i} BEGIN SELECT * FROM ({sql}); END")
        if function.trust == "pure":
            db.execute(f"INSERT INTO t_{i} VALUES (1)")
        else:
            with pytest.raises(sqlite3.OperationalError, match="unsafe use of"):
                db.execute(f"INSERT INTO t_{i} VALUES (1)")


# https://www.sqlite.org/security.html, section 1.1: the table of reduced limits.
HOSTILE_LIMITS = {
    sqlite3.SQLITE_LIMIT_LENGTH: 1_000_000,
    sqlite3.SQLITE_LIMIT_SQL_LENGTH: 100_000,
    sqlite3.SQLITE_LIMIT_COLUMN: 100,
    sqlite3.SQLITE_LIMIT_EXPR_DEPTH: 10,
    sqlite3.SQLITE_LIMIT_COMPOUND_SELECT: 3,
    sqlite3.SQLITE_LIMIT_VDBE_OP: 25_000,
    sqlite3.SQLITE_LIMIT_FUNCTION_ARG: 8,
    sqlite3.SQLITE_LIMIT_ATTACHED: 0,
    sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH: 50,
    sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER: 10,
    sqlite3.SQLITE_LIMIT_TRIGGER_DEPTH: 10,
}


def test_under_the_limits_that_sqlite_advises_for_hostile_input_every_function_works(db):
    for limit, value in HOSTILE_LIMITS.items():
        db.setlimit(limit, value)
    for function in functions.declared(db):
        for sql in function.queries(function.base()):
            db.execute(sql).fetchall()


@pytest.mark.parametrize("seed", range(8))
def test_under_these_limits_a_lookup_and_a_training_set_answer_as_they_do_without(db, seed):
    """What stands around a caller's SQL is deeper than they allow, and asks for more parameters."""
    rng = random.Random(seed)
    keys = [f"k{i}" for i in range(rng.choice([1, 2, 3, 6]))]
    columns = [f"c{i}" for i in range(rng.choice([1, 5, 30, 70]))]
    names = [*keys, "event_timestamp", "available_at", *columns]
    db.execute(f"CREATE TABLE sleep ({', '.join(names)}, PRIMARY KEY ({', '.join(keys)}, event_timestamp, available_at)) WITHOUT ROWID")
    db.execute(f"CREATE TABLE sleep_history ({', '.join(names)}, superseded_at)")
    db.execute(f"CREATE INDEX past ON sleep_history ({', '.join(keys)}, event_timestamp, available_at)")
    for day in range(1, 9):
        row = [*(rng.choice("ab") for _ in keys), f"2024-01-0{day}T06:00:00Z", f"2024-01-0{day}T06:00:00Z", *(rng.choice([None, day, day + 0.5]) for _ in columns)]
        db.execute(f"INSERT INTO sleep VALUES ({', '.join('?' * len(row))})", row)
        db.execute(f"INSERT INTO sleep_history VALUES ({', '.join('?' * len(row))}, '2024-01-09T00:00:00Z')", [*row[:-1], -1])
    spec = {"labels": f"SELECT {', '.join(keys)}, event_timestamp AS at FROM sleep", "as_of": "at", "lookups": [{"group": "sleep", "prefix": "f_", "keys": {k: k for k in keys}}],
            "computed": {"twice": "2 * f_c0"}}  # fmt: skip

    def answers(name):
        db.execute(f"CREATE VIRTUAL TABLE temp.{name} USING asof(sleep, entity='{', '.join(keys)}', ignore_nulls={seed % 2})")
        db.execute(f"CREATE VIRTUAL TABLE temp.{name}_set USING training_set('{json.dumps(spec)}')")
        asked = f"SELECT f.* FROM sleep AS s JOIN {name} AS f USING ({', '.join(keys)}) WHERE f.as_of = s.event_timestamp"
        return db.execute(asked).fetchall() + db.execute(f"SELECT * FROM {name}_set").fetchall()

    expected = answers("free")
    for limit, value in HOSTILE_LIMITS.items():
        db.setlimit(limit, value)
    assert len(expected) == 16 and answers("narrow") == expected
    for limit, value in HOSTILE_LIMITS.items():
        assert db.getlimit(limit) == value
