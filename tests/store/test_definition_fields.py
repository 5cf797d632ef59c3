"""The table of a definition's fields is what definitions are read by: each field is known, judged and filled in as it says."""

import json
import random

import pytest

from helpers.extension import connect
from helpers.stores.groups import REGISTRY, register
from helpers.stages import new_database, one, run

OPENED = connect()
FIELDS = [dict(zip(("object", "name", "value", "required", "min", "max", "default", "meaning"), row)) for row in OPENED.execute("SELECT * FROM feature_definition_fields")]
FITTING = {
    "a text": "x", "SQL as a text": "1", "a list of texts": ["x", "y z"], "true or false": True, "a text, a number, true or false": 1,
    "a list of texts and numbers": [1, 2], "draft, active, deprecated or archived": "draft",
}  # fmt: skip
WRONG = [None, 7.5, "", " ", "a b", True, [], [[]], {}, ["a", 1], "nobody", "01.0.0", [{}]]


def group(**fields):
    return {"feature_group": "g", "version": "1.0.0", "description": "d", "entity": "e", "keys": ["k"],
            "features": [{"name": "x", "type": "numerical"}], "rules": [{"name": "r", "predicate": "x > 0", "reason": "x"}]} | fields  # fmt: skip


def with_field(field, value):
    """A definition in which one field says a value; of an inner object, the first one's."""
    definition = group()
    inner = definition[field["object"][:-2]][0] if field["object"] else definition
    inner[field["name"]] = value
    return definition


def fault(definition):
    return OPENED.execute("SELECT feature_group_fault(?)", (json.dumps(definition),)).fetchone()[0]


def places(fields):
    return [pytest.param(field, id=f"{field['object']}{field['name']}") for field in fields if field["object"] != "types.*"]


@pytest.mark.parametrize("field", places(FIELDS))
def test_a_field_is_known_and_one_that_is_not_listed_is_not(field):
    place = f"{field['object'].replace('[]', '[0].')}{field['name']}"
    assert f"{place}_ is no known field" in fault(with_field(field | {"name": field["name"] + "_"}, 1))
    if field["value"] in FITTING:
        assert "is no known field" not in (fault(with_field(field, FITTING[field["value"]])) or "")


@pytest.mark.parametrize("field", places([f for f in FIELDS if f["required"]]))
def test_a_required_field_is_missed(field):
    definition = with_field(field, 1)
    del (definition[field["object"][:-2]][0] if field["object"] else definition)[field["name"]]
    assert fault(definition) == f"{field['object'].replace('[]', '[0].')}{field['name']} is missing"


@pytest.mark.parametrize("field", places(FIELDS))
def test_a_value_of_another_form_is_refused_with_the_form(field):
    place = f"{field['object'].replace('[]', '[0].')}{field['name']}"
    said = {fault(with_field(field, value)) for value in WRONG}
    assert f"{place} must be {field['value']}" in said


@pytest.mark.parametrize("field", places([f for f in FIELDS if f["min"] is not None]))
def test_a_number_is_held_to_its_range(field):
    rng = random.Random(field["name"])
    span = field["max"] - field["min"]
    for value in [field["min"], field["max"], field["min"] + rng.random() * span]:
        assert fault(with_field(field, value)) is None
    for value in [field["min"] - 1e-9, field["max"] * (1 + 1e-9), field["max"] + rng.random() * span + 1]:
        assert f"{field['name']} must be between" in fault(with_field(field, value))


def typed(text):
    return json.loads(text) if text[0] in "0123456789tf" else text


def test_a_definition_that_says_every_default_is_the_one_that_says_none():
    said = group(**{f["name"]: typed(f["default"]) for f in FIELDS if not f["object"] and f["default"] and f["default"][0] != "("})
    said["features"][0] |= {f["name"]: typed(f["default"]) for f in FIELDS if f["object"] == "features[]" and f["default"] and f["default"][0] != "("}
    assert len(said) > len(group()) + 4 and said["features"] != group()["features"]
    texts = [OPENED.execute("SELECT feature_group_ddl(?), feature_group_ingest(?, 'SELECT 1 AS k, 2 AS event_timestamp')", [json.dumps(d)] * 2).fetchone() for d in (group(), said)]
    assert texts[0] == texts[1]
    db = new_database()
    run(db, REGISTRY)
    register(db, group(), said | {"feature_group": "told", "table": "told"})
    rows = [one(db, f"SELECT status, row_key, timestamp_key, available_key, lookback_days, delay_hours, expected_every_hours, reject_limit FROM feature_groups WHERE name = '{name}'") for name in ("g", "told")]
    assert tuple(rows[0]) == tuple(rows[1])
