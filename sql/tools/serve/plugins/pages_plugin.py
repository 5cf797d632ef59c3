"""A Datasette plugin: dashboards of schemas/charts, words for tables and columns, queries with names, links from a row to others, and numbers as they are read.

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


# What Datasette's own colours miss of WCAG's AA, and a long statement that would make a page wide.
STYLE = """input[type=button],button[type=button]{color:#0062cc!important}.CodeMirror-linenumber,.cm-lineNumbers .cm-gutterElement{color:#5a5a5a!important}pre{white-space:pre-wrap!important}pre,h1,h2,h3,p,li,dt,dd{overflow-wrap:anywhere}"""
STYLE_PATH = "/-/athlete.css"
CLOSED = """<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Closed</title></head><body style="font:16px/1.5 system-ui;max-width:40em;margin:2em auto;padding:0 1em">
<h1>This page is closed</h1><p>It shows every athlete's rows, so it is for who started the server: <code>make serve PAGES=1</code> prints an address
that signs you in. What a token opens is described in <a href="{}">openapi.json</a>.</p></body></html>"""


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


def metadata(database, features, urls, there=()):
    """Words of tables, queries with names, and dashboards. Tables without words are there, and not in the list."""
    told = table_words.metadata(database, features, table_words.read("tables")["queries"])
    for table in there:
        told["databases"][database]["tables"].setdefault(table, {"hidden": True})
    return told | {"plugins": {"datasette-dashboards": {name: dashboard(name, database, urls) for name in DASHBOARDS}}}


@hookimpl
def startup(datasette):
    async def ask():
        database = datasette.get_database()
        try:
            features = [tuple(row) for row in (await database.execute(table_words.COLUMNS)).rows]
        except Exception:  # a file without a registry has no words for its columns
            features = []
        datasette._athlete_pages = metadata(database.name, features, datasette.urls, await database.table_names())

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

    async def style():
        return Response(STYLE, content_type="text/css; charset=utf-8")

    return [(r"^/$", first_page), (rf"^{STYLE_PATH}$", style)]


@hookimpl
def extra_css_urls(datasette):
    return [datasette.urls.path(STYLE_PATH)]


@hookimpl
def menu_links(datasette, actor):
    if (actor or {}).get("id") == "root":
        return [{"href": datasette.urls.database(datasette.get_database().name), "label": "Tables and queries"}]


@hookimpl
def forbidden(datasette):
    return Response.html(CLOSED.format(datasette.urls.path("/openapi.json")), status=403)


@hookimpl
def render_cell(row, value, column, table, database, datasette):
    """An activity and a prediction lead to what stands behind them; of a long number the first digits are shown, and all under the pointer."""
    if value is None or isinstance(value, bytes):
        return None
    if isinstance(value, float):
        return markupsafe.Markup('<span title="{}">{}</span>').format(value, f"{value:.1f}" if abs(value) >= 1000 else f"{value:.4g}")
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
