"""The OpenAPI description is true: requests made from it, right ones and wrong ones, are answered as it says."""

import json

import hypothesis
import pytest
import schemathesis
from hypothesis import strategies
from schemathesis.checks import load_all_checks

from helpers.machine.soak import sized
from helpers.stores import groups, served


load_all_checks()

# A limit of 0: one row that breaks a rule and the whole batch is refused, so that what is wrong is never a success.
STRICT = served.SLEEP | {"feature_group": "strict_sleep", "reject_limit": 0}
ENTITIES = {"athlete_id": ["4001", "4002", "Zoë/ü 1%?"], "race_id": ["7"], "class": ["42k", "10k"]}


@pytest.fixture(scope="module")
def contract(tmp_path_factory):
    path = served.database(tmp_path_factory.mktemp("contract") / "athlete.db")
    db = served.connect(str(path), isolation_level=None)
    groups.register(db, STRICT, served.SCORES | {"version": "1.3.0", "reject_limit": 0})
    groups.script(db, db.execute("SELECT feature_group_ddl(?)", (json.dumps(STRICT),)).fetchone()[0])
    db.close()
    opened = served.Served(path)
    opened.write_fast()
    opened.token = served.token(path, "contract", "--athlete", "all", "--write", "strict_sleep,race_scores")
    yield opened
    opened.close()


def described(contract):
    found = schemathesis.openapi.from_asgi("/openapi.json", contract.app)
    # A row that is right by the schema can break a rule that no schema has a word for; its batch is refused with 422.
    found.config.checks.positive_data_acceptance.expected_statuses += ["422"]
    # More entities or rows than the schema allows are too large, like a body of too many bytes.
    rejection = found.config.checks.negative_data_rejection
    rejection.expected_statuses = [*rejection.expected_statuses, "413"]
    return found


@pytest.fixture(scope="module")
def schema(contract):
    return described(contract)


def operations(schema):
    return [result.ok() for result in schema.get_all_operations()]


def test_the_description_is_openapi_and_has_every_group_with_its_types_and_units(schema, contract):
    schema.validate()
    paths = {(operation.method.upper(), operation.path) for operation in operations(schema)}
    assert paths == {
        ("GET", "/groups"), ("GET", "/features"), ("GET", "/health"),
        ("GET", "/features/athlete_sleep/{athlete_id}"), ("POST", "/features/athlete_sleep"), ("POST", "/ingest/athlete_sleep/{athlete_id}"),
        ("GET", "/features/strict_sleep/{athlete_id}"), ("POST", "/features/strict_sleep"), ("POST", "/ingest/strict_sleep/{athlete_id}"),
        ("GET", "/features/race_scores/{race_id}/{class}"), ("POST", "/features/race_scores"), ("POST", "/ingest/race_scores/{race_id}/{class}"),
        ("GET", "/features/computed_load/{athlete_id}"), ("POST", "/features/computed_load"),
    }
    schemas = contract.get("/openapi.json").json()["components"]["schemas"]
    assert schemas["athlete_sleep.features"]["properties"]["sleep_h"] == {"type": ["number", "null"], "description": "in h", "x-unit": "h"}
    assert schemas["athlete_sleep.features"]["properties"]["resting_hr"]["type"] == "integer"
    assert schemas["race_scores.features"]["properties"]["shape"] == {"type": ["array", "null"], "items": {"type": ["number", "null"]}}
    assert set(schemas["race_scores.rows"]["properties"]["rows"]["items"]["properties"]) == {"day", "score", "is_final", "finishers", "shape", "note", "available_at"}


PATHS = ["/groups", "/features", "/health", "/features/athlete_sleep/{athlete_id}", "/features/race_scores/{race_id}/{class}", "/features/athlete_sleep",
         "/features/race_scores", "/features/computed_load/{athlete_id}", "/ingest/strict_sleep/{athlete_id}", "/ingest/race_scores/{race_id}/{class}"]


POSITIVE, NEGATIVE = schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE
CASES = [(path, mode) for path in PATHS for mode in (POSITIVE, NEGATIVE) if mode is POSITIVE or path not in ("/groups", "/health")]  # which take nothing


@pytest.mark.parametrize("path, mode", CASES, ids=str)
def test_requests_made_from_the_description_are_answered_as_it_says(schema, contract, path, mode):
    (operation,) = [each for each in operations(schema) if each.path == path]
    statuses = set()

    @hypothesis.settings(max_examples=sized(8, 25), deadline=None, database=None, derandomize=True, suppress_health_check=list(hypothesis.HealthCheck))
    @hypothesis.given(case=operation.as_strategy(generation_mode=mode), known=strategies.data())
    def run(case, known):
        if mode is POSITIVE:
            for name in case.path_parameters or {}:
                case.path_parameters[name] = known.draw(strategies.sampled_from([*ENTITIES[name], case.path_parameters[name]]))
        response = case.call(headers={"Authorization": f"Bearer {contract.token}"})
        statuses.add(response.status_code)
        case.validate_response(response)

    run()
    assert statuses and max(statuses) < 500
