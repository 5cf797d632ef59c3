"""Plain Datasette, without our plugin and without the extension, over a file and its metadata: words, units, order, rounded views."""

import asyncio
import json
import random
import re
import shutil
import sqlite3
import urllib.parse

import pytest

from helpers.athletes import demo
from helpers.extension import ROOT
from helpers.stores.served import Datasette, pm
from helpers.tools import tool

NAMES = ["athlete.db", "my runs.db", "2025.sqlite", "noending", "dots.in.name.db"]


@pytest.fixture(scope="module", autouse=True)
def without_our_plugin():
    """What one Datasette has loaded from a folder, every other one of its process has."""
    ours = [(name, plugin) for name, plugin in pm.list_name_plugin() if str(getattr(plugin, "__file__", "")).startswith(str(ROOT / "sql"))]
    for _, plugin in ours:
        pm.unregister(plugin)
    yield
    for name, plugin in ours:
        pm.register(plugin, name)


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    folder = tmp_path_factory.mktemp("plain")
    path = folder / random.Random("plain").choice(NAMES)
    shutil.copy(demo.database(), path)
    with sqlite3.connect(path) as db:
        db.execute("INSERT INTO athlete_names (athlete_id, name, told_at) VALUES ('4001', '<b>Ann</b>', '2026-01-01T00:00:00Z')")
    done = tool("metadata", path, folder / "metadata.json")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    metadata = json.loads((folder / "metadata.json").read_text())
    return Datasette([str(path)], metadata=metadata, settings={"sql_time_limit_ms": 60_000}), metadata, path  # whatever else the machine does


def get(plain, path, **asked):
    (datasette, metadata, _) = plain
    (name,) = metadata["databases"]
    place = datasette.urls.path(f"/{urllib.parse.quote(name)}".replace("%20", "~20").replace(".", "~2E") + path)
    answer = asyncio.run(datasette.client.get(place + ("?" + urllib.parse.urlencode(asked) if asked else "")))
    assert answer.status_code == 200, (place, answer.text[:500])
    return answer


@pytest.mark.parametrize("name", NAMES)
def test_the_metadata_name_the_database_as_datasette_does(tmp_path, name):
    shutil.copy(demo.database(), tmp_path / name)
    assert tool("metadata", tmp_path / name, tmp_path / "m.json").returncode == 0
    datasette = Datasette([str(tmp_path / name)])
    asyncio.run(datasette.invoke_startup())
    (known,) = json.loads((tmp_path / "m.json").read_text())["databases"]
    assert known in datasette.databases


def test_the_list_shows_tables_with_words_and_hides_the_rest(plain):
    told = get(plain, ".json").json()
    shown = {table["name"] for table in told["tables"] if not table["hidden"]}
    tables = next(iter(plain[1]["databases"].values()))["tables"]
    with sqlite3.connect(plain[2]) as db:
        there = {name for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
    assert shown == {name for name, words in tables.items() if not words.get("hidden")} & there and 10 < len(shown) < 40 < len(there)
    assert all(tables[name].get("description") for name in shown)


def test_every_column_of_a_group_has_its_words_and_unit_on_the_page_of_its_table(plain):
    with sqlite3.connect(plain[2]) as db:
        features = db.execute("SELECT g.table_name, f.name, f.unit, f.description FROM feature_groups_current AS g JOIN features_current AS f ON f.group_name = g.name"
                              " WHERE f.unit IS NOT NULL AND f.description IS NOT NULL").fetchall()
    assert len(features) > 100
    pages = {table: get(plain, f"/{table}", _size=1).text for table in {row[0] for row in features}}
    for table, column, unit, description in features:
        words = re.search(rf"<dt>{column}</dt><dd>([^<]*)</dd>", pages[table])[1]
        for code, letter in (("&#39;", "'"), ("&gt;", ">"), ("&lt;", "<"), ("&#34;", '"'), ("&amp;", "&")):
            words = words.replace(code, letter)
        assert words == f"{description}; in {unit}"


def test_a_rounded_view_shows_what_the_tables_have_in_few_digits(plain):
    queries = next(iter(plain[1]["databases"].values()))["queries"]
    with sqlite3.connect(plain[2]) as db:
        db.row_factory = sqlite3.Row
        days = {row["as_of_date"]: row for row in db.execute("SELECT * FROM athlete_rolling_features")}
        seconds = {(row["distance"], row["model"]): row["predicted_s"] for row in db.execute("SELECT d.name AS distance, g.* FROM gold_athlete_predictions AS g JOIN race_distances AS d USING (distance_class) ORDER BY prediction_id")}
    for name, query in queries.items():
        for athlete in ("4001", "") if query.get("params") else (None,):
            asked = {} if athlete is None else {"athlete_id": athlete}
            assert query["title"] in get(plain, f"/{name}", **asked).text
            rows = get(plain, f"/{name}.json", _shape="objects", **asked).json()["rows"]
            assert rows, name
            for value in (value for row in rows for value in row.values() if isinstance(value, float)):
                assert len(f"{value!r}".partition(".")[2]) <= 2, (name, value)
            if name == "form_by_day":
                assert [row["day"] for row in rows] == sorted((row["day"] for row in rows), reverse=True)
                for row in rows:
                    day = days[row["day"]]
                    for ours, theirs in (("fitness_ctl", "ctl_42d"), ("form_tsb", "tsb"), ("fatigue_atl", "atl_7d")):
                        assert (row[ours] is None) == (day[theirs] is None) and (row[ours] is None or abs(row[ours] - day[theirs]) <= 0.05 + 1e-9)
            if name == "estimates":
                for row in rows:
                    h, m, s = map(int, row["estimate"].split(":"))
                    assert abs(3600 * h + 60 * m + s - seconds[row["distance"], row["model"]]) <= 0.5
    assert "<b>Ann" not in get(plain, "/squad").text and "&lt;b&gt;Ann" in get(plain, "/squad").text


def test_a_file_that_is_not_ready_is_a_sentence_and_no_metadata(tmp_path):
    (tmp_path / "empty.db").touch()
    done = tool("metadata", tmp_path / "empty.db", tmp_path / "m.json")
    assert done.returncode == 1 and "make import" in done.stderr and not (tmp_path / "m.json").exists()
