"""Who asks: over stdio the one athlete of the start, over HTTP the bearer of a token that sql/tools/serve/token made. The file keeps
only digests; a token that is revoked or has ended opens nothing from then on."""

import contextlib
import dataclasses
import sqlite3

from feature_api import tokens
from feature_api.refusal import Refusal
from mcp.server.auth.middleware.auth_context import get_access_token
from mcp.server.auth.provider import AccessToken

from copies import Refused


@dataclasses.dataclass(frozen=True)
class Asker:
    name: str
    athlete: str | None  # None: anyone's rows


class Verifier:
    """Of the SDK's kind."""

    def __init__(self, path):
        self.path = path

    async def verify_token(self, token):
        try:
            with contextlib.closing(sqlite3.connect(f"{self.path.absolute().as_uri()}?mode=ro", uri=True)) as db:
                db.row_factory = sqlite3.Row
                bearer = tokens.bearer(db, token, anonymous_reads=False)
        except Refusal:
            return None
        if not bearer.reads or bearer.keys is not None and set(bearer.keys) != {"athlete_id"}:
            return None
        return AccessToken(token=token, client_id=bearer.name, scopes=[], claims={"athlete": None if bearer.keys is None else str(bearer.keys["athlete_id"])})


def over_http():
    token = get_access_token()
    if token is None:
        raise Refused("this needs a token")
    return Asker(token.client_id, token.claims["athlete"])


def whose(asker, athlete):
    """Whose rows a question is about."""
    if asker.athlete is None:
        if athlete is None:
            raise Refused("say which athlete: your token is for all of them; squad lists them")
        return athlete
    if athlete not in (None, asker.athlete):
        raise Refused(f"this door is open to athlete {asker.athlete} only")
    return asker.athlete
