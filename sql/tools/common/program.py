"""How a program begins and ends: a failure is a sentence, a signal leaves no half state, a pipe that is closed is no failure."""

import os
import signal
import sys
import threading

from .database import Failure, interrupt

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class _Stopped(BaseException):
    """A signal."""


def run(main):
    """Ends the process with the exit code that main(arguments) returns.

    It runs on a thread of its own: Python hears signals on the first one only, between two of its instructions, and a single
    statement of SQLite's may take minutes.
    """
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:  # closed by who started us
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    codes, has_ended = [], threading.Event()
    try:
        for number in SIGNALS:
            signal.signal(number, _stop)
        threading.Thread(target=_work, args=[main, codes, has_ended], daemon=True).start()
        has_ended.wait()
        for number in SIGNALS:  # nothing of ours is left to be stopped, and Python's own last steps are not to be
            signal.signal(number, signal.SIG_DFL)
    except _Stopped as stopped:
        (number,) = stopped.args
        interrupt(has_ended)
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
    sys.exit(codes[0] if codes else 1)


def _work(main, codes, has_ended):
    try:
        codes.append(_outcome(main))
    finally:
        has_ended.set()


def _stop(number, _frame):
    for each in SIGNALS:
        signal.signal(each, signal.SIG_IGN if each == number else signal.SIG_DFL)
    raise _Stopped(number)


def _outcome(main):
    try:
        code = main(sys.argv[1:]) or 0
        if sys.stdout is not None:
            _written(sys.stdout.flush)
        return code
    except Failure as failure:
        complain(failure)
    except SystemExit as error:  # of the reader of arguments
        return error.code
    except UnicodeError as error:
        complain(f"a text that is not UTF-8: {error.object[max(0, error.start - 30) : error.end + 30]!r}")
    except MemoryError:
        complain("there is not enough memory for this")
    except OSError as error:
        complain(f"{error.filename or 'standard output'}: {error.strerror}" if error.strerror else error)  # one of Python's own
    return 1


def say(text):
    _written(lambda: print(printable(text)))


def complain(text):
    print(printable(text), file=sys.stderr)


def _written(write):
    """Who reads our output may have seen enough (| head); what we do goes on."""
    try:
        write()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


# What a terminal would obey instead of showing it.
CONTROLS = {code: "\N{REPLACEMENT CHARACTER}" for code in (*range(32), *range(127, 160)) if chr(code) not in "\n\t"}


def printable(text):
    """A text that a database or a file may have chosen, as one may show it on a terminal."""
    return str(text).translate(CONTROLS)
