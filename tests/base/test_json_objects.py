"""json_objects cuts any text into objects and loses nothing."""

import json
import random

import pytest


def cut(db, text):
    return db.execute("SELECT object, fault, line FROM json_objects(?)", (text,)).fetchall()


@pytest.mark.parametrize("layout", ["array", "lines", "pretty array", "concatenated"])
def test_every_layout_gives_the_same_objects(db, layout):
    objects = [{"id": i, "name": 'a "quoted" {brace} [bracket]\n', "laps": [{"x": 1}, {"x": [2]}]} for i in range(5)]
    text = {
        "array": json.dumps(objects),
        "lines": "\n".join(json.dumps(o) for o in objects),
        "pretty array": json.dumps(objects, indent=2),
        "concatenated": "".join(json.dumps(o, indent=1) + "\n" for o in objects),
    }[layout]
    rows = cut(db, text)
    assert [json.loads(r[0]) for r in rows] == objects
    assert all(r[1] is None for r in rows)


def test_a_malformed_object_is_a_row_with_a_fault_and_the_rest_is_read(db):
    good = '{"id": %d}'
    text = "[" + ",".join([good % 1, '{"id": 007}', good % 2, '{"id": nope, "laps": [{"x": 1}]}', good % 3]) + "]"
    rows = cut(db, text)
    assert [r[1] for r in rows] == [None, "a number may not start with 0", None, "an unknown word", None]
    assert [json.loads(r[0])["id"] for r in rows if r[1] is None] == [1, 2, 3]


def test_a_truncated_file_keeps_what_came_before(db):
    text = json.dumps([{"id": i, "name": "run"} for i in range(10)])
    for end in range(2, len(text)):
        rows = cut(db, text[:end])
        whole = [json.loads(r[0])["id"] for r in rows if r[1] is None]
        assert whole == list(range(text[:end].count("}")))
        assert rows[-1][1] is not None


def test_a_broken_line_does_not_touch_its_neighbours(db):
    lines = ['{"id": 1}', '{"id": 2, "name": "no end', '{"id": 3}', "garbage", '{"id": 4}']
    rows = cut(db, "\n".join(lines))
    assert [json.loads(r[0])["id"] for r in rows if r[1] is None] == [1, 3, 4]
    assert [r[2] for r in rows if r[1]] == [2, 4]


def test_any_mutilation_ends_and_every_good_row_is_an_object(db):
    rng = random.Random(1)
    base = json.dumps([{"id": i, "s": "x\\y", "a": [1, {"b": 2}]} for i in range(6)], indent=1)
    for _ in range(500):
        text = list(base)
        for _ in range(rng.randint(1, 4)):
            i = rng.randrange(len(text))
            text[i : i + rng.randint(0, 3)] = rng.choice(['"', "{", "}", "[", "]", ",", "", "\\", "7", "\n", "é"])
        for row in cut(db, "".join(text)):
            if row[1] is None:
                assert isinstance(json.loads(row[0]), dict)


@pytest.mark.parametrize("text", ["", "   ", "[]", "[ ]"])
def test_nothing_gives_no_rows(db, text):
    assert cut(db, text) == []


@pytest.mark.parametrize(
    "text, fault",
    [
        ('{"a": 1e999999}', None),
        ('{"a": "\\u0000"}', "\\u0000 in a string"),
        ('{"a": "\\ud800"}', "half of a surrogate pair"),
        ('{"a": 1.}', "a number without digits"),
        ("{'a': 1}", "a name in quotes was expected"),
        ("[1]", "not an object"),
        ("[" * 70, "not an object"),
        ('{"a":' * 70, "nested more than 64 deep"),
        ('{"a" 1}', "a colon was expected"),
    ],
)
def test_faults_are_named(db, text, fault):
    rows = cut(db, text)
    if text == "[" * 70:
        assert rows[0][1] in ("nested more than 64 deep", "the text ends too early")
    else:
        assert rows[0][1] == fault
