"""A file whose registry no registration wrote goes out as Parquet into the folder that was named, or a sentence says why not."""

import random
import shutil

import pytest

import outlet
from groups import ExchangeError
from helpers.machine.soak import soak
from helpers.stores import odd_registry
from helpers.stores.exchange import history

READINGS = "readings"


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    path = tmp_path_factory.mktemp("registry") / "a.db"
    history(path, "odd", n=8).close()
    return path


def tree(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("n", [8, soak(10_000)])
def test_nothing_outside_of_the_folder_is_touched_and_what_cannot_be_is_a_sentence(tmp_path, original, n):
    path, victim, refused = shutil.copy(original, tmp_path / "a.db"), tmp_path / "victim", 0
    outlet.write(path, tmp_path / "out", [], "month")
    shutil.copytree(tmp_path / "out" / READINGS, victim)
    before, cases = tree(victim), odd_registry.cases()
    paths = [case for case in cases if case[1] == "name" and case[2] == "../victim"]
    with odd_registry.open_registry(path) as db:
        for table, column, value in [*paths, *random.Random(1).sample(cases, min(n, len(cases)))]:
            with odd_registry.odd(db, READINGS, table, column, value):
                try:
                    outlet.write(path, tmp_path / "out", [], "month")
                except ExchangeError as error:
                    assert len(str(error)) < 600 and "\n" not in str(error), (table, column, value, error)
                    refused += 1
            assert tree(victim) == before and {p.name for p in tmp_path.iterdir()} == {"a.db", "out", "victim"}, (table, column, value)
    assert refused > n / 5 or n > len(cases)
    outlet.write(path, tmp_path / "out", [], "month")
