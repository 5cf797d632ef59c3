"""Datasette's pages: dashboards whose charts have what they ask for, tables with words and units, queries with names, and links that lead to rows."""

import contextlib
import json
import os
import pathlib
import re
import shutil
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.parse

import pytest

from helpers.athletes import demo
from helpers.extension import EXTENSION, ROOT, connect
from helpers.machine import looks
from helpers.machine.browser import browser
from helpers.stores.served import Datasette, Served

CHARTS = ROOT / "schemas" / "charts"
DASHBOARDS = {name: json.loads((CHARTS / f"{name}.json").read_text()) for name in ("athlete", "coach", "models")}
TABLES = json.loads((CHARTS / "tables.json").read_text())
EACH_CHART = [(name, chart) for name, dashboard in DASHBOARDS.items() for chart in dashboard["charts"]]
GIVEN = {"athlete": "4001", "since": "", "athlete_id": "4001", "sport_type": "", "prediction_id": "5"}
ROOT_COOKIE = "ds_actor"


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    path = tmp_path_factory.mktemp("pages") / "my runs.db"
    shutil.copy(demo.database(), path)
    served = Served(path)
    yield served
    served.close()


def signed_in(served):
    return {ROOT_COOKIE: served.datasette.sign({"a": {"id": "root"}}, "actor")}


def get(served, path):
    return served.get(path, headers={"Cookie": f"{ROOT_COOKIE}={signed_in(served)[ROOT_COOKIE]}"}, follow_redirects=False)


def asked(part):
    """The fields that a specification reads, and those that it makes."""
    fields, made = set(), set()
    if isinstance(part, dict):
        fields |= {part["field"]} if isinstance(part.get("field"), str) else set()
        for transform in part.get("transform", []):
            fields |= set(transform.get("fold", [])) | set(re.findall(r"datum\.(\w+)", str(transform.get("calculate", "")) + str(transform.get("filter", ""))))
            made |= set(transform["as"]) if isinstance(transform.get("as"), list) else {transform["as"]} if "as" in transform else set()
    for each in part.values() if isinstance(part, dict) else part if isinstance(part, list) else []:
        more, others = asked(each)
        fields, made = fields | more, made | others
    return fields, made


@pytest.mark.parametrize("name, chart", EACH_CHART)
def test_a_charts_query_gives_the_fields_that_it_draws_and_links_that_lead_to_pages(served, name, chart):
    pages = served.datasette._athlete_pages["plugins"]["datasette-dashboards"]
    query, display = pages[name]["charts"][chart]["query"], DASHBOARDS[name]["charts"][chart]["display"]
    db = connect(str(served.path))
    db.row_factory = sqlite3.Row
    rows = db.execute(query, GIVEN).fetchall()
    assert 0 < len(rows) <= 1000
    fields, made = asked(display)
    assert fields - made - {"value"} <= set(rows[0].keys())
    for field in fields - made - {"row", "page"}:
        assert any(row[field] is not None for row in rows) or field in ("race_date", "name"), field
    for field in {"row", "page"} & set(rows[0].keys()):
        answer = get(served, rows[0][field])
        assert answer.status_code == 200, rows[0][field]
    db.close()


def test_the_first_page_leads_to_the_dashboards_and_none_opens_to_a_stranger(served):
    first = get(served, "/")
    assert (first.status_code, first.headers["location"]) == (302, "/-/dashboards")
    listed = get(served, "/-/dashboards").text
    for name, dashboard in DASHBOARDS.items():
        assert dashboard["title"] in listed and get(served, f"/-/dashboards/{name}?athlete=4001").status_code == 200
    for path in ("/", "/-/dashboards", "/-/dashboards/athlete", "/-/dashboards/athlete/load", "/-/dashboards/athlete/embed", "/my~20runs", "/my~20runs/gold_squad", "/my~20runs/races?athlete_id=4001"):
        answer = served.get(path, follow_redirects=False)
        assert answer.status_code == 403 and "make serve PAGES=1" in answer.text, path


