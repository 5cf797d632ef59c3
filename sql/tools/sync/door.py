"""Strava's API through stravalib: who may come in, how often, and what an answer that is none means."""

import json
import logging
import os
import pathlib
import time

os.environ["SILENCE_TOKEN_WARNINGS"] = "true"  # the tokens come from their file

import requests  # noqa: E402
from common.database import Failure  # noqa: E402
from requests.adapters import HTTPAdapter  # noqa: E402
from stravalib import exc  # noqa: E402
from stravalib.client import Client  # noqa: E402
from stravalib.util.limiter import get_rates_from_response_headers, get_seconds_until_next_day, get_seconds_until_next_quarter  # noqa: E402

logging.getLogger("stravalib").setLevel(logging.CRITICAL)
STRAVA = "https://www.strava.com"
SCOPE = ["read", "activity:read_all", "profile:read_all"]
BACK_TO = "http://localhost/athlete"  # nobody listens there: the code stands in the address that the browser shows
AT_MOST_S = 60  # for one answer


class Full(Exception):
    """The limit is used up; its text says until when."""


class Missing(Exception):
    """There is nothing of that number, or it is not to be seen."""


class Tokens:
    """In a file of their own that only its owner reads, never in a database."""

    def __init__(self, path):
        home = os.environ.get("XDG_CONFIG_HOME") or os.path.expanduser("~/.config")
        self.path = pathlib.Path(path or os.path.join(home, "athlete", "strava.json"))
        try:
            self.told = json.loads(self.path.read_text())
        except FileNotFoundError:
            self.told = {}
        except (OSError, ValueError) as error:
            raise Failure(f"{self.path} is no file of tokens: {error}") from error

    def keep(self, **told):
        self.told |= told
        self.path.parent.mkdir(parents=True, exist_ok=True)
        new = self.path.with_suffix(".new")
        with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(self.told, file)
        new.replace(self.path)

    def remove(self):
        self.path.unlink(missing_ok=True)


class Elsewhere(HTTPAdapter):
    """Sends to another address what goes to Strava, as for a test."""

    def __init__(self, server):
        super().__init__()
        self.server = server

    def send(self, request, **options):
        request.url = self.server + request.url.removeprefix(STRAVA)
        return super().send(request, **options | {"timeout": AT_MOST_S})


class Door:
    def __init__(self, tokens):
        self.tokens, self.n_asked, self._full = tokens, 0, None
        session = requests.Session()
        session.mount(STRAVA, Elsewhere(os.environ.get("ATHLETE_STRAVA", STRAVA)))
        self.client = Client(access_token=tokens.told.get("access_token"), refresh_token=tokens.told.get("refresh_token"),
                             token_expires=tokens.told.get("expires_at"), requests_session=session, rate_limiter=self._count)
        self.client.protocol.client_id = tokens.told.get("client_id")
        self.client.protocol.client_secret = tokens.told.get("client_secret")

    def address(self):
        return self.client.authorization_url(client_id=self.tokens.told["client_id"], redirect_uri=BACK_TO, scope=SCOPE)

    def enter(self, code):
        """The code of the address that Strava led back to, or that whole address."""
        code = code.partition("code=")[2].partition("&")[0] or code
        told = self._asked(lambda: self.client.exchange_code_for_token(client_id=self.tokens.told["client_id"], client_secret=self.tokens.told["client_secret"], code=code))
        self.tokens.keep(access_token=told["access_token"], refresh_token=told["refresh_token"], expires_at=told["expires_at"])
        self.client.access_token = told["access_token"]

    def get(self, path, **asked):
        if self._full is not None:
            raise Full(self._full)
        self.n_asked += 1
        try:
            return self._asked(lambda: self.client.protocol.get(path, check_for_errors=True, **asked))
        finally:
            protocol = self.client.protocol
            if protocol.access_token != self.tokens.told.get("access_token"):  # it had ended, and stravalib got another
                self.tokens.keep(access_token=protocol.access_token, refresh_token=protocol.refresh_token, expires_at=protocol.token_expires)

    def _asked(self, ask):
        try:
            return ask()
        except exc.RateLimitExceeded as error:
            self._full = self._full or _until(get_seconds_until_next_quarter())
            raise Full(self._full) from error
        except exc.AccessUnauthorized as error:
            raise Failure(f"Strava does not let this token in any more; remove {self.tokens.path} and begin again with make sync") from error
        except exc.ObjectNotFound as error:
            raise Missing from error
        except (exc.Fault, requests.RequestException, ValueError, KeyError, TypeError) as error:
            raise Failure(f"Strava's answer is none: {' '.join(str(error).split())[:300]}") from error

    def _count(self, headers, method):
        """No request is made that the limits do not allow: the last answer says how many were."""
        rates = get_rates_from_response_headers(dict(headers), method)
        if rates is None:
            return
        if rates.long_usage >= rates.long_limit:
            self._full = _until(get_seconds_until_next_day())
        elif rates.short_usage >= rates.short_limit:
            self._full = _until(get_seconds_until_next_quarter())


def _until(seconds):
    return time.strftime("%H:%M", time.localtime(time.time() + seconds + 1))
