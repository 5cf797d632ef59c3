"""sql/tools/define says what it did with each definition, or why it did not."""

import json
import sqlite3

import pytest

from helpers.tools import tool

SLEEP = {"feature_group": "sleep", "version": "1.0.0", "description": "d", "entity": "athlete", "keys": ["athlete_id"], "features": [{"name": "hours", "type": "numerical"}]}
MORE = SLEEP | {"version": "1.1.0", "features": [*SLEEP["features"], {"name": "naps", "type": "integer"}, {"name": "depth", "type": "numerical"}]}


@pytest.fixture
def define(tmp_path):
    def define(*contents):
        files = [tmp_path / f"{number}.json" for number, _ in enumerate(contents)]
        for file, content in zip(files, contents):
            file.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
        done = tool("define", tmp_path / "a.db", *files)
        return done.returncode, done.stdout, done.stderr.replace(f"{tmp_path}/", "")

    return define


def test_it_says_what_became_of_each_table(define):
    assert define(SLEEP) == (0, "registered sleep 1.0.0: table sleep made\n", "")
    assert define(SLEEP) == (0, "sleep 1.0.0 is registered: table sleep unchanged\n", "")
    assert define(MORE) == (0, "registered sleep 1.1.0: table sleep has new columns: naps, depth\n", "")
    assert define(SLEEP) == (0, "sleep 1.0.0 is registered: table sleep unchanged\n", "")
    other = SLEEP | {"feature_group": "rest"}
    assert define(other, MORE) == (0, "registered rest 1.0.0: table rest made\nsleep 1.1.0 is registered: table sleep unchanged\n", "")


@pytest.mark.parametrize("content, reason", [
    (b"", "0.json: the file is empty where the definition of a feature group belongs"),
    (b" \n\t", "0.json: the file is empty where the definition of a feature group belongs"),
    (b'{"feature_group": "x"', "0.json, line 1: the text ends too early, at byte 21"),
    (b'\n\n{"feature_group": }', "0.json, line 3: no JSON value starts like this, at byte 20"),
    (b'{"feature_group": "\xff", "features": []}', "0.json, line 1: text that is not UTF-8, at byte 19"),
    (b'{"feature_group": "a\0b", "features": []}', "0.json, line 1: a control character in a string, at byte 20"),
    (b'{"feature_group": "\\u0000", "features": []}', "0.json, line 1: \\u0000 in a string, at byte "),
    (b"[1]", "0.json, line 1: not an object, at byte 1"),
    ({"version": "1.0.0"}, "0.json, line 1: feature_group is missing where the name of a feature group belongs"),
    ({"feature_group": ""}, "0.json, line 1: feature_group is empty where the name of a feature group belongs"),
    ({"feature_group": 5}, "0.json, line 1: feature_group is integer where the name of a feature group belongs"),
    ({"feature_group": "x"}, "0.json, line 1: features is missing where a list belongs"),
    (SLEEP | {"version": "1"}, "0.json: version must be"),
    (SLEEP | {"keys": ["a b"]}, "0.json: keys must be"),
])  # fmt: skip
def test_what_is_no_definition_is_refused_with_the_reason_each_time(define, tmp_path, content, reason):
    for _ in range(2):
        code, said, why = define(content)
        assert (code, said) == (1, "") and why.startswith(reason) and why.count("\n") == 1
    assert (tmp_path / "a.db").exists() == (isinstance(content, dict) and content.keys() == SLEEP.keys())
    code, said, why = define(content, SLEEP)
    assert (code, said) == (1, "registered sleep 1.0.0: table sleep made\n") and why.startswith(reason)


def test_a_definition_that_was_refused_is_judged_again_when_what_it_lacked_is_there(define, tmp_path):
    marked = SLEEP | {"features": [{"name": "hours", "type": "mark"}]}
    code, _, why = define(marked)
    assert code == 1 and "there is no type mark" in why
    with sqlite3.connect(tmp_path / "a.db") as db:
        db.execute("INSERT INTO feature_types VALUES ('mark', 'REAL', '$ BETWEEN 1 AND 6', 'a school mark')")
    assert define(marked) == (0, "registered sleep 1.0.0: table sleep made\n", "")
