"""Every file of the extension has one place: folders that fit on a page, no circle of includes, names that mean one thing."""

import collections
import pathlib
import random
import re
import subprocess

import amalgamate
import pytest

from helpers.extension import ROOT
from helpers.machine.soak import soak

pytestmark = pytest.mark.unsanitized  # it reads texts

EXT = ROOT / "ext"

FILES = sorted(str(path.relative_to(EXT)) for path in EXT.rglob("*.[ch]") if EXT / "hosts" not in path.parents)  # programs that embed it
KINDS = {".py", ".sql", ".md", ".json", ".c", ".h"}
LONGER = {"500_time_estimator_rows.sql"}  # still to be parted
INCLUDE = re.compile(r'^\s*#include "([^"]+)"', re.M)
INCLUDES = {file: [found for found in INCLUDE.findall((EXT / file).read_text()) if found in FILES] for file in FILES}


def folder(file):
    return str(pathlib.PurePath(file).parent)


def unit(file):
    """A source and its header are one thing."""
    return file.rpartition(".")[0]


def circles(group):
    """Groups of files that include each other, directly or by way of others; at each step the files behind it."""
    edges = collections.defaultdict(dict)
    for file, found in INCLUDES.items():
        for other in found:
            if group(file) != group(other):
                edges[group(file)][group(other)] = f"{file} -> {other}"
    done, found = set(), []

    def visit(at, trail):
        if at in trail:
            ring = trail[trail.index(at) :] + [at]
            found.append([edges[a][b] for a, b in zip(ring, ring[1:])])
        elif at not in done:
            for other in edges[at]:
                visit(other, trail + [at])
            done.add(at)

    for at in list(edges):
        visit(at, [])
    return found


def test_a_folder_holds_no_more_than_thirty_files():
    """Those of stages, tools and tests too."""
    others = [str(path.relative_to(ROOT)) for top in ("sql", "tests", "notebooks", "schemas") for path in (ROOT / top).rglob("*") if path.suffix in KINDS]
    counts = collections.Counter(map(folder, FILES + others))
    assert {name: count for name, count in counts.items() if count > 30} == {}


def lines(path):
    """Of a stage those that somebody wrote: what `make stages` prints is read where it is printed from."""
    return len(re.sub(r"(?m)^-- [a-z-]+\b.*: printed by `make stages`\n(?:.*\n)*?(-- end\n|\Z)", "", path.read_text()).splitlines())


def test_no_file_is_longer_than_450_lines():
    """Stages, migrations and reports as well."""
    queries = [path for path in sorted((ROOT / "sql").rglob("*.sql")) if path.name not in LONGER]
    assert len(queries) > 100 and {str(path): n for path in [*map(EXT.joinpath, FILES), *queries] if (n := lines(path)) > 450} == {}
    assert lines(ROOT / "sql/3_registry/310_activity_tables.sql") < 50 < 200 < len((ROOT / "sql/3_registry/310_activity_tables.sql").read_text().splitlines())


def test_callbacks_are_named_by_their_place_in_the_table():
    """A final that is the value too is called a value."""
    found = []
    for path in EXT.rglob("*_sql.c"):
        for row in re.findall(r"\.kind = ATHLETE_(?:SCALAR|AGGREGATE|WINDOW|TABLE)\b.*?\.name = ", path.read_text(), re.S):
            fields = re.findall(r"\.(number|scalar|step|final|value|inverse|table) = &?(\w+)", row)
            found += [(field, name, dict(fields).get("value")) for field, name in fields]
    assert len(found) > 150
    assert [name for field, name, value in found if not name.endswith(f"_{field}") and not (field == "final" and name == value)] == []


def test_what_a_table_refers_to_is_in_one_header_of_its_domain():
    """But for the feature store, whose headers say more than that."""
    tables = [path for path in EXT.rglob("*_sql.c") if re.search(r"static const athlete_function \w+\[\] = ", path.read_text()) and path.parent.name != "store"]
    assert len(tables) > 7
    for path in tables:
        domain = path.name.removesuffix("_sql.c")
        assert f'#include "{path.parent.relative_to(EXT)}/{domain}_callbacks_sql.h"' in path.read_text(), path


def test_no_two_files_have_one_name():
    places = collections.defaultdict(set)
    for file in FILES:
        places[pathlib.PurePath(file).stem].add(folder(file))
    assert {name: found for name, found in places.items() if len(found) > 1} == {}


@pytest.mark.parametrize("group", [unit, folder], ids=["files", "folders"])
def test_nothing_includes_what_includes_it(group):
    assert circles(group) == []


