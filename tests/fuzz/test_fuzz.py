"""Texts that a fuzzer makes up: a short run of what `make fuzz RUNS=5000000` does at length.

A fuzzer that finds nothing says something only if it would find something: the same target finds the missing checks of a
reader that trusts its text.
"""

import dataclasses

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
    """Memory that is not its own, or an end of its own where what was accepted disagrees with itself. Our own models alone, and no long ones,
    lead there in a few thousand runs."""
    target = dataclasses.replace(fuzz.TARGETS["fuzz_model"], seeds=(fuzz.own_models,), max_length=3000)
    result = fuzz.run(fuzz.build("fuzz_model", FOLDER, trusting=True), target, tmp_path, "-max_total_time=180", "-seed=1")
    found = ("AddressSanitizer", "runtime error", "timeout", "deadly signal")
    assert any(each in result.finding for each in found), result.output[-4000:]
