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
        ("[" * 66, "nested more than 64 deep"),
        ("[" * 60, "the text ends too early"),
        ('{"a":' * 70, "nested more than 64 deep"),
        ('{"a" 1}', "a colon was expected"),
    ],
)
def test_faults_are_named(db, text, fault):
    assert cut(db, text)[0][1] == fault


@pytest.mark.parametrize(
    "broken",
    [
        '{"a": 1',  # never closed: a search for its end would read to the end of the text every time
        '{x",',  # opens a string that never ends
        '{x\\",',
        '{"a": [[[[{"b"',
    ],
)
def test_a_hundred_thousand_broken_lines_hide_no_good_one(db, broken):
    """Finding the next good line again and again must not cost the whole text each time: this would run for hours."""
    n = 100_000
    text = "".join(f'{broken}\n{{"id": {i}}}\n' for i in range(n))
    good, faults, last = db.execute(
        "SELECT sum(fault IS NULL), sum(fault IS NOT NULL), max(line) FROM json_objects(?)", (text,)
    ).fetchone()
    assert (good, faults, last) == (n, n, 2 * n)


def test_a_piece_is_cut_at_its_own_bracket_although_it_is_broken_inside(db):
    broken = '{"id": 2, "name": "two\nlines", "laps": [{"x": 1},\n{"x": 2}]}'
    rows = cut(db, '[{"id": 1},\n' + broken + ',\n{"id": 3}]')
    assert [r[0] for r in rows] == ['{"id": 1}', broken, '{"id": 3}']
    assert [r[1] for r in rows] == [None, "a control character in a string", None]


@pytest.mark.parametrize("text", [b'{"a": "\\\0"}', b'{"a": "\0"}', b'{"a": 1\0}', b'{"a": 1}\0{"b": 2}', b"\0{}"])
def test_a_zero_byte_is_never_taken_for_json(db, text):
    rows = db.execute("SELECT object, fault FROM json_objects(CAST(? AS TEXT))", (text,)).fetchall()
    assert any(fault for _, fault in rows)
    assert all(b"\0" not in object.encode() for object, fault in rows if fault is None)
