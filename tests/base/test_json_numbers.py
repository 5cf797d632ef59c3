"""Numbers of JSON with more digits than cJSON, in some of its versions, has room for."""

import json
import math
import random
import sqlite3

import pytest

from helpers.extension import connect

DEFINITION = {
    "feature_group": "g", "version": "1.0.0", "description": "d", "entity": "athlete", "keys": ["athlete_id"], "timestamp": "event_timestamp",
    "features": [{"name": "x", "type": "numerical", "unit": "1", "description": 'from "-" to 1e\\', "max": "here"}],
}  # fmt: skip


def long_number(random):
    """A JSON number of 64 to 500 characters that is no zero and not infinite."""
    form = random.choice(("fraction", "whole", "exponent"))
    sign, digits = random.choice(("", "-")), "".join(random.choices("0123456789", k=random.randint(70, 490)))
    if form == "fraction":
        return f"{sign}{random.randint(0, 99999)}.{'0' * random.choice((0, 5, 100, 290))}1{digits}"[:500]
    if form == "whole":
        return f"{sign}1{digits[: random.randint(63, 305)]}"
    return f"{sign}1.{digits}{random.choice('eE')}{random.choice(('', '+', '-'))}{random.randint(0, 290)}"


def test_a_number_of_any_length_is_the_double_nearest_to_it():
    db, source = connect(), random.Random(7)
    db.execute("CREATE TEMP TABLE staging (athlete_id, event_timestamp, x)")
    for _ in range(200):
        number = long_number(source)
        text = json.dumps(DEFINITION).replace('"here"', number)
        limit = float(number)
        db.execute("DELETE FROM staging")
        for athlete, x in (("within", limit), ("beyond", math.nextafter(limit, math.inf))):
            db.execute("INSERT INTO staging VALUES (?, '2024-01-02T00:00:00Z', ?)", (athlete, x))
        found = db.execute("SELECT verdict FROM feature_validate(?, 'SELECT * FROM staging') ORDER BY seq", (text,)).fetchall()
        assert found == [("new",), ("reject",)], number


@pytest.mark.parametrize("number", ["9" * 400, "-" + "9" * 400, "0." + "1" * 90 + "e400"])
def test_a_number_beyond_all_doubles_is_refused_by_its_name(number):
    assert math.isinf(float(number))
    with pytest.raises(sqlite3.OperationalError, match="max is too large"):
        connect().execute("SELECT feature_group_ddl(?)", (json.dumps(DEFINITION).replace('"here"', number),))
