"""Tells people of alerts that opened or closed: sql/tools/notify athlete.db channels.txt"""

import pathlib
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

import channels  # noqa: E402
import delivery  # noqa: E402
from common import arguments, database, program  # noqa: E402


def main(given):
    options = arguments.parse(__doc__, given, "database", "channels")
    with database.opened(options.database, loads=False) as db:
        if database.value(db, "SELECT value FROM ops_config WHERE name = 'environment'") == "dev":
            program.say("environment is dev: nobody is told")
            return 0
        told, faults = delivery.deliver(db, channels.of(options.channels))
    program.say(f"told {told} times")
    for fault in faults:
        program.complain(fault)
    return 1 if faults else 0


program.run(main)
