"""exp, log and pow: right to the last bit or nearly so, and the same bits however they are compiled.

The oracle is Python's decimal module with 50 digits; special values are compared with C's own (Python's math).
"""

import math
import random
import struct
import subprocess
from decimal import Context, Decimal

import pytest

from helpers.machine.programs import COMPILERS, compiled

pytestmark = pytest.mark.unsanitized  # programs of its own

DIGITS = Context(prec=50, Emin=-(10**6), Emax=10**6)
LEVELS = ["-O0", "-O3", "-Os"]


@pytest.fixture(scope="module")
def programs(tmp_path_factory):
    assert COMPILERS, "no C compiler found"
    builds = [(compiler, level) for compiler in COMPILERS for level in LEVELS]
    return [compiled(tmp_path_factory.mktemp("elementary"), "base/elementary_bits", ["elementary"], *build) for build in builds]


def evaluate(program, pairs):
    data = b"".join(struct.pack("=dd", x, y) for x, y in pairs)
    out = subprocess.run([program], input=data, capture_output=True, check=True).stdout
    return [struct.unpack_from("=ddd", out, 24 * i) for i in range(len(pairs))]


def any_double(rng):
    return struct.unpack("=d", struct.pack("=Q", rng.getrandbits(64)))[0]


def finite_pairs(rng, n):
    """Arguments of every size, with more of those whose results are in range or hard to round."""
    pairs = []
    while len(pairs) < n:
        x = rng.choice(
            [
                lambda: rng.uniform(-746, 710),
                lambda: rng.uniform(0, 2),
                lambda: 1 + rng.uniform(-1, 1) * 2.0 ** -rng.randint(1, 52),
                lambda: rng.uniform(-1, 1) * 2.0 ** -rng.randint(1, 60),
                lambda: abs(any_double(rng)),
                lambda: rng.uniform(1, 2) * 2.0 ** -rng.randint(1000, 1074),
                lambda: rng.uniform(-745.2, -700),
            ]
        )()
        if not math.isfinite(x):
            continue
        y = rng.choice([lambda: rng.uniform(-3, 3), lambda: float(rng.randint(-40, 40)), lambda: None])()
        if y is None:  # a power that lands anywhere in the range of doubles
            y = rng.uniform(-745, 709) / math.log(x) if x > 0 and x != 1 else 1.06
        pairs.append((x, y))
    return pairs


def ulps(found, true):
    """Distance in units of the last place of a double near the true value."""
    if math.isinf(found):  # right if the true value rounds beyond the largest double
        return Decimal(0) if abs(true) >= Decimal(2) ** 1024 - Decimal(2) ** 970 else Decimal("inf")
    unit = math.ulp(float(true)) if abs(true) < Decimal(2) ** 1023 else 2.0**971
    return abs(Decimal(found) - true) / Decimal(unit)


def test_results_are_within_seven_tenths_of_an_ulp(programs):
    rng = random.Random(1)
    pairs = finite_pairs(rng, 20000)
    worst = {"exp": Decimal(0), "log": Decimal(0), "pow": Decimal(0), "subnormal": Decimal(0)}

    def note(name, found, true):
        name = "subnormal" if abs(true) < Decimal(2) ** -1022 else name
        worst[name] = max(worst[name], ulps(found, true))

    for (x, y), (exp, log, pow_) in zip(pairs, evaluate(programs[0], pairs)):
        if abs(x) < 800:
            note("exp", exp, DIGITS.exp(Decimal(x)))
        if x > 0:
            note("log", log, DIGITS.ln(Decimal(x)))
            exponent = DIGITS.multiply(Decimal(y), DIGITS.ln(Decimal(x)))
            if abs(exponent) < 800:
                note("pow", pow_, DIGITS.exp(exponent))
    assert max(worst["exp"], worst["log"], worst["pow"]) < Decimal("0.7"), worst
    assert worst["subnormal"] < 1, worst


