"""Numbers of a recording against a plain reading of its samples, and what must hold for any recording."""

import math
import random
import sqlite3
import statistics

import numpy
import pytest

from helpers.extension import ROOT, connect
from importers.packed import packed

SLOW, FAST, GAP_S, WINDOW_M = 1.5 / 3.6, 12.5, 30, 60


@pytest.fixture(scope="module")
def db():
    db = connect(isolation_level=None)
    yield db
    db.close()


def recording(rng, n=None):
    """Times, metres, altitudes, heart rates, watts: uneven, with pauses, gaps, standing, dropouts and spikes."""
    time, metre, height, rows = rng.choice([0, 0.5, 1e9]), 0.0, rng.uniform(-50, 3000), []
    speed, grade = rng.uniform(1, 5), 0.0
    for _ in range(n or rng.randrange(2, 4000)):
        rows.append((time, round(metre, 2), round(height, 1) if rng.random() < 0.98 else None,
                     rng.choice([None, 0, 255, 90]) if rng.random() < 0.03 else 140 + rng.randrange(25), rng.randrange(0, 400) if rng.random() < 0.97 else None))
        step = rng.choices([1, 2, 5, 15, 40, 300], [60, 10, 5, 2, 1, 1])[0]
        speed = min(14.0, max(0.0, speed + rng.gauss(0, 0.4)))
        grade = max(-0.4, min(0.4, grade + rng.gauss(0, 0.02)))
        run = 0.0 if rng.random() < 0.05 else speed * min(step, 20)
        time, metre, height = time + step, metre + run, height + run * grade
    return [list(column) for column in zip(*rows)]


def channels(columns):
    time, metre, height, rate, watts = columns
    return packed(time, 1, 2), packed(metre, 2, 2), packed(height, 1, 1), packed(rate, 0, 1), packed(watts, 0, 1)


def factor(grade, model):
    if model == "minetti":
        i = max(-0.45, min(0.45, grade))
        return (155.4 * i**5 - 30.4 * i**4 - 43.3 * i**3 + 46.3 * i**2 + 19.5 * i + 3.6) / 3.6
    g = 100 * max(-0.4, min(0.4, grade))
    return 1 + 0.029290920646623777 * g + 0.0018083953212790634 * g**2 + 4.0662425671715924e-7 * g**3 - 3.686186584867523e-7 * g**4 - 2.6628107325930747e-9 * g**5


def filled(values):
    known = [value for value in values if value is not None]
    out, last = [], known[0] if known else None
    for value in values:
        last = value if value is not None else last
        out.append(last)
    return out if known else None


def graded_steps(time, metre, height, model):
    """(seconds, metres on the flat, sample) of each step in motion, the slow way."""
    heights = filled(height) if height else None
    if heights:
        heights = [statistics.fmean(heights[k] for k in range(max(0, i - 12), min(len(time), i + 12)) if abs(time[k] - time[i]) <= 5) for i in range(len(time))]
    found = []
    for i in range(1, len(time)):
        seconds, run = time[i] - time[i - 1], metre[i] - metre[i - 1]
        if seconds > GAP_S or run < SLOW * seconds or run > FAST * seconds:
            continue
        low = max((k for k in range(i) if metre[k] <= metre[i] - WINDOW_M / 2), default=0)
        high = min((k for k in range(i, len(time)) if metre[k] >= metre[i] + WINDOW_M / 2), default=len(time) - 1)
        around = metre[high] - metre[low]
        grade = (heights[high] - heights[low]) / around if heights and around > 5 else 0.0
        found.append((seconds, run * factor(grade, model), i))
    return found


def normalized(steps):
    """By numpy, of amounts spread evenly over their seconds."""
    times = numpy.concatenate([[0], numpy.cumsum([s for s, *_ in steps])])
    totals = numpy.concatenate([[0], numpy.cumsum([a for _, a, *_ in steps])])
    if times[-1] < 30:
        return None
    ends = numpy.arange(30, math.floor(times[-1]) + 1)
    rates = (numpy.interp(ends, times, totals) - numpy.interp(ends - 30, times, totals)) / 30
    return float(numpy.mean(rates**4) ** 0.25)


def believed(rates):
    human = [rate is not None and 30 <= rate <= 230 for rate in rates]
    return [rate if human[i] and abs(rate - statistics.median(r for r, h in zip(rates[max(0, i - 15):i + 16], human[max(0, i - 15):i + 16]) if h)) <= 30 else None
            for i, rate in enumerate(rates)]


def decoupling(steps, rates):
    moving = sum(s for s, *_ in steps)
    counted = [step for step in steps if rates[step[2]] is not None]
    whole = sum(s for s, *_ in counted)
    if moving < 1200 or whole <= 0.9 * moving:
        return None
    halves, past = [[0.0, 0.0], [0.0, 0.0]], 0.0
    for seconds, metres, i in counted:
        half = halves[past + seconds / 2 > whole / 2]
        half[0] += metres
        half[1] += rates[i] * seconds
        past += seconds
    first, second = (metres / beats for metres, beats in halves)
    return 100 * (first - second) / first


def near(found, wanted):
    assert (found is None) == (wanted is None), (found, wanted)
    assert found is None or found == pytest.approx(wanted, rel=1e-7, abs=1e-7)


