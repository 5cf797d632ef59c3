"""A server for the tests of serving."""

import pytest

from helpers.stores.served import serve


@pytest.fixture(scope="module")
def api(tmp_path_factory):
    """One for all tests of a module that only read."""
    served = serve(tmp_path_factory.mktemp("served") / "athlete.db")
    yield served
    served.close()


@pytest.fixture
def own_api(tmp_path):
    served = serve(tmp_path / "athlete.db")
    served.write_fast()
    yield served
    served.close()
