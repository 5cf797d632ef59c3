"""Feature groups as Parquet, out of and into a database:

    sql/tools/parquet out athlete.db folder [--by day|month|year] [group …]
    sql/tools/parquet in athlete.db folder group …

`out` writes every registered group, or those named, as folder/<group>/belief=current and belief=superseded, partitioned by date as
Hive does, and beside them a Feast repository of all groups in the folder. `in` brings such a folder, or one that
another program wrote, through the rules of the group into its table.
"""

import argparse
import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

import intake  # noqa: E402
import outlet  # noqa: E402
from common.program import complain  # noqa: E402
from groups import ExchangeError  # noqa: E402


def main():
    parser = argparse.ArgumentParser(prog="sql/tools/parquet", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ways = parser.add_subparsers(dest="way", required=True, metavar="out|in")
    out = ways.add_parser("out", help="write groups to a folder")
    out.add_argument("--by", choices=outlet.PERIODS, default="month", help="rows of one directory (default: month)")
    into = ways.add_parser("in", help="read groups from a folder")
    for way in (out, into):
        way.add_argument("database", type=pathlib.Path)
        way.add_argument("folder", type=pathlib.Path)
        way.add_argument("group", nargs="*" if way is out else "+")
    options = parser.parse_args()
    try:
        if options.way == "out":
            outlet.write(options.database, options.folder, options.group, options.by)
        else:
            intake.read(options.database, options.folder, options.group)
    except ExchangeError as error:
        complain(f"sql/tools/parquet: {error}")
        return 1
    return 0


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    os._exit(code)  # Arrow takes down its threads when the process ends, which aborted one run in twenty; all files are closed
