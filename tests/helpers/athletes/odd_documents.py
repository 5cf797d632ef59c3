"""A document, a definition for example, with an odd value in any of its fields."""

import json
import random

from helpers.athletes.odd_values import MALFORMED, VALUES

ODD = VALUES | MALFORMED | {"huge text": json.dumps("x" * 300_000), "zero bytes": '"a\x00b"', "no UTF-8": b'"caf\xe9 \xff\xfe"', "a half of a pair, raw": b'"\xed\xa0\x80"',
                            "long name": json.dumps("n" * 500), "another object": '{"name":"x","type":"text"}', "many": json.dumps(["m"] * 3000), "name in escapes": None}  # fmt: skip


def places(thing, path=()):
    """Every field, every member of a list, and what holds them."""
    for key in thing if isinstance(thing, dict) else range(len(thing)):
        yield (*path, key)
        if isinstance(thing[key], (dict, list)):
            yield from places(thing[key], (*path, key))


def odd(thing, path, value):
    """The bytes of its JSON with the value there; "twice" is the field a second time, with its own value; "name in escapes" is the
    field as it was, which some readers know by its name and others do not."""
    copy = json.loads(json.dumps(thing))
    at = copy
    for key in path[:-1]:
        at = at[key]
    mark = "\x1a odd"
    if ODD[value] is None and isinstance(at, dict):
        name = json.dumps(path[-1]) if value == "twice" else escaped(path[-1])
        member, at[mark] = f"{name}: {json.dumps(at[path[-1]])}", 0
        if value != "twice":
            del at[path[-1]]
        return json.dumps(copy).replace(f"{json.dumps(mark)}: 0", member).encode()
    at[path[-1]] = mark
    told = ODD[value] or "[]"
    return json.dumps(copy).encode().replace(json.dumps(mark).encode(), told if isinstance(told, bytes) else told.encode())


def escaped(name):
    return '"' + "".join(rf"\u{ord(c):04x}" if i % 3 == 0 else c for i, c in enumerate(name)) + '"'


def grid(thing, share, seed=1):
    found = [(path, value) for path in places(thing) for value in ODD]
    return found if share == 1 else random.Random(seed).sample(found, int(share * len(found)))
