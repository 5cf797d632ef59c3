"""The requests, and the ASGI application that answers them:

    GET  /features/{group}/{entity}   an entity's features as of a moment: ?as_of=2025-10-20T06:00:00Z&features=ctl_42d,tsb
    POST /features/{group}            the same of many entities: {"entities": ["4001", "4002"], "features": […], "as_of": "…"}
    POST /ingest/{group}/{entity}     rows of an entity: {"rows": [{"event_timestamp": "…", "sleep_h": 7.5}]}
    GET  /groups, /features, /health  the registry, a search in it, how fresh each group is
    GET  /openapi.json                all this for the groups that are there

An entity is its key, or for a group of several keys one segment for each. Values need a token, descriptions do not.
"""

import json
import logging
import sqlite3
import threading
import types
import urllib.parse

from common import read_log
from common.database import Failure
from common.program import printable

from feature_api import body, faults, ingest, openapi, search, tokens
from feature_api.refusal import Refusal
from feature_api.session import Session
from feature_api.settings import Settings

log = logging.getLogger("feature_api")
encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode
OURS = ([b"openapi.json"], [b"groups"], [b"features"], [b"health"], [b"ingest"])


class FeatureApi:
    def __init__(self, datasette, app):
        self.datasette = datasette
        self.app = app
        self.settings = Settings.of(datasette)
        self.base = [part.encode() for part in datasette.setting("base_url").split("/") if part]
        self.of_loop = types.SimpleNamespace()  # the connection and the session of the event loop
        self.of_thread = threading.local()  # the session of a thread of Datasette's
        self.routes = {
            ("openapi.json",): {"GET": self.get_openapi},
            ("groups",): {"GET": self.get_groups},
            ("features",): {"GET": self.get_features},
            ("health",): {"GET": self.get_health},
        }

    @property
    def database(self):
        """The first that Datasette was given."""
        return self.datasette.get_database()

    # --- HTTP ---

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        raw_path = scope.get("raw_path") or urllib.parse.quote(scope["path"]).encode()
        segments = raw_path.partition(b"?")[0].split(b"/")[1:]
        if segments[: len(self.base)] == self.base:
            segments = segments[len(self.base) :]
        receiver = body.Receiver(scope, receive)
        if raw_path.startswith(b"/") and raw_path.isascii() and segments[:1] not in OURS:  # Datasette is sent what it can read
            answer = await self.respond(self.read(lambda session: None), scope)
            if answer[0] == 200:
                return await self.app(scope, receive, self.page_logged(scope, segments, send))
        else:
            answer = await self.respond(self.answer(segments, scope, receiver), scope)
        status, headers, content = answer
        if not receiver.is_done:
            headers = {**headers, "Connection": "close"}  # nobody will read the rest
        headers = {"Content-Type": "application/json", "Content-Length": str(len(content)), "Cache-Control": "no-store",
                   "X-Content-Type-Options": "nosniff", **headers}
        await send({"type": "http.response.start", "status": status,
                    "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()]})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else content})

    # --- who read what ---

    def logged(self, who, **what):
        """An answer with values is given only when it stands in the log."""
        if self.database.path is None:
            return
        try:
            read_log.add(self.database.path, who, **what)
        except OSError as error:
            raise Refusal(503, f"reads are logged, and the log beside the database cannot be written: {error.strerror}") from None

    def page_logged(self, scope, segments, send):
        """Of Datasette's own pages those of the database, as their address; only who started the server sees them."""
        if segments[:1] != [urllib.parse.quote(self.database.route).encode()]:
            return send

        async def logged(message):
            if message["type"] == "http.response.start" and message["status"] == 200:
                query = scope.get("query_string", b"").decode("latin-1")
                read_log.add(self.database.path, "root", path=urllib.parse.unquote_plus(scope["path"] + (f"?{query}" if query else "")))
            await send(message)

        return logged

    async def respond(self, answer, scope):
        """Status, headers and content, whatever happens."""
        try:
            return 200, {}, encode(await answer).encode()
        except Refusal as refusal:
            return refusal.status, refusal.headers, encode(refusal.body).encode()
        except Failure as failure:  # of the registry: the file is somebody's, and may be anything
            return 503, {"Retry-After": "1"}, encode({"status": 503, "error": printable(failure)}).encode()
        except Exception as error:
            if sentence := faults.of_file(error):
                if not faults.is_busy(error):
                    log.error("%s %s: %s", scope["method"], scope["path"], error)
                return 503, {"Retry-After": "1"}, encode({"status": 503, "error": sentence}).encode()
            log.exception("%s %s", scope["method"], scope["path"])
            return 500, {}, encode({"status": 500, "error": "an error of the server, which its log tells"}).encode()

    async def answer(self, segments, scope, receive):
        try:
            path = [urllib.parse.unquote(segment.decode("ascii"), errors="strict") for segment in segments]
        except UnicodeError:
            raise Refusal(400, "the path is not UTF-8, percent-encoded") from None
        first, *rest = path or [""]
        methods = self.routes.get(tuple(path))
        if first == "features" and len(rest) > 1:
            methods = {"GET": self.get_entity}
        elif first == "features" and rest:
            methods = {"POST": self.post_lookup}
        elif first == "ingest" and len(rest) > 1:
            methods = {"POST": self.post_ingest}
        if methods is None:
            raise Refusal(404, "there is nothing here; /openapi.json says where something is")
        method = scope["method"]
        if (called := methods.get("GET" if method == "HEAD" else method)) is None:
            allowed = ", ".join([*methods, *(["HEAD"] if "GET" in methods else [])])
            raise Refusal(405, f"{method[:20]} is not for this; {allowed} is", {"Allow": allowed})
        return await called(Request(rest, scope, receive))

    async def read(self, work):
        """work(session) in one read transaction, at once: a lookup takes microseconds, the turn of another thread hundreds.
        While the file is locked it waits on a thread."""
        try:
            with self.database.using(self.of_loop) as conn:
                conn.execute("PRAGMA busy_timeout = 0")
                with session_of(self.of_loop, conn).snapshot() as session:
                    return work(session)
        except sqlite3.OperationalError as error:
            if not faults.is_busy(error):
                raise
        return await self.read_on_thread(work)

    async def read_on_thread(self, work):
        """The same on a thread of Datasette's."""

        def in_thread(conn):
            with session_of(self.of_thread, conn).snapshot() as session:
                return work(session)

        return await self.database.execute_fn(in_thread)

    def read_body(self, request):
        return body.read(request.headers, request.receive, self.settings.max_body_bytes, self.settings.max_body_seconds)

    # --- values ---

    async def get_entity(self, request):
        (name, *texts), asked = request.path, request.arguments("as_of", "features")
        features = asked["features"].split(",") if "features" in asked else None

        def work(session):
            bearer = tokens.bearer(session.conn, request.token, self.settings.anonymous_reads)
            group = session.group(name)
            entity = group.entity_from_path(texts)
            bearer.may_read(group, [entity])
            columns, moment = group.select(features), session.moment(group, asked.get("as_of"))
            (row,) = session.look_up(group, [entity], moment)
            if row is None:
                whose = ", ".join(f"{key.name} {value}" for key, value in zip(group.keys, entity))
                raise Refusal(404, f"{name} has no row of {whose[:200]} as of {moment}")
            self.logged(bearer.name, group=group.name, entities=[entity], features=features, as_of=moment)
            return {**of_group(group, moment), **of_row(group, entity, row, columns)}

        return await self.read(work)

    async def post_lookup(self, request):
        (name,) = request.path
        request.arguments()

        def authorize(session):
            bearer = tokens.bearer(session.conn, request.token, self.settings.anonymous_reads)
            return bearer, session.group(name)

        await self.read(authorize)
        asked = await self.read_body(request)
        entities, features, as_of = lookup_from_json(asked, self.settings.max_entities)

        def work(session):
            bearer, group = authorize(session)  # again, see post_ingest
            keys = [group.entity_from_json(entity, f"entities[{i}]") for i, entity in enumerate(entities)]
            bearer.may_read(group, keys)
            columns, moment = group.select(features), session.moment(group, as_of)
            found = session.look_up(group, keys, moment)
            self.logged(bearer.name, group=group.name, entities=[key for key, row in zip(keys, found) if row is not None], features=features, as_of=moment)
            return {**of_group(group, moment), "rows": [of_row(group, key, row, columns) for key, row in zip(keys, found)]}

        return await self.read_on_thread(work)

    async def post_ingest(self, request):
        name, *texts = request.path
        request.arguments()

        def authorize(session):
            bearer = tokens.bearer(session.conn, request.token, False)
            group = session.group(name)
            entity = group.entity_from_path(texts)
            bearer.may_write(group, [entity])
            if group.is_computed:
                raise Refusal(409, f"{name} is computed by {'a stage' if group.stage is None else f'the stage {group.stage}'} and takes no rows")
            if not self.database.is_mutable:
                raise Refusal(409, "the file is served as one that does not change")
            return bearer, group, entity

        _, told, entity = await self.read(authorize)
        asked = await self.read_body(request)
        rows_of_told = ingest.rows_from_json(told, entity, asked, self.settings.max_rows)

        def work(conn):
            """Asks again who asks, in the transaction that writes: a body can take its time."""
            try:
                with ingest.transaction(conn):
                    session = session_of(self.of_thread, conn)
                    session.refresh()
                    bearer, group, entity = authorize(session)
                    rows = rows_of_told if group == told else ingest.rows_from_json(group, entity, asked, self.settings.max_rows)
                    outcome = ingest.ingest(conn, group, entity, rows, bearer.name)
                    return {"group": group.name, "version": group.version, "entity": of_entity(group, entity), **outcome}
            except Exception as error:
                return error  # raised it would be printed, too

        outcome = await self.database.execute_write_fn(work)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    # --- descriptions ---

    async def get_openapi(self, request):
        request.arguments()
        return await self.read(lambda session: openapi.describe(session.groups.values(), self.settings))

    async def get_groups(self, request):
        request.arguments()
        return await self.read(lambda session: {"groups": [group.about() for group in session.groups.values()]})

    async def get_features(self, request):
        asked = request.arguments("name", "tag", "owner", "status", "group")
        if asked.get("status", "active") not in openapi.STATUSES:
            raise Refusal(400, f"status is '{asked['status'][:60]}' where one of {', '.join(openapi.STATUSES)} belongs")
        return await self.read(lambda session: {"features": search.features(session.groups, **asked)})

    async def get_health(self, request):
        request.arguments()
        return await self.read(search.health)


def session_of(holder, conn):
    """That of the connection; a new connection has a new one."""
    session = getattr(holder, "session", None)
    if session is None or session.conn is not conn:
        session = holder.session = Session(conn)
    return session


class Request:
    def __init__(self, path, scope, receive):
        self.path = path
        self.receive = receive
        self.headers = dict(scope["headers"])
        self._query = scope.get("query_string", b"")

    @property
    def token(self):
        """That of the header, or None."""
        kind, _, token = self.headers.get(b"authorization", b"").decode("latin-1").partition(" ")
        return token.strip() if kind.lower() == "bearer" else None

    def arguments(self, *known):
        """Those of the query string, each at most once."""
        if not self._query:
            return {}
        try:
            pairs = urllib.parse.parse_qsl(self._query.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=20)
        except ValueError:
            raise Refusal(400, "the query string is not UTF-8, percent-encoded, or too long") from None
        found = {}
        for name, value in pairs:
            if name not in known:
                raise Refusal(400, f"there is no parameter '{name[:60]}' here; there are {', '.join(known) or 'none'}")
            if name in found:
                raise Refusal(400, f"the parameter {name} is there twice")
            found[name] = value
        return found


def lookup_from_json(asked, max_entities):
    """The entities, the features' names and the moment of a lookup; None where it does not say."""
    if not isinstance(asked, dict) or not {"entities"} <= set(asked) <= {"entities", "features", "as_of"}:
        raise Refusal(400, 'the body is not {"entities": […], "features": […], "as_of": "…"}, of which the last two may be missing')
    entities, features, as_of = asked["entities"], asked.get("features"), asked.get("as_of")
    if not isinstance(entities, list) or not entities:
        raise Refusal(400, "entities is not a list of one entity or more")
    if len(entities) > max_entities:
        raise Refusal(413, f"entities has {len(entities)} of them where at most {max_entities} belong")
    if "features" in asked and not (isinstance(features, list) and all(isinstance(name, str) for name in features)):
        raise Refusal(400, "features is not a list of names")
    if "as_of" in asked and not isinstance(as_of, str):
        raise Refusal(400, "as_of is not a text")
    return entities, features, as_of


def of_entity(group, entity):
    return {key.name: value for key, value in zip(group.keys, entity)}


def of_group(group, moment):
    return {"group": group.name, "version": group.version, "as_of": moment}


def of_row(group, entity, row, columns):
    """An entity's part of an answer; without a row its features are null."""
    if row is None:
        return {"entity": of_entity(group, entity), "event_timestamp": None, "available_at": None, "age_days": None, "features": None}
    values = {column.name: column.to_json(row[column.name]) for column in columns}
    return {"entity": of_entity(group, entity), "event_timestamp": row[0], "available_at": row[1], "age_days": row[2], "features": values}
