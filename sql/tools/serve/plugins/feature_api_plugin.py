"""A Datasette plugin: feature groups over HTTP, and everything else closed but to the person who started the server.

    datasette athlete.db --load-extension build/athlete --plugins-dir sql/tools/serve/plugins

`make serve` does that. The package beside this folder, feature_api, does the work; its api.py has the list of requests.
"""

import pathlib
import sys

from datasette import hookimpl

SERVE = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(SERVE), str(SERVE.parent)]  # feature_api; common

from feature_api import api, connections, followed, tokens  # noqa: E402


@hookimpl
def asgi_wrapper(datasette):
    """In front of Datasette and not among its pages: an API needs no cookies, no CSRF token and no page for an error."""
    followed.follow(datasette)

    def wrapper(app):
        served = api.FeatureApi(datasette, app)
        connections.limit(served.settings)
        return served

    return wrapper


@hookimpl
def prepare_connection(conn):
    """The table of tokens cannot be read in a page or by SQL of a page, whoever asks."""
    conn.set_authorizer(tokens.guard)


@hookimpl(trylast=True)  # the last answer counts
def permission_allowed(actor, action, resource):
    """Datasette's pages show every athlete's rows, so that they are for `root`: who opens the address that --root prints."""
    if (actor or {}).get("id") != "root":
        return False
    if action == "view-table" and resource[1].lower() == tokens.TABLE:
        return False
    return None
