"""A small model, and the sentence with which a text is refused."""

import json
import sqlite3

import pytest

from helpers.extension import connect
from helpers.models.tables import rows, train


@pytest.fixture(scope="session")
def small():
    x, y = rows(1, n=1000, n_features=3)
    db = connect()
    text = train(db, x, y, num_boost_round=3, max_depth=3)
    db.close()
    return text


@pytest.fixture
def model(small):
    return json.loads(small)


@pytest.fixture
def refusal(db):
    """The sentence with which a model's text is refused."""

    def refuse(text):
        with pytest.raises(sqlite3.OperationalError) as caught:
            db.execute("SELECT gbdt_predict(?, 1, 2, 3)", (text,)).fetchall()
        sentence = str(caught.value)
        assert sentence.startswith("gbdt_predict: ")
        return sentence

    return refuse
