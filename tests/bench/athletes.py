"""What the stages cost by the number of athletes, and what one more activity costs among many.

    python tests/bench/athletes.py [--kind light|long] [athletes …]      200 1000 5000 light ones, or 20 100 500 long ones, unless told
    python tests/bench/athletes.py --kind runner                         the bundled runner, of whom one more activity comes each day

Light athletes have 90 activities each, long ones eight years of 1600, every other with laps (helpers/athletes/crowd.py, seeded). One more
activity is told of twice: of every statement of the stages, and as the programs run them, of which some rest. Seconds are of CPU; bytes read are those that the process asked the system for, as /proc/self/io counts them, with SQLite's cache of 2 MB.
"""

import argparse
import datetime
import json
import pathlib
import shutil
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "sql" / "tools"))
import uncounted  # noqa: E402, F401, I001, as the programs that run stages do, before sqlite3

import sqlite3  # noqa: E402

from common import resting  # noqa: E402
from helpers.athletes import crowd, demo  # noqa: E402
from helpers.extension import EXTENSION  # noqa: E402
from helpers.stages import STAGES, statements  # noqa: E402

KINDS = {"light": (crowd.LIGHT, [200, 1000, 5000]), "long": (crowd.LONG, [20, 100, 500])}


def connect(path):
    db = sqlite3.connect(path, isolation_level=None, cached_statements=16)  # as the programs do
    db.enable_load_extension(True)
    db.load_extension(EXTENSION)
    db.execute("PRAGMA temp_store = MEMORY")
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = OFF")
    return db


def bytes_read():
    return int(next(line for line in pathlib.Path("/proc/self/io").read_text().splitlines() if line.startswith("rchar")).split()[1])


def run(path, rests=False):
    """CPU seconds of each stage, and all bytes read, by a connection that begins with an empty cache; of every statement, or as
    sql/tools/run runs them."""
    db, took = connect(path), {}
    before = bytes_read()
    for name, text in STAGES.items():
        start = time.process_time()
        if rests:
            resting.run(db, name, text)
        else:
            for statement in statements(text):
                db.execute(statement).fetchall()
        took[name] = time.process_time() - start
    read = bytes_read() - before
    db.close()
    return took, read


def put(path, texts):
    db = connect(path)
    db.execute("BEGIN")
    db.executemany("INSERT INTO bronze_inbox (source, body) VALUES ('bench', ?)", [(text,) for text in texts])
    db.execute("COMMIT")
    db.close()


def prepare(path, kind, athletes):
    """A file whose inbox has all athletes and definitions, without the survey, which is as large for everyone."""
    db = connect(path)
    for name in ("000_ops_tables", "100_bronze_strava"):
        for statement in statements(STAGES[name]):
            db.execute(statement)
    db.close()
    put(path, [definition.read_text() for definition in demo.REFERENCE[:-1]])
    lines, piece = [], 0
    for line in crowd.lines(kind, athletes):
        lines.append(line)
        piece += len(line)
        if piece > 50_000_000:
            put(path, ["\n".join(lines)])
            lines, piece = [], 0
    put(path, ["\n".join(lines)])


def measure(kind, athletes, folder):
    path = folder / f"{athletes}.db"
    prepare(path, kind, athletes)
    first, found = run(path), []
    for rests in (False, True):
        run(path, rests)  # a stage rests that was quiet before
        run(path, rests)
        more = []
        for athlete in (3, athletes // 2, athletes):  # the middle one of three
            put(path, [json.dumps(crowd.one_more(kind, athlete, after=int(rests)))])
            more.append(run(path, rests))
        found.append(sorted(more, key=total)[1])
    path.unlink()
    return first, found


def total(each):
    return sum(each[0].values())


def runner(folder):
    """Of the bundled runner what one more activity costs and what a run without news does, both ways; of each the least of five."""
    path = shutil.copyfile(demo.database(), folder / "runner.db")
    db = connect(path)
    last, = db.execute("SELECT payload FROM bronze_strava_activities WHERE stream = 'summary' ORDER BY payload ->> '$.start_date' DESC LIMIT 1").fetchone()
    db.close()
    last, found, number = json.loads(last), {}, 0
    for rests in (False, True):
        for news in (False, True):
            told = []
            for _ in range(7):
                if news:
                    number += 1
                    put(path, [json.dumps(last | {"id": last["id"] + number} | {name: later(last[name], number) for name in ("start_date", "start_date_local")})])
                told.append(run(path, rests)[0])
            found[rests, news] = {name: min(each[name] for each in told[2:]) for name in STAGES}
    ways = [(False, False), (False, True), (True, False), (True, True)]
    print("ms of CPU                       every statement               as the programs run\n" + " " * 32 + 2 * "no news    one more     ")
    for name in STAGES:
        print(f"  {name:28s}" + "".join(f"{found[way][name] * 1000:12.2f}" for way in ways))
    print(f"  {'all':28s}" + "".join(f"{sum(found[way].values()) * 1000:12.1f}" for way in ways))


def later(instant, days):
    return (datetime.datetime.fromisoformat(instant.removesuffix("Z")) + datetime.timedelta(days=days)).isoformat() + "Z"


def report(sizes, found):
    print("CPU seconds, all new:  " + "".join(f"{n:>12}" for n in sizes) + "     last / one before")
    for name in STAGES:
        seconds = [found[n][0][0][name] for n in sizes]
        print(f"  {name:30s}" + "".join(f"{s:12.3f}" for s in seconds) + (f"{seconds[-1] / max(seconds[-2], 1e-3):12.2f}" if len(sizes) > 1 else ""))
    totals = [total(found[n][0]) for n in sizes]
    print(f"  {'all':30s}" + "".join(f"{s:12.3f}" for s in totals) + (f"{totals[-1] / totals[-2]:12.2f}" if len(sizes) > 1 else ""))
    print(f"  {'per athlete':30s}" + "".join(f"{s / n:12.4f}" for s, n in zip(totals, sizes)))
    for way, what in enumerate(("every statement", "as the programs run")):
        more = [found[n][1][way] for n in sizes]
        print(f"One more activity, {what}")
        print(f"  {'CPU seconds':30s}" + "".join(f"{total(each):12.4f}" for each in more))
        print(f"  {'MB read':30s}" + "".join(f"{each[1] / 1e6:12.2f}" for each in more))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kind", choices=[*KINDS, "runner"], default="light")
    parser.add_argument("athletes", type=int, nargs="*")
    options = parser.parse_args()
    if options.kind == "runner":
        with tempfile.TemporaryDirectory() as folder:
            runner(pathlib.Path(folder))
        return
    kind, sizes = KINDS[options.kind]
    sizes = options.athletes or sizes
    print(f"{options.kind} athletes, SQLite {sqlite3.sqlite_version}")
    with tempfile.TemporaryDirectory() as folder:
        report(sizes, {n: measure(kind, n, pathlib.Path(folder)) for n in sizes})


if __name__ == "__main__":
    main()