def test_every_compiler_and_level_gives_the_same_bytes(programs):
    rng = random.Random(2)
    pairs = finite_pairs(rng, 50000) + [(any_double(rng), any_double(rng)) for _ in range(50000)]
    data = b"".join(struct.pack("=dd", x, y) for x, y in pairs if x == x and y == y)
    outputs = {subprocess.run([p], input=data, capture_output=True, check=True).stdout for p in programs}
    assert len(outputs) == 1 and len(outputs.pop()) == len(data) // 16 * 24


def test_exact_cases_are_exact(programs):
    pairs = [(0.0, 0.0), (-0.0, 5.0), (1.0, 1e300)]
    (e0, _, p0), (e1, _, p1), (_, l2, p2) = evaluate(programs[0], pairs)
    assert (e0, p0, e1, l2, p2) == (1, 1, 1, 0, 1)
    assert math.copysign(1, p1) == -1 and p1 == 0
    powers = [(float(b), float(n)) for b in range(2, 11) for n in range(0, 16) if b**n < 2**53]
    assert [r[2] for r in evaluate(programs[0], powers)] == [b**n for b, n in powers]
    assert [r[2] for r in evaluate(programs[0], [(-2.0, 3.0), (-2.0, 4.0), (-2.0, -1.0)])] == [-8, 16, -0.5]
    twos = [(2.0, float(k)) for k in range(-1074, 1024)]
    assert [r[2] for r in evaluate(programs[0], twos)] == [2.0**k for k in range(-1074, 1024)]
    squares = [(x, 1.0) for x in (3.7, 1e308, 5e-324, 2.2e-308, 1 - 2**-53, 1 + 2**-52)]
    assert [r[2] for r in evaluate(programs[0], squares)] == [x for x, _ in squares]


def test_special_values_are_those_of_iso_c(programs):
    inf, nan = math.inf, math.nan
    values = [0.0, -0.0, 0.5, -0.5, 1.0, -1.0, 2.0, -2.0, 3.0, -3.0, 1e308, -1e308, 5e-324, -5e-324, 2.0**53, -(2.0**53) - 2]
    values += [1 - 2.0**-53, 1 + 2.0**-52, inf, -inf, nan]
    pairs = [(x, y) for x in values for y in values]

    def c_like(function, *arguments, pole=None):
        try:
            return function(*arguments)
        except OverflowError:
            return inf if not (arguments[0] < 0 and len(arguments) == 2 and arguments[1] % 2 == 1) else -inf
        except ValueError:
            return pole if pole is not None else nan

    def pow_pole(x, y):  # pow(±0, y < 0) is a pole in C, an error in Python
        if x == 0 and y < 0:
            return math.copysign(inf, x) if y % 2 == 1 else inf
        return None

    def same(a, b):
        if math.isnan(a) or math.isnan(b):
            return math.isnan(a) and math.isnan(b)
        return a == b and math.copysign(1, a) == math.copysign(1, b) or abs(a - b) <= math.ulp(b) and a * b > 0

    for (x, y), (exp, log, pow_) in zip(pairs, evaluate(programs[0], pairs)):
        assert same(exp, c_like(math.exp, x)), x
        assert same(log, c_like(math.log, x, pole=-inf if x == 0 else None)), x
        assert same(pow_, c_like(math.pow, x, y, pole=pow_pole(x, y))), (x, y)


def test_exp_and_log_never_step_backwards(programs):
    rng = random.Random(3)
    for low, high in [(-745, 709), (-1e-3, 1e-3), (0.3, 0.4)]:
        grid = sorted(rng.uniform(low, high) for _ in range(5000))
        values = [r[0] for r in evaluate(programs[0], [(x, 1.0) for x in grid])]
        assert values == sorted(values)
    for low, high in [(0.7, 0.72), (0.999, 1.001), (1.41, 1.42), (1e-300, 1e300)]:
        grid = sorted(rng.uniform(low, high) for _ in range(5000))
        values = [r[1] for r in evaluate(programs[0], [(x, 1.0) for x in grid])]
        assert values == sorted(values)


def test_nothing_but_arithmetic_is_linked(tmp_path):
    """Without -lm the program must link: no exp, log or pow of the C library can be in it."""
    for compiler in COMPILERS:
        compiled(tmp_path, "base/elementary_bits", ["elementary"], compiler, "-O2", needs=[])
