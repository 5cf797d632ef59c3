"""Texts that a fuzzer makes up: a short run of what `make fuzz RUNS=5000000` does at length.

A fuzzer that finds nothing says something only if it would find something: the same target finds the missing checks of a
reader that trusts its text.
"""


import pytest

from fuzz import fuzz
from helpers.extension import BUILD
from helpers.machine.soak import sized

pytestmark = pytest.mark.unsanitized  # what it builds has sanitizers of its own

RUNS = sized(3000, 10_000)

FOLDER = BUILD / "fuzz"


@pytest.mark.parametrize("name", fuzz.TARGETS)
def test_made_up_texts_are_refused_or_used_without_harm(name, tmp_path):
    result = fuzz.run(fuzz.build(name, FOLDER), fuzz.TARGETS[name], tmp_path, f"-runs={RUNS}", "-seed=1")
    assert result.finding == "", result.output[-4000:]
    assert result.runs >= RUNS


def test_the_fuzzer_finds_that_a_reader_does_not_check_its_models(tmp_path):
    result = fuzz.run(fuzz.build("fuzz_model", FOLDER, trusting=True), fuzz.TARGETS["fuzz_model"], tmp_path, "-max_total_time=60", "-seed=1")
    assert "AddressSanitizer" in result.finding or "runtime error" in result.finding or "timeout" in result.finding, result.output[-4000:]
