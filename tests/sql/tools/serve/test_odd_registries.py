"""A file whose registry no registration wrote is answered from, or a sentence says why not; an error of the server is neither."""

import random

import pytest

from helpers.machine.soak import soak
from helpers.stores import odd_registry

GROUP = "athlete_sleep"


@pytest.mark.parametrize("n", [40, soak(10_000)])
def test_no_value_in_the_registry_is_an_error_of_the_server(own_api, n):
    cases, refused = odd_registry.cases(), 0
    with odd_registry.open_registry(own_api.path) as db:
        for table, column, value in random.Random(1).sample(cases, min(n, len(cases))):
            with odd_registry.odd(db, GROUP, table, column, value):
                for address in ("/groups", "/features?name=sleep", f"/features/{GROUP}/4001", "/openapi.json", "/health"):
                    answer = own_api.get(address, own_api.tokens["coach"])
                    assert answer.status_code in (200, 400, 404, 503), (table, column, value, address, answer.text)
                    assert answer.status_code == 200 or len(answer.json()["error"]) < 600
                    refused += answer.status_code == 503
        assert refused > n / 5 or n > len(cases)
        assert own_api.get(f"/features/{GROUP}/4001", own_api.tokens["coach"]).status_code == 200
