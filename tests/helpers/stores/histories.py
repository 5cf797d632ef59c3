"""Random feature tables with their histories, and the as-of lookup over them by brute force, straight from its rules."""

import dataclasses
import datetime
import itertools
import random

from helpers.stores import instants

BEGIN = datetime.datetime(2024, 1, 1)


@dataclasses.dataclass
class Row:
    keys: tuple
    timestamp: object
    available: object
    features: tuple
    superseded: object = None  # of a row in the history
    place: tuple = ()  # among rows equal in both times: current before history, then by row id


@dataclasses.dataclass
class Rules:
    strict: bool = False
    ignore_nulls: bool = False
    backfill: bool = False
    lookback_days: float | None = None
    history: bool = True

    def options(self):
        named = {"strict": self.strict, "ignore_nulls": self.ignore_nulls, "backfill": self.backfill}
        words = [f"{name}=1" for name, on in named.items() if on]
        words += [] if self.lookback_days is None else [f"lookback='{self.lookback_days} days'"]
        words += [] if self.history else ["history=0"]
        return "".join(", " + w for w in words)


def row_at(value):
    """When a row's time is over."""
    return instants.of_row(value) if isinstance(value, str) else value


def asked_at(value):
    return instants.of_request(value) if isinstance(value, str) else value


def age_days(as_of, timestamp):
    if isinstance(as_of, str):
        (a, _), (t, t_is_day) = instants.read(as_of), instants.read(timestamp)
        return (a.date() - t.date()).days if t_is_day else (a - t) / datetime.timedelta(days=1)
    return (as_of - timestamp) / 86400


def lookup(rows, rules, keys, as_of):
    """(the winning row, its features) or None."""
    if as_of is None or any(k is None for k in keys):
        return None
    at = asked_at(as_of)

    def counts(row):
        if row.keys != keys or row.timestamp is None or (row.superseded is not None and (rules.backfill or not rules.history)):
            return False
        if not (row_at(row.timestamp) < at if rules.strict else row_at(row.timestamp) <= at):
            return False
        if rules.backfill:
            return True
        return row.available is not None and row_at(row.available) <= at and (row.superseded is None or at < row_at(row.superseded))

    def best(candidates):
        # With NULL before everything, as SQLite sorts it.
        key = lambda r: (row_at(r.timestamp), r.available is not None, row_at(r.available) if r.available is not None else 0, r.place)
        found = max(candidates, key=key, default=None)
        if found and rules.lookback_days is not None and age_days(as_of, found.timestamp) > rules.lookback_days:
            return None
        return found

    known = [row for row in rows if counts(row)]
    winner = best(known)
    if winner is None:
        return None
    features = list(winner.features)
    for i in range(len(features)) if rules.ignore_nulls else ():
        if features[i] is None:
            holder = best(row for row in known if row.features[i] is not None)
            features[i] = holder.features[i] if holder else None
    return winner, tuple(features)


# --- making them -------------------------------------------------------------------------------------------------

# How a time is written, and what its column is declared as: (declared, from hours since BEGIN).
def at_hour(form):
    return lambda h: (BEGIN + datetime.timedelta(hours=h)).strftime(form)


TIMES = {
    "day": ("TEXT", at_hour("%Y-%m-%d")),
    "instant": ("TEXT", at_hour("%Y-%m-%dT%H:%M:%SZ")),
    "undeclared": ("", at_hour("%Y-%m-%d %H:%M:%S")),
    "milliseconds": ("TEXT", at_hour("%Y-%m-%dT%H:%M:%S.000Z")),
    "minutes": ("TEXT", at_hour("%Y-%m-%d %H:%Mz")),
    "nanoseconds": ("", at_hour("%Y-%m-%dt%H:%M:%S.000000000")),
    "offset": ("TEXT", lambda h: at_hour("%Y-%m-%dT%H:%M:%S+05:30")(h + 5.5)),
    "seconds": ("INTEGER", lambda h: h * 3600),
    "fractions": ("REAL", lambda h: h * 3600.5),
}
TEXTS = [time for time, (_, write) in TIMES.items() if isinstance(write(0), str)]