def test_a_header_includes_what_it_needs_and_is_found_by_its_path():
    """Each alone, so that the order of includes never matters; and each written from ext, so that moving a file is one edit."""
    wrong = {file: name for file in FILES for name in INCLUDE.findall((EXT / file).read_text()) if name not in FILES and not name.startswith("sqlite3")}
    assert wrong == {}
    headers = [file for file in FILES if file.endswith(".h") and file != "trees/scorer/scorer_lanes.h"]
    text = "\n".join(f'#include "{header}"' for header in headers)
    for header in headers:
        guard = re.search(r"#ifndef (\w+)\n#define \1\n", (EXT / header).read_text())
        assert guard and guard[1] == "ATHLETE_" * (header != "athlete.h") + re.sub(r"\W", "_", header).upper(), header
    assert syntax(text, "gcc") == ""


def test_only_bindings_know_sqlite():
    """`*_sql` are bindings; what they share is base/binding and base/judge; memory, the poll and its statement are SQLite's, behind headers for kernels."""
    through = re.compile(r'#include [<"](sqlite3(?:ext)?\.h|base/sqlite\.h|base/(?:binding|judge)/\w+\.h|base/own_statement\.h)[>"]')
    allowed = re.compile(r"\w+_sql\.[ch]$|base/(?:binding|judge)/|base/(memory|poll|own_statement)\.[ch]$|base/sqlite\.h$|athlete\.[ch]$")
    knowing = {file for file in FILES if through.search((EXT / file).read_text())}
    assert {file for file in knowing if not allowed.search(file)} == set()


# --- any two files as one ----------------------------------------------------------------------------------------


def syntax(text, compiler):
    """What a compiler that only reads finds wrong with a text as one file."""
    flags = subprocess.run(["pkg-config", "--cflags", "sqlite3", "libcjson"], capture_output=True, text=True, check=True).stdout.split()
    command = [compiler, "-x", "c", "-std=c11", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", "-pthread", f"-I{EXT}", *flags, "-"]
    return subprocess.run(command, input=text, capture_output=True, text=True).stderr


@pytest.mark.parametrize("seed", [0, *map(soak, range(1, 3))])
@pytest.mark.parametrize("compiler", ["gcc", "clang"])
def test_files_in_any_order_are_one_file(compiler, seed):
    """What a file keeps to itself has a name that no other file has; so any two of them can be compiled as one."""
    sources = amalgamate.paths("*.c")
    random.Random(seed).shuffle(sources)
    assert syntax(amalgamate.plain(sources), compiler) == ""


def test_a_name_that_two_files_keep_to_themselves_is_seen():
    text = amalgamate.plain(amalgamate.paths("*.c"))
    again = re.search(r"^static (?:inline )?\w+ \*?(\w+)\(", (EXT / "base/numbers/date.c").read_text(), re.M)[1]
    assert f"‘{again}’" in syntax(text + f"\nstatic char {again}(void);\n", "gcc")


def test_two_files_give_no_macro_another_meaning():
    """A macro that ends with its file is undefined there; any other is defined once, but for one that only is by default."""
    homes = collections.defaultdict(set)
    for file in FILES:
        text = (EXT / file).read_text()
        gone = set(re.findall(r"^#undef (\w+)", text, re.M)) | set(re.findall(r"^#ifndef (\w+)\n#define \1\b", text, re.M))
        for name in set(re.findall(r"^\s*#\s*define (\w+)", text, re.M)) - gone:
            homes[name].add(file)
    assert {name: found for name, found in homes.items() if len(found) > 1} == {}


# --- one carrier of what is wrong -----------------------------------------------------------------------------------

CODE = {file: re.sub(r'/\*.*?\*/|"(?:[^"\\\n]|\\.)*"', '""', (EXT / file).read_text(), flags=re.S) for file in FILES}
FOR_SQLITE = re.compile(r"sqlite3_vtab \*\*out,\s*char \*\*message\)|int (?:sqlite3_athlete_init|module_fail)\([^)]*\)")


def test_a_sentence_travels_in_a_fault_and_nowhere_else():
    """What is wrong is said in an athlete_fault, by fault_refuse; a text to be freed is only what SQLite itself asks for: of an
    entry point, and of a module's xCreate and zErrMsg, which module_fail fills."""
    carried = re.compile(r"char \*\*(?:p?z?[eE]rr\w*|message|sentence|why|said)\b")
    ours = {file for file in FILES for found in carried.finditer(FOR_SQLITE.sub("", CODE[file]))}
    assert ours == set()
    filled = re.compile(r"zErrMsg(?!, (?:rc|code), )")
    assert {file for file in FILES if filled.search(CODE[file])} == set()
    written = re.compile(r"\bv?snprintf\(\s*(?:\w+->|\w+\.)*(?:fault|written)\b")
    assert {file for file in FILES if written.search(CODE[file])} == {"base/fault.c"}
