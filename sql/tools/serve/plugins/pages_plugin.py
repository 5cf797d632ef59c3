"""A Datasette plugin: dashboards of schemas/charts, words for tables and columns, queries with names, and links from a row to others.

Whom Datasette's pages are open to, feature_api_plugin decides."""

import pathlib
import sys
import urllib.parse

import markupsafe
from datasette import hookimpl
from datasette.utils import tilde_encode
from datasette.utils.asgi import Forbidden, Response

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))  # common

from common import table_words  # noqa: E402

DASHBOARDS = ("athlete", "coach", "models")
# Of every chart. The dashboards' own version of Vega-Lite, and only the width of the card, or it complains in the console.
LOOK = {"$schema": "https://vega.github.io/schema/vega-lite/v6.json", "autosize": {"type": "fit-x", "contains": "padding"},
        "config": {"background": "#00000000", "font": "system-ui, sans-serif", "axis": {"gridOpacity": 0.4}}}


def dashboard(name, database, urls):
    """A definition, over the database that is served; links of marks are absolute, because a chart has a page of its own, too."""
    found = table_words.read(name)
    places = {":rows/": f"{urls.database(database)}/", ":pages/": urls.path("-/dashboards/")}
    for each in [*found["charts"].values(), *(each for each in found.get("filters", {}).values() if "query" in each)]:
        each["db"] = database
        for place, path in places.items():
            each["query"] = each["query"].replace(place, path.replace("'", "''"))
    for chart in found["charts"].values():
        chart["library"] = "vega-lite"
        chart["display"] = {**LOOK, **chart["display"]}
    return found


def metadata(database, features, urls):
    """Words of tables, queries with names, and dashboards."""
    told = table_words.metadata(database, features, table_words.read("tables")["queries"])
    return told | {"plugins": {"datasette-dashboards": {name: dashboard(name, database, urls) for name in DASHBOARDS}}}


@hookimpl
def startup(datasette):
    async def ask():
        database = datasette.get_database()
        try:
            features = [tuple(row) for row in (await database.execute(table_words.COLUMNS)).rows]
        except Exception:  # a file without a registry has no words for its columns
            features = []
        datasette._athlete_pages = metadata(database.name, features, datasette.urls)

    return ask


@hookimpl
def get_metadata(datasette):
    return getattr(datasette, "_athlete_pages", {})


@hookimpl
def register_routes():
    async def first_page(datasette, request):
        if await datasette.permission_allowed(request.actor, "view-instance", default=None) is False:
            raise Forbidden("view-instance denied")
        return Response.redirect(datasette.urls.path("-/dashboards"))

    return [(r"^/$", first_page)]


@hookimpl
def render_cell(row, value, column, table, database, datasette):
    """An activity and a prediction lead to what stands behind them."""
    if value is None or isinstance(value, bytes):
        return None
    keys = row.keys()
    if column == "activity_id" and "athlete_id" in keys and table != "silver_strava_activities":
        target = f"{datasette.urls.table(database, 'silver_strava_activities')}/{tilde_encode(str(row['athlete_id']))},{tilde_encode(str(value))}"
    elif column == "prediction_id":
        target = f"{datasette.urls.database(database)}/rows_behind_a_prediction?{urllib.parse.urlencode({'prediction_id': value})}"
    elif column == "athlete_id" and table == "gold_squad":
        target = datasette.urls.path("-/dashboards/athlete?" + urllib.parse.urlencode({"athlete": value}))
    else:
        return None
    return markupsafe.Markup('<a href="{}">{}</a>').format(str(target), value)
