"""A child process that works for a task, for the next task of the same process, too, and another one after it if an athlete ends it
or never ends."""

import contextlib
import dataclasses
import json
import os
import pathlib
import selectors
import signal
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent


@dataclasses.dataclass(frozen=True)
class Refusal:
    stage: str
    message: str


_idle = []  # (whose, crew): what a task leaves for the next one of this process


@contextlib.contextmanager
def crew_of(extension, limit_s):
    """A crew, whose child may have worked for a task before with the same library."""
    at = os.stat(extension)
    whose = (str(HERE), str(extension), at.st_ino, at.st_mtime_ns, limit_s)
    crew = None
    with contextlib.suppress(IndexError):
        while crew is None:
            before, left = _idle.pop()
            crew = left if before == whose else left.end()
    crew = crew or Crew(extension, limit_s)
    try:
        yield crew
    except BaseException:
        crew.end()
        raise
    _idle.append((whose, crew))


class Crew:
    def __init__(self, extension, limit_s):
        self._command = [sys.executable, str(HERE / "child.py")]
        self._environment = os.environ | {"ATHLETE_EXTENSION": str(extension), "ATHLETE_LOCK_TIMEOUT_S": "0"}
        self._limit_s = limit_s
        self._child = None


    def advance(self, template, objects, earlier, file):
        """None, or why there is no new file."""
        if self._child is not None and self._child.poll() is not None:  # it was ended while it had nothing to do
            self.end()
        if self._child is None:
            self._child = subprocess.Popen(self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=self._environment, start_new_session=True)
            self._rest = b""
        task = {"template": str(template), "objects": objects and str(objects), "earlier": earlier and str(earlier), "file": str(file)}
        stage, until = "000", time.monotonic() + self._limit_s
        try:
            self._child.stdin.write(json.dumps(task).encode() + b"\n")
            self._child.stdin.flush()
            while True:
                told = json.loads(self._line(until))
                if "begins" in told:
                    stage = told["begins"]
                else:
                    return Refusal(stage, told["refused"]) if "refused" in told else None
        except TimeoutError:
            self.end()
            return Refusal(stage, f"it took more than {self._limit_s:g} seconds")
        except (EOFError, BrokenPipeError):
            code = self.end()
            how = f"signal {-code} ({signal.strsignal(-code)})" if code < 0 else f"exit code {code}"
            return Refusal(stage, f"its process ended with {how}")

    def _line(self, until):
        with selectors.DefaultSelector() as ready:
            ready.register(self._child.stdout, selectors.EVENT_READ)
            while b"\n" not in self._rest:
                if not ready.select(max(0, until - time.monotonic())):
                    raise TimeoutError
                more = os.read(self._child.stdout.fileno(), 65536)
                if not more:
                    raise EOFError
                self._rest += more
        line, _, self._rest = self._rest.partition(b"\n")
        return line

    def end(self):
        """The exit code of the child, which is killed with all that it has started if it has not ended."""
        child, self._child = self._child, None
        if child is None:
            return 0
        with contextlib.suppress(BrokenPipeError):  # it has ended, and did not read its last task
            child.stdin.close()
        try:
            code = child.wait(1)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            code = child.wait()
        child.stdout.close()
        return code