# What keys a column may hold: (declared, values of the rows, value in a request -> value in the rows that it equals).
KEYS = {
    "integer": ("INTEGER", [1, 2, 3, -7, 2**62], lambda v: int(v) if isinstance(v, str) else v),
    "text": ("TEXT NOT NULL", ["7", "a", "A", "ä", "", "Ā", "\uffee", "\U00010000"], lambda v: str(v) if isinstance(v, int) else v),
    "folded": ("TEXT COLLATE NOCASE", ["a", "b", "zz"], lambda v: v.lower()),
    "mixed": ("", [1, 2.5, "1", b"1", "x"], lambda v: v),
}
STRANGERS = {"integer": ["1", 9], "text": [7, "b"], "folded": ["A", "ZZ", "q"], "mixed": [1.0, b"x"]}


@dataclasses.dataclass
class World:
    """One group with its tables' DDL, its rows and requests for them."""

    rules: Rules
    ddl: list
    table: str
    key_names: list
    rows: list
    requests: list
    equals: list  # per key, from a request's value to the rows'
    places: list  # the keys' numbers in the order of the index of the current rows

    def expected(self):
        for keys, as_of in self.requests:
            same = tuple(None if k is None else equal(k) for k, equal in zip(keys, self.equals))
            yield lookup(self.rows, self.rules, same, as_of)


def direction(rng):
    return rng.choice(["", "", " DESC", " ASC"])


def world(seed):
    rng = random.Random(seed)
    kinds = [rng.choice(list(KEYS)) for _ in range(rng.choice([1, 1, 2, 3]))]
    key_names = [f"k{i}" for i in range(len(kinds))]
    time = rng.choice(["day", "day", *TIMES])
    known = rng.choice(TEXTS) if time in TEXTS else time  # each column has a form of its own
    (timed, write), (knowable, write_known) = TIMES[time], TIMES[known]
    rules = Rules(*(rng.random() < 0.3 for _ in range(3)), rng.choice([None, None, 0, 1, 2.5, 10]), rng.random() < 0.8)

    rows, seen = [], set()
    without_rowid = rng.random() < 0.25
    hours = rng.choice([48, 240])
    for i in range(rng.randrange(30)):
        at = rng.randrange(hours)
        late = rng.choice([0, 0, 1, 24, rng.randrange(hours), -3])
        keys = tuple(rng.choice(KEYS[kind][1]) for kind in kinds)
        # 1 and 1.0 are one key, and so are 'a' and 'A' where case is folded.
        row = Row(keys, write(at), write_known(at + late), tuple(rng.choice([None, None, i, f"t{i}", i / 7]) for _ in range(3)))
        if not without_rowid and rng.random() < 0.05:
            row.available = None
        if rng.random() < 0.35:
            row.superseded = write_known(at + late + rng.choice([1, 24, rng.randrange(1, hours)]))
        if without_rowid and row.superseded is None:
            if (*keys, row.timestamp, row.available) in seen:
                continue
            seen.add((*keys, row.timestamp, row.available))
        rows.append(row)
    for order, row in enumerate(rows):
        row.place = (row.superseded is None, order)

    columns = ", ".join([f"{n} {KEYS[kind][0]}" for n, kind in zip(key_names, kinds)] + [f"event_timestamp {timed}", f"available_at {knowable}", "x", "y", "z"])
    places = key_names[:]
    rng.shuffle(places)
    key_places = [key_names.index(name) for name in places]
    places += ["event_timestamp", "available_at"]
    indexed = lambda: ", ".join(p + direction(rng) for p in places)
    if without_rowid:
        ddl = [f"CREATE TABLE g({columns}, PRIMARY KEY ({indexed()})) WITHOUT ROWID"]
    else:
        ddl = [f"CREATE TABLE g({columns})", f"CREATE INDEX g_i ON g({indexed()})"]
    ddl += [f"CREATE TABLE g_history({columns}, superseded_at {knowable})", f"CREATE INDEX g_h ON g_history({indexed()})"]

    requests = []
    for _ in range(25):
        keys = tuple(rng.choice([None, *KEYS[kind][1], *KEYS[kind][1], *STRANGERS[kind]]) for kind in kinds)
        at = rng.randrange(-5, hours + 30)
        when = BEGIN.replace(tzinfo=instants.UTC) + datetime.timedelta(hours=at, microseconds=rng.choice([0, 0, 0, 1, -1, 500000]))
        as_of = rng.choice([instants.written(rng, when)] * 3 + [f"{when:%Y-%m-%d}"]) if time in TEXTS else write(at)
        requests.append((keys, rng.choice([as_of] * 8 + [None])))
    requests += rng.choices(requests, k=5)
    return World(rules, ddl, "g", key_names, rows, requests, [KEYS[kind][2] for kind in kinds], key_places)


