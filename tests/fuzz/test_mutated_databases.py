"""Damaged database files end as errors: a sample of what `make fuzz` and `make soak` do with thousands.

Nothing found says something only if the files are read at all, and if a reader that trusts them is found.
"""

import re

import pytest

from fuzz import mutated_databases
from helpers.extension import BUILD

FILES = 30

pytestmark = pytest.mark.unsanitized  # what it builds has sanitizers of its own


@pytest.fixture(scope="module")
def program():
    return mutated_databases.build(BUILD / "fuzz")


def test_every_statement_works_on_a_file_without_damage(program, tmp_path):
    result = mutated_databases.run(program, tmp_path, 0, 2, "--undamaged")
    assert (result.files, result.failed, result.findings) == (2, 0, 0), result.output
    assert result.done > 1000 and result.rows > 2000


def test_a_damaged_file_ends_no_process_and_none_hangs(program, tmp_path):
    result = mutated_databases.run(program, tmp_path, 0, FILES)
    assert (result.files, result.findings) == (FILES, 0), result.output[-8000:]
    assert result.failed > FILES and result.done > 20 * FILES  # the damage is seen, and does not end the reading


def test_a_function_that_trusts_the_file_is_found_by_the_number_of_the_file(program, tmp_path):
    result = mutated_databases.run(program, tmp_path, 0, 1000, "--planted")
    assert result.findings > 0 and "AddressSanitizer" in result.output and "planted_element" in result.output
    number = int(re.search(r"^file (\d+): ", result.output, re.M)[1])
    again = mutated_databases.run(program, tmp_path, number, 1, "--planted")
    assert again.findings == 1 and f"file {number}: " in again.output