def test_the_list_of_tables_has_those_with_words_and_long_numbers_are_shown_in_few_digits(served):
    listed = get(served, "/my~20runs.json").json()["tables"]
    shown = {table["name"] for table in listed if not table["hidden"]}
    assert set(TABLES["tables"]) & {table["name"] for table in listed} <= shown and 10 < len(shown) < 40 < len(listed)
    (link,) = re.findall(r'<a href="([^"]*)">Tables and queries', get(served, "/-/dashboards").text)
    assert get(served, link).status_code == 200 and "gold_squad" in get(served, link).text
    db = sqlite3.connect(served.path)
    (tsb,) = db.execute("SELECT tsb FROM gold_squad").fetchone()
    assert f'<span title="{tsb}">{tsb:.4g}</span>' in get(served, "/my~20runs/gold_squad").text and f"{tsb}" in get(served, "/my~20runs/gold_squad.json").text


def test_tables_have_words_units_and_an_order(served):
    db = sqlite3.connect(served.path)
    there = {name for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type IN ('table', 'view')")}
    assert set(TABLES["tables"]) <= there
    for table, told in TABLES["tables"].items():
        columns = {row[1] for row in db.execute(f'PRAGMA table_info("{table}")')}
        assert {told.get("sort", told.get("sort_desc")), *told.get("facets", [])} - {None} <= columns, table
    for table in ("gold_squad", "silver_trainings", "ml_metrics", "athlete_rolling_features"):
        answer = get(served, f"/my~20runs/{table}?_nofacet=1&_nocount=1&_size=3")
        assert answer.status_code == 200
        if "description" in TABLES["tables"][table]:
            assert TABLES["tables"][table]["description"].replace("'", "&#39;") in answer.text
    page = get(served, "/my~20runs/athlete_rolling_features?_size=2").text
    for name, unit, description in db.execute("SELECT name, unit, description FROM features_current WHERE group_name = 'athlete_rolling_features' AND unit IS NOT NULL AND description IS NOT NULL"):
        words = re.search(rf"<dt>{name}</dt><dd>([^<]*)</dd>", page)[1].replace("&#39;", "'").replace("&gt;", ">").replace("&lt;", "<").replace("&amp;", "&").replace("&#34;", '"')
        assert words == f"{description}; in {unit}"


@pytest.mark.parametrize("name", TABLES["queries"])
def test_a_query_with_a_name_answers_with_links_to_rows(served, name):
    query = TABLES["queries"][name]
    answer = get(served, f"/my~20runs/{name}?" + urllib.parse.urlencode({key: GIVEN[key] for key in query["params"]}))
    assert answer.status_code == 200 and query["title"] in answer.text
    links = [link.replace("&amp;", "&") for link in re.findall(r'<td class="col-(?:activity_id|prediction_id)[^"]*"><a href="([^"]+)">', answer.text)]
    assert bool(links) == ("activity_id" in query["sql"].split("FROM")[0] or "prediction_id" in query["sql"].split("FROM")[0])
    assert all(get(served, link).status_code == 200 for link in links[:3])
    paces = re.findall(r'<td class="col-pace_min_km[^"]*">([^<]+)</td>', answer.text)
    assert all(re.fullmatch(r"[\d:]+|&nbsp;", pace) for pace in paces) and (not paces) == ("pace_min_km" not in query["sql"])


def test_a_name_of_anyones_is_no_markup_on_a_page(tmp_path):
    path = tmp_path / "athlete.db"
    shutil.copy(demo.database(), path)
    with sqlite3.connect(path) as db:
        db.execute("INSERT INTO athlete_names (athlete_id, name, told_at) VALUES ('4001', '<img src=x onerror=alert(1)>', '2026-01-01T00:00:00Z')")
    served = Served(path)
    try:
        for page in ("/athlete/gold_squad", "/-/dashboards/coach", "/-/dashboards/athlete?athlete=%3Cimg%20src%3Dx%3E&since=%22%3E%3Cscript%3E"):
            text = get(served, page).text
            assert "<img src=x" not in text and '"><script>' not in text
    finally:
        served.close()


# --- as a browser shows them --------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def running(path, secret):
    """The command of `make serve` in a process of its own, and its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    extension = EXTENSION if os.path.exists(EXTENSION) else f"{EXTENSION}.so"
    command = [sys.executable, "-m", "datasette", "serve", "--load-extension", extension, "--plugins-dir", ROOT / "sql/tools/serve/plugins", "--port", str(port), "--secret", secret, "--", path]
    started = subprocess.Popen(list(map(str, command)), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until = time.monotonic() + 60
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            assert started.poll() is None and time.monotonic() < until
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        started.terminate()
        started.wait()


# Of each chart how many marks are drawn that have a size.
DRAWN = """Array.from(document.querySelectorAll('.dashboard-card-chart')).map(chart =>
    Array.from(chart.querySelectorAll('svg .role-mark path')).filter(mark => mark.getBBox().width + mark.getBBox().height > 0).length)"""


@pytest.mark.soak
@pytest.mark.parametrize("width", [1200, 420])
def test_in_a_browser_every_chart_draws_and_the_console_is_silent(tmp_path, width):
    path = tmp_path / "runs.db"  # datasette-dashboards asks for its data by a name that it does not encode
    shutil.copy(demo.database(), path)
    kept = os.environ.get("ATHLETE_PICTURES")
    with running(path, "a secret") as address, browser() as page:
        page.cookie(ROOT_COOKIE, Datasette([], secret="a secret").sign({"a": {"id": "root"}}, "actor"), address)
        page.look(width, 900)
        for name, dashboard in DASHBOARDS.items():
            page.open(f"{address}/-/dashboards/{name}?athlete=4001")
            page.until(f"document.querySelectorAll('svg.marks').length === {len(dashboard['charts'])}")
            time.sleep(0.5)
            assert all(marks > 0 for marks in page.run(DRAWN)), (name, page.run(DRAWN))
            assert page.complaints() == [], name
            if kept:
                page.picture(pathlib.Path(kept) / f"{name}-{width}.png")
        for path in OTHERS:
            page.open(f"{address}/{path}")
            assert page.complaints() == [] and page.run("document.querySelectorAll('h1').length") >= 1


OTHERS = ("runs", "runs/gold_squad", "runs/silver_trainings", "runs/athlete_rolling_features?_size=3", "runs/races?athlete_id=4001", "runs/rows_behind_a_prediction?prediction_id=5")
AA = 4.5  # WCAG 2.2, 1.4.3, of ordinary text


@pytest.mark.soak
@pytest.mark.parametrize("width, is_dark, is_large", [(1200, False, False), (1200, True, False), (420, False, False), (420, True, True), (1200, False, True)])
def test_in_a_browser_texts_of_all_pages_stand_out_and_fit(tmp_path, width, is_dark, is_large):
    path = tmp_path / "runs.db"
    shutil.copy(demo.database(), path)
    kept, pairs, complaints = os.environ.get("ATHLETE_PICTURES"), {}, []
    with running(path, "a secret") as address, browser() as page:
        page.cookie(ROOT_COOKIE, Datasette([], secret="a secret").sign({"a": {"id": "root"}}, "actor"), address)
        page.look(width, 900, is_dark)
        for place in ("-/dashboards", *(f"-/dashboards/{name}?athlete=4001" for name in DASHBOARDS), "-/dashboards/athlete/load", *OTHERS):
            page.open(f"{address}/{place}")
            if "/dashboards/" in place:
                page.until("document.querySelectorAll('svg.marks').length >= document.querySelectorAll('.dashboard-card-chart').length")
                time.sleep(0.5)
            if is_large:
                page.run(looks.TWICE)
            complaints += page.complaints()
            pairs |= {pair: (ratio, text, place) for text, pair, ratio in page.run(looks.CONTRASTS)}
            assert page.run(looks.FITS), place
            if kept:
                name = re.sub(r"\W+", "-", place).strip("-")
                page.picture(pathlib.Path(kept) / f"{name}-{width}-{'dark' if is_dark else 'light'}{'-large' if is_large else ''}.png")
    least = min(pairs.values())
    print(f"{len(OTHERS) + len(DASHBOARDS) + 2} pages, {len(pairs)} pairs of colours, the least contrast {least[0]:.2f} ({least[1]!r} of {least[2]}), {len(complaints)} errors of the console")
    assert len(pairs) >= 5 and least[0] >= AA and complaints == [], least
