"""Many athletes, a database for each, on the processes of this machine or on an engine of many:

    sql/tools/fleet run folder source …        lands objects (files or folders of lines of JSON) and advances their athletes
    sql/tools/fleet pool folder                trains models with the rows of all; the next run gives every file the champions
    sql/tools/fleet sql folder "SELECT …"      all partitions as one table each, in DuckDB
    sql/tools/fleet page folder athlete        the page of one
    sql/tools/fleet forget folder athlete      takes one out of every file, table and reject
"""

import pathlib
import sys

sys.dont_write_bytecode = True
sys.path[:0] = [str(pathlib.Path(__file__).resolve().parent), str(pathlib.Path(__file__).resolve().parents[1])]

import argparse  # noqa: E402
import importlib  # noqa: E402

import asking  # noqa: E402
import job  # noqa: E402
import pool  # noqa: E402
from common import program  # noqa: E402
from common.database import Failure  # noqa: E402

ENGINES = {"processes": "engines.processes", "dask": "engines.on_dask", "spark": "engines.on_spark", "sail": "engines.on_sail"}


def main(given):
    if given[:1] in (["split"], ["task"], ["rows"]):  # of xargs
        return _work(*given)
    options = _options(given)
    for sentence in WAYS[options.way](options):
        program.say(sentence)


def _options(given):
    parser = argparse.ArgumentParser(prog="sql/tools/fleet", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ways = parser.add_subparsers(dest="way", required=True, metavar="|".join(WAYS))
    found = {name: ways.add_parser(name) for name in WAYS}
    for way in found.values():
        way.add_argument("folder")
    for name in ("run", "pool"):
        found[name].add_argument("--engine", choices=ENGINES, default="processes")
        found[name].add_argument("--workers", type=int, help="how many at once (default: one for each processor)")
    found["run"].add_argument("source", nargs="*")
    found["run"].add_argument("--partitions", type=int, help="told once, when the folder is made (default: 16)")
    found["run"].add_argument("--refused-share", type=float, default=job.REFUSED_SHARE, help="of the athletes; above it the job fails (default: %(default)s)")
    found["run"].add_argument("--limit-s", type=float, default=job.LIMIT_S, help="seconds that one athlete may take (default: %(default)s)")
    found["run"].add_argument("--scratch", help="a folder on a disk of the worker's own (default: its temporary folder)")
    found["run"].add_argument("--delta", help="a folder for the same tables as Delta Lake tables")
    found["sql"].add_argument("query")
    for name in ("page", "forget"):
        found[name].add_argument("athlete")
    found["forget"].add_argument("--delta", action="append", default=[], help="a folder of Delta Lake tables that have them, too")
    return parser.parse_args(given)


def _run(options):
    told = {name: getattr(options, name) for name in ("partitions", "limit_s", "scratch", "delta")}
    return job.run(_engine(options), options.folder, options.source, options.refused_share, told, workers=options.workers)


def _engine(options):
    return importlib.import_module(ENGINES[options.engine])


WAYS = {
    "run": _run,
    "pool": lambda options: pool.run(_engine(options), options.folder, workers=options.workers),
    "sql": lambda options: asking.rows(options.folder, options.query),
    "page": lambda options: [asking.page(options.folder, options.athlete)],
    "forget": lambda options: asking.forget(options.folder, options.athlete, options.delta),
}


def _work(what, folder, _worker):
    from engines import processes

    try:
        processes.work(what, folder)
    except Failure as failure:
        program.complain(failure)
        return 255


program.run(main)
