"""Templates of SQL: a text comes out of SQLite as it went into a template, wherever it stood."""

import random
import re
import sqlite3
import subprocess

import pytest
import templates

from helpers.extension import ROOT
from helpers.machine.programs import compiled, libraries

ODD = ["it's", 'say "x"', "'); DROP TABLE t; --", '"; --', "-- x", "/* x", "{a}", "}{", "{{", "}", "%s%n%Q", "\\", "?1", "ü\U0001f3c3", "a\tb", "a\nb", "''", '""', " ", ":x", "|", ";", ""]


@pytest.fixture(scope="module")
def expand(tmp_path_factory):
    program = compiled(tmp_path_factory.mktemp("template"), "base/sql_template_check", ["sql_template"], "gcc", "-DSQLITE_CORE", "-DATHLETE_DEBUG",
                       needs=libraries("sqlite3"))

    def run(template, *, other="", a="", b="", c="", sql="1", members=(), may_fail=False):
        call = subprocess.run([program, template, other, a, b, c, sql, *members], capture_output=True, text=True)
        assert may_fail or call.returncode == 0, call.stderr
        return call if may_fail else call.stdout

    return run


def text(rng):
    return "".join(rng.choice(ODD) for _ in range(rng.randint(0, 4)))


@pytest.mark.parametrize("seed", range(150))
def test_a_text_comes_back_as_it_is_from_a_literal_a_name_and_past_a_comment(expand, seed):
    rng = random.Random(seed)
    values = {name: text(rng) for name in "abc"}
    members = [text(rng) for _ in range(rng.randint(1, 4))]
    parts, expected, names = [], [], []
    for _ in range(rng.randint(1, 6)):
        kind, name, before = rng.randrange(6), rng.choice("abc"), rng.choice(["", "x", "''", "-- "])
        label = f'{before.replace("--", "")}{{{name}}}'
        shown = before.replace("--", "") + values[name]
        if kind == 0:
            parts.append(f"'{before}{{{name}}}'")
            expected.append(before.replace("''", "'") + values[name])
            names.append(None)
        elif kind == 1:
            parts.append(f'{{sql}} AS "{label}"')
            expected.append(7)
            names.append(shown)
        elif kind == 2:
            parts.append(f"-- {{{name}}} and {{{name}}}\n 1")
            expected.append(1)
            names.append(None)
        elif kind == 3:
            parts.append("{members: '{member}{number}'}")
            expected += [member + str(6 + i) for i, member in enumerate(members)]
            names += [None] * len(members)
        elif kind == 4:
            parts.append(f"{{yes|'{{{name}}}'}}{{no|'{{{name}}}', }}")
            expected.append(values[name])
            names.append(None)
        else:
            parts.append(f"'{{members|<{{member}}{{yes:>{{{name}}}}}}}'")
            expected.append("".join(f"<{member}>{values[name]}" for member in members))
            names.append(None)
    sql = expand("SELECT " + ", ".join(parts), sql="7", members=members, **values)
    answer = sqlite3.connect(":memory:").execute(sql)
    assert answer.fetchone() == tuple(expected)
    assert [told for told, name in zip((d[0] for d in answer.description), names) if name is not None] == [name for name in names if name is not None]


def test_templates_stand_in_templates_and_braces_in_pairs(expand):
    assert expand("SELECT '{{%s}}', {>other}", other="{members: ({number}, '{member}')}", members=["x", "y'"]) == "SELECT '{%s}', (6, 'x'), (7, 'y''')"
    assert expand("{no|a}{no: b}{yes|c}{yes: d}") == "cd"


@pytest.mark.parametrize("template", ["{a}", "'{sql}'", "{nobody}", "{nobody|x}", "{>nobody}", "{yes|'}", "{a", "}", "{>main}"])
def test_what_stands_where_it_may_not_stops_a_checked_build(expand, template):
    call = expand(template, may_fail=True, a="x")
    assert call.returncode < 0 and "Assertion" in call.stderr


# --- the store's own ---------------------------------------------------------------------------------------------

SOURCES = "\n".join(path.read_text() for path in (ROOT / "ext" / "store").rglob("*_sql.c"))


def test_every_template_is_used_and_every_name_of_one_is_known():
    found = templates.templates("store")
    used = {name for body in found.values() for name in re.findall(r"\{>(\w+)\}", body)}
    assert used <= set(found)
    assert {name for name in set(found) - used if f'"{name}"' not in SOURCES} == set()
    names = {name for body in found.values() for name in re.findall(r"(?<!\{)\{(\w+)[}:|]", body)}
    assert {name for name in names if f'{{"{name}", ' not in SOURCES} == set()


def test_every_name_that_a_template_may_use_is_used():
    bodies = "".join(templates.templates("store").values())
    vocabularies = "".join(path.read_text() for path in (ROOT / "ext" / "store").rglob("*_names_sql.c"))
    known = re.findall(r'\{"(\w+)",\s+\w+(?:, \w+)?\}', vocabularies)
    assert len(known) > 100 and [name for name in known if not re.search(rf"\{{{name}[}}:|]", bodies)] == []
