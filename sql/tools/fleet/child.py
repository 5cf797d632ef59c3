"""A process that advances one athlete after the other, as it is told by lines of JSON, and says which stage it is in. An athlete
that ends it ends nobody else (crew.py)."""

import json
import pathlib
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

import uncounted  # noqa: E402, F401, I001
import advancing  # noqa: E402
import shell  # noqa: E402
from common.database import Failure  # noqa: E402


def main():
    advance = shell.advance if shell.is_needed() else advancing.advance
    for line in sys.stdin:
        task = json.loads(line)
        _say(begins="the file is opened")
        try:
            objects = pathlib.Path(task["objects"]).read_bytes() if task["objects"] else b""
            advance(task["template"], objects, task["earlier"], task["file"], lambda stage: _say(begins=stage))
        except (Failure, OSError, MemoryError) as error:
            _say(refused=str(error) or type(error).__name__)
        else:
            _say(done=True)


def _say(**what):
    print(json.dumps(what), flush=True)


main()
