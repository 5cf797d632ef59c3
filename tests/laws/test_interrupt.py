"""Whatever runs can be stopped, by sqlite3_interrupt() from another thread and by a progress handler.

`pytest -rP` shows the milliseconds from the wish to the stop; tests/bench/interrupt_latency.py measures them well.
"""

import sqlite3
import threading
import time

import pytest

from helpers.extension import connect
from helpers.machine.soak import soak
from helpers.workloads import WORKLOADS

STARTED_S = 0.1


def run_to_the_stop(db, sql, parameters):
    """The error that ended the query, and when; it must not end otherwise."""
    with pytest.raises(sqlite3.OperationalError) as caught:
        db.execute(sql, parameters).fetchall()
    return str(caught.value), time.monotonic()


def interrupted(name):
    """sqlite3_interrupt() in the middle of the workload: (error, seconds from the wish to the stop)."""
    sql, parameters = WORKLOADS[name]()
    db = connect(check_same_thread=False)
    wished = []
    stopped_or_ended = threading.Event()

    def interrupt():
        stopped_or_ended.wait(STARTED_S)
        wished.append(time.monotonic())
        while not stopped_or_ended.is_set():  # again, in case that the query had not begun
            db.interrupt()
            stopped_or_ended.wait(0.01)

    thread = threading.Thread(target=interrupt)
    thread.start()
    try:
        error, stopped = run_to_the_stop(db, sql, parameters)
    finally:
        stopped_or_ended.set()
        thread.join()
    usable = db.execute("SELECT 1").fetchone() == (1,)
    db.close()
    return error, stopped - wished[0], usable


def timed_out(name):
    """A progress handler with a deadline, as Datasette has one."""
    sql, parameters = WORKLOADS[name]()
    db = connect()
    deadline = time.monotonic() + STARTED_S
    db.set_progress_handler(lambda: time.monotonic() > deadline, 1000)
    error, stopped = run_to_the_stop(db, sql, parameters)
    db.set_progress_handler(None, 0)
    usable = db.execute("SELECT 1").fetchone() == (1,)
    db.close()
    return error, stopped - deadline, usable


@pytest.mark.parametrize("way", [interrupted, soak(timed_out)])
@pytest.mark.parametrize("name", WORKLOADS)
def test_a_long_call_stops_when_it_is_asked_to(name, way):
    error, seconds, usable = way(name)
    print(f"{name}: {way.__name__}, stopped after {seconds * 1000:.0f} ms")
    assert error == "interrupted"
    assert usable