ORDERS = ["sorted", "sorted", "nearly sorted", "with jumps", "with duplicates", "by turns"]


def in_order(made, seed):
    """The same world with many requests in the order of its index, or close to it."""
    rng = random.Random(seed)
    kind = rng.choice(ORDERS)
    times = sorted({t for row in made.rows for t in (row.timestamp, row.available, row.superseded) if t is not None}) or ["2024-01-01"]
    entities = sorted({row.keys for row in made.rows} | {keys for keys, _ in made.requests if None not in keys}, key=repr)
    # SQLite's order of types: numbers, texts, blobs.
    order = lambda v: (0 if isinstance(v, (int, float)) else 1 if isinstance(v, str) else 2, v)
    in_index = lambda request: ([order(request[0][i]) for i in made.places], asked_at(request[1]))
    requests = sorted(((keys, at) for keys in entities for at in rng.sample(times, min(len(times), 25))), key=in_index)
    if kind == "nearly sorted":
        for _ in range(len(requests) // 10):
            i = rng.randrange(len(requests))
            requests.insert(max(0, i - rng.randrange(4)), requests.pop(i))
    elif kind == "with jumps":
        requests = [r for i, r in enumerate(requests) if i // 13 % 3]
    elif kind == "with duplicates":
        requests = [r for r in requests for _ in range(rng.choice([1, 1, 3]))]
    elif kind == "by turns":  # a NULL or a stranger now and then
        requests = [r if rng.random() < 0.9 else rng.choice(made.requests) for r in requests]
    return dataclasses.replace(made, requests=requests)


def build(db, made):
    """The tables of a world, its rows in both, and its requests in the table r, in a random order of their own."""
    for table in ("g", "g_history", "r"):
        db.execute(f"DROP TABLE IF EXISTS {table}")
    for statement in made.ddl:
        db.execute(statement)
    for row in made.rows:
        values = [*row.keys, row.timestamp, row.available, *row.features]
        table = "g" if row.superseded is None else "g_history"
        values += [] if row.superseded is None else [row.superseded]
        db.execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(values))})", values)
    db.execute(f"CREATE TABLE r(id INTEGER PRIMARY KEY, {', '.join(made.key_names)}, at)")
    db.executemany(f"INSERT INTO r VALUES ({', '.join('?' * (len(made.key_names) + 2))})",
                   [(i, *keys, as_of) for i, (keys, as_of) in enumerate(made.requests)])  # fmt: skip


def on(made, alias="f"):
    return " AND ".join(f"{alias}.{k} = r.{k}" for k in made.key_names)


def entity(made):
    return f"entity='{', '.join(made.key_names)}'"


def all_pairs(iterable):
    return itertools.combinations(iterable, 2)
