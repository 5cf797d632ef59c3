"""json_plain_names() changes no JSON but how names are written, of which it leaves one way."""

import json
import random
import re

import pytest

from helpers.extension import connect
from helpers.machine.soak import soak

NAMES = ["id", "a b", "", "a\"b", "a\\b", "é", "a\n", "\u007f", "x/y", "日", "\U0001f3c3", "u0041", "\\u0041"]


def written(rng, text):
    """A string of JSON, each character in one of the ways in which it may be written."""
    def ways(c):
        yield json.dumps(c)[1:-1]
        if c == "/":
            yield "\\/"
        if ord(c) < 0x10000:
            yield f"\\u{ord(c):04{rng.choice('xX')}}"
        if c >= " " and c not in '"\\':
            yield c
    return '"' + "".join(rng.choice(list(ways(c))) for c in text) + '"'


def random_json(rng, depth):
    blank = rng.choice(["", " ", "\n\t"])
    if depth == 0 or rng.random() < 0.3:
        return rng.choice([written(rng, rng.choice(NAMES)), "1e5", "null", "[]", "{}", '"a\\u0062:"', '"\\\\"'])
    if rng.random() < 0.3:
        return "[" + f"{blank},".join(random_json(rng, depth - 1) for _ in range(3)) + "]"
    return "{" + ",".join(f"{blank}{written(rng, name)}{blank}:{blank}{random_json(rng, depth - 1)}" for name in rng.sample(NAMES, 3)) + "}"


@pytest.mark.parametrize("seed", [1, *(soak(s) for s in range(2, 30))])
def test_names_are_written_in_one_way_and_mean_what_they_meant(seed):
    rng, db = random.Random(seed), connect()
    for _ in range(300):
        text = random_json(rng, 4)
        (plain,) = db.execute("SELECT json_plain_names(?)", (text,)).fetchone()
        assert json.loads(plain, object_pairs_hook=list) == json.loads(text, object_pairs_hook=list)
        for name in re.findall(r'("(?:[^"\\]|\\.)*")\s*:', plain):
            escaped = [json.loads(f'"{escape}"') for escape in re.findall(r"\\u[dD][89abAB]..\\u....|\\u....|\\.", name)]
            assert all(c in '"\\' or not " " <= c <= "~" for c in escaped), name
        outside = re.compile(r'"(?:[^"\\]|\\.)*"(?!\s*:)')
        assert outside.findall(plain) == outside.findall(text)
        assert db.execute("SELECT json_plain_names(?)", (plain,)).fetchone() == (plain,)
    assert db.execute("SELECT json_plain_names(NULL)").fetchone() == (None,)
