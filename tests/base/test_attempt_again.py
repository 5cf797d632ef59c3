"""attempt, asked once for each row of a join: as if each were asked alone, and a text that comes again is not read again."""

import random

import pytest

QUERIES = [
    ("SELECT ?1 * 2", 1), ("SELECT i FROM numbers WHERE i < ?1 ORDER BY i", 1), ("SELECT abs(?1), ?2", 2), ("SELECT i, 10 / (i - ?1) FROM numbers", 1),
    ("SELECT assert_that(i < ?1, 'too far'), i FROM numbers", 1), ("SELECT none_such", 0), ("SELECT 1, 2", 0), ("SELECT 1 -- so", 0), ("DELETE FROM numbers", 0),
]  # fmt: skip


@pytest.fixture
def numbers(db):
    db.execute("CREATE TABLE numbers (i INTEGER PRIMARY KEY)")
    db.executemany("INSERT INTO numbers VALUES (?)", [(i,) for i in range(5)])
    db.execute("CREATE TABLE asked (id INTEGER PRIMARY KEY, query, a, b)")
    return db


@pytest.mark.parametrize("seed", range(20))
def test_a_join_answers_what_each_row_is_answered_alone(numbers, seed):
    rng = random.Random(seed)
    query = rng.choice(QUERIES)[0]
    rows = []
    for number in range(60):
        query = query if rng.random() < 0.6 else rng.choice(QUERIES)[0]
        rows.append((number, query, rng.choice([0, 3, -7, 2.5, None, "x", -(2**63)]), rng.choice([None, 1, b"\x00"])))
    numbers.executemany("INSERT INTO asked VALUES (?, ?, ?, ?)", rows)
    values = "a.fault, a.c1, a.c2"
    joined = numbers.execute(f"SELECT q.id, {values} FROM asked AS q CROSS JOIN attempt(q.query, q.a, q.b) AS a").fetchall()
    alone = [(row[0], *found) for row in rows for found in numbers.execute(f"SELECT {values} FROM attempt(?, ?, ?) AS a", row[1:])]
    assert joined == alone and len(joined) > 60
    left = numbers.execute("SELECT q.id, (SELECT a.c1 FROM attempt(q.query, q.a, q.b) AS a LIMIT 1) FROM asked AS q").fetchall()  # in the middle
    first = {found[0]: found[2] for found in reversed(alone)}
    assert left == [(number, first.get(number)) for number, *_ in rows]


def readings(db, n):
    """How often SQLite asks whether a table may be read, which it does when it reads a text."""
    asked = []
    db.execute("DELETE FROM asked")
    db.executemany("INSERT INTO asked VALUES (?, 'SELECT COUNT(*) FROM numbers WHERE i < ?1', ?, NULL)", [(i, i % 7) for i in range(n)])
    db.set_authorizer(lambda action, *what: asked.append(what) or 0)
    found = db.execute("SELECT a.c1 FROM asked AS q CROSS JOIN attempt(q.query, q.a) AS a").fetchall()
    db.set_authorizer(None)
    assert found == [(min(i % 7, 5),) for i in range(n)]
    return len([what for what in asked if "numbers" in what])


def test_a_text_that_comes_again_is_not_read_again(numbers):
    assert readings(numbers, 500) == readings(numbers, 2) > 0