@pytest.mark.parametrize("seed", range(8))
def test_every_number_of_a_recording_equals_a_plain_reading_of_its_samples(db, seed):
    rng = random.Random(seed)
    columns = recording(rng, rng.choice([2, 40, 700, 1500]))
    time, metre, height, rate, watts = columns
    t, d, a, h, p = channels(columns)
    for model in ("strava", "minetti"):
        steps = graded_steps(time, metre, height, model)
        metres = sum(m for _, m, _ in steps)
        near(db.execute("SELECT graded_pace(?, ?, ?, ?)", (t, d, a, model)).fetchone()[0], sum(s for s, *_ in steps) / metres * 1000 / 60 if metres else None)
        speed = normalized(steps) if steps else None
        near(db.execute("SELECT normalized_graded_pace(?, ?, ?, ?)", (t, d, a, model)).fetchone()[0], 1000 / speed / 60 if speed else None)
    flat = graded_steps(time, metre, None, "strava")
    near(db.execute("SELECT graded_pace(?, ?, NULL)", (t, d)).fetchone()[0], sum(s for s, *_ in flat) / sum(m for _, m, _ in flat) * 1000 / 60 if flat else None)
    near(db.execute("SELECT decoupling(?, ?, ?, ?)", (t, d, a, h)).fetchone()[0], decoupling(graded_steps(time, metre, height, "strava"), believed(rate)))
    of_watts = [(time[i] - time[i - 1], watts[i] * (time[i] - time[i - 1])) for i in range(1, len(time)) if watts[i] is not None and time[i] - time[i - 1] <= GAP_S]
    near(db.execute("SELECT normalized_power(?, ?)", (t, p)).fetchone()[0], normalized(of_watts) if of_watts else None)
    near(db.execute("SELECT stream_mean(?, ?)", (t, p)).fetchone()[0], sum(x for _, x in of_watts) / sum(s for s, _ in of_watts) if of_watts else None)
    held = {}
    for i, value in enumerate(believed(rate)):
        seconds = time[i] - time[i - 1] if i else 0
        if 0 < seconds <= GAP_S:
            held[value] = held.get(value, 0) + seconds
    assert dict(db.execute("SELECT hr, seconds FROM heart_rate_seconds(?, ?)", (t, h))) == pytest.approx(held)


@pytest.mark.parametrize("seed", range(20))
def test_a_packed_channel_gives_its_samples_back_and_costs_little(db, seed):
    rng = random.Random(seed)
    columns = recording(rng)
    for column, samples, decimals in zip(columns, channels(columns), (1, 2, 1, 0, 0)):
        times, values = zip(*db.execute("SELECT seconds, value FROM stream_values(?, ?)", (channels(columns)[0], samples)))
        assert list(times) == pytest.approx(columns[0], abs=1e-9)
        assert list(values) == [None if x is None else round(x * 10**decimals) / 10**decimals for x in column]
    odd = [rng.choice([None, rng.uniform(-1e9, 1e9), 2.0**40, rng.randrange(-3, 3)]) for _ in range(rng.randrange(300))]
    places, order = rng.randrange(4), rng.choice([1, 2])
    time = packed(list(range(len(odd))), 0, 2)
    got = [value for (value,) in db.execute("SELECT value FROM stream_values(?, ?)", (time, packed(odd, places, order)))]
    assert got == [None if x is None else round(x * 10**places) / 10**places for x in odd]


@pytest.mark.parametrize("seed", range(10))
def test_a_recording_that_is_interrupted_later_or_told_in_other_steps_gives_the_same_pace(db, seed):
    rng = random.Random(seed)
    n, speed = rng.randrange(300, 3000), rng.uniform(1.5, 6)
    every = rng.choice([1, 2, 4])
    time, metre = list(range(n)), [speed * i for i in range(n)]
    pace = "SELECT graded_pace(?, ?, NULL), normalized_graded_pace(?, ?, NULL)"
    one = (packed(time, 0, 2), packed(metre, 2, 2))
    few = (packed(time[::every], 0, 2), packed(metre[::every], 2, 2))
    later = (packed([t + (500 if t > n // 2 else 0) for t in time], 0, 2), one[1])
    for kind in (one, few, later):
        assert db.execute(pace, kind * 2).fetchone() == pytest.approx((1000 / speed / 60,) * 2, rel=1e-3)


@pytest.mark.parametrize("seed", range(40))
def test_bytes_that_are_no_channel_end_as_a_sentence(db, seed):
    rng = random.Random(seed)
    t, d, *_ = channels(recording(rng, rng.randrange(2, 200)))
    damaged = bytearray(d)
    for _ in range(rng.randrange(1, 4)):
        kind = rng.randrange(3)
        if kind == 0:
            damaged[rng.randrange(len(damaged))] = rng.randrange(256)
        elif kind == 1:
            del damaged[rng.randrange(3, len(damaged)):]
        else:
            damaged += rng.randbytes(rng.randrange(1, 12))
        if len(damaged) < 4:
            break
    for sql in ("SELECT graded_pace(?, ?, NULL)", "SELECT COUNT(*) FROM stream_values(?, ?)", "SELECT normalized_power(?, ?)", "SELECT COUNT(*) FROM heart_rate_seconds(?, ?)"):
        try:
            db.execute(sql, (t, bytes(damaged))).fetchall()
        except sqlite3.OperationalError as error:
            assert "argument 2" in str(error) and ("no channel of a recording" in str(error) or "samples where the time has" in str(error)), error
    with pytest.raises(sqlite3.OperationalError, match=r"argument 1 \(time\) must go forward and leave out no sample"):
        db.execute("SELECT stream_mean(?, ?)", (packed([0, 1, 1]), packed([1, 2, 3]))).fetchone()
    with pytest.raises(sqlite3.OperationalError, match=r"argument 2 \(values\) must be a channel of a recording, a BLOB, got 7"):
        db.execute("SELECT stream_mean(?, 7)", (t,)).fetchone()
    bomb = bytes([1, 0, 1]) + b"\xff\xff\xff\x7f" + b"\x03\xff\xff\xff\x7f"
    with pytest.raises(sqlite3.OperationalError, match="more than 1,000,000 samples"):
        db.execute("SELECT stream_mean(?, ?)", (bomb, bomb)).fetchone()
