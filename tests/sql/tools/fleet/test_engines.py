"""Every engine gives the rows that xargs gives, by workers of its own; a soak, since Spark alone is half a gigabyte."""

import pytest

from helpers.extension import BUILD
from helpers.stores import fleets

ATHLETES = range(1, 9)
PYTHON = BUILD / "engines" / "bin" / "python"

pytestmark = [pytest.mark.soak, pytest.mark.unsanitized]


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    return fleets.written(tmp_path_factory.mktemp("raw") / "all.ndjson", fleets.objects(ATHLETES))


@pytest.fixture(scope="module")
def expected(tmp_path_factory, source):
    folder = tmp_path_factory.mktemp("processes") / "out"
    fleets.ran(folder, source, partitions=4)
    return rows(folder)


def rows(folder):
    found = fleets.tables_of_fleet(folder)
    return {name: fleets.rows(table) for name, table in found.items() if name not in ("athletes", "rejects") and "predict" not in name and "recommend" not in name and name != "inference_log"}


@pytest.mark.parametrize("engine", ["dask", "spark"])
def test_an_engine_gives_the_rows_of_xargs_and_the_models_of_all(tmp_path, source, expected, engine):
    done = fleets.fleet("run", f"--engine={engine}", "--workers=2", "--partitions=4", f"--delta={tmp_path / 'delta'}", tmp_path / "out", source, python=PYTHON)
    assert done.returncode == 0 and done.stdout.startswith("8 athletes advanced"), done.stderr[-4000:]
    assert rows(tmp_path / "out") == expected and len(expected) > 15
    again = fleets.fleet("run", f"--engine={engine}", "--workers=2", tmp_path / "out", source, python=PYTHON)
    assert again.returncode == 0 and rows(tmp_path / "out") == expected
    delta = tmp_path / "delta" / "athlete_rolling_features"
    parts = len(list((tmp_path / "out").glob("partition=*")))
    assert parts > 1 and len(list(delta.glob("_delta_log/*.json"))) == len(list(delta.glob("partition=*"))) == parts
    pooled = fleets.fleet("pool", f"--engine={engine}", "--workers=2", tmp_path / "out", python=PYTHON)
    assert pooled.returncode == 0 and "pace_predictor" in pooled.stdout, pooled.stderr[-4000:]
