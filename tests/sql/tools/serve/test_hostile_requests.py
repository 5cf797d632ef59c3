"""Whatever is sent, the answer is a sentence about it and never an error of the server."""

import json
import random
import sqlite3

import pytest

from helpers.stores import served


INGEST, LOOK_UP = "/ingest/athlete_sleep/4001", "/features/athlete_sleep"
ROW = json.dumps(served.sleep_row(1))

MALFORMED = [
    b"", b" ", b"null", b"1", b'"rows"', b"{", b"[", b'{"rows":', b'{"rows": [{}]', b"{'rows': []}", b'{"rows": [NaN]}', b'{"rows": [-Infinity]}',
    b"\xff\xfe", b"\xef\xbb\xbf{}", b'{"rows": [{"sleep_h": 01}]}', b'{"rows": [], "rows": []}', b'{"rows": [{"sleep_h": 1, "sleep_h": 2}]}',
    b'{"rows": [{"device": "\\ud800"}]}', b'{"entities": ["\\udfff"]}', b'{"\\ud800": 1}', b"[" * 100000, b'{"a":' * 50000, b'{"rows": [' + b"[" * 900 + b"]" * 900 + b"]}",
    b'{"entities": [' + b"[" * 900 + b"]" * 900 + b"]}", b'{"entities": []}', b'{"entities": "4001"}', b'{"entities": [4001.0]}', b'{"entities": [4.001e3]}', b'{"entities": [null]}',
    b'{"entities": [""]}', b'{"entities": [true]}', b'{"entities": [["4001"]]}', b'{"entities": [{"athlete_id": "4001"}]}', b'{"entities": ["4001"], "as_of": 1}',
    b'{"entities": ["4001"], "as_of": null}', b'{"entities": ["4001"], "features": "sleep_h"}', b'{"entities": ["4001"], "features": [1]}',
    b'{"entities": ["4001"], "features": ["no"]}', b'{"entities": ["4001"], "more": 1}', b'{"rows": [{"": 1}]}', b'{"rows": [{"rowid": 1}]}', b'{"rows": 1' + b"0" * 5000 + b"}",
]


@pytest.mark.parametrize("body", MALFORMED, ids=lambda body: body[:30].decode("latin-1") + f"…{len(body)}")
def test_a_malformed_body_is_refused(api, body):
    for url, token in ((INGEST, "first"), (LOOK_UP, "coach")):
        answer = api.request("POST", url, api.tokens[token], content=body, headers={"Content-Type": "application/json"})
        assert answer.status_code in (400, 422), (url, answer.status_code)
        assert len(answer.json()["error"]) > 10


def test_values_of_every_kind_are_rows_or_rejects(own_api):
    values = [None, True, 0, -1, 1.5, 1e308, 10**400, 2**63, "", "x", "é" * 500, "\0", "a\0b", "\u2028", "'; DROP TABLE athlete_sleep; --", [], [1], {}, {"a": [1]}, "9" * 400,
              "2026-01-01T00:00:00Z", "nan", -0.0, 5e-324]
    rows = [{name: value} for name in ("event_timestamp", "sleep_h", "resting_hr", "quality", "device", "available_at") for value in values]
    for row in rows:
        answer = own_api.post(INGEST, {"rows": [served.sleep_row(1) | row]}, own_api.tokens["first"])
        assert answer.status_code in (200, 422), (row, answer.text)
        assert answer.status_code == 200 or answer.json()["rejects"], row
    answer = own_api.request("POST", INGEST, own_api.tokens["first"], content=b'{"rows": [%s]}' % ROW.replace("7.0", "1e999").encode(), headers={"Content-Type": "application/json"})
    assert answer.status_code == 422 and answer.json()["rejects"][0]["rule"] == "type"
    assert own_api.get("/features/athlete_sleep/4001", own_api.tokens["first"]).status_code == 200


def test_a_body_over_the_limit_is_refused_before_it_is_read(api):
    large = b'{"rows": [' + b" " * (1 << 20) + b"]}"
    json_type = {"Content-Type": "application/json"}
    assert api.request("POST", INGEST, api.tokens["first"], content=large, headers=json_type).status_code == 413
    read = []

    async def endless():
        while True:
            read.append(1 << 16)
            yield b" " * read[-1]

    assert api.request("POST", INGEST, api.tokens["first"], content=endless(), headers=json_type).status_code == 413
    assert sum(read) < 3 << 20
    for length in ("99999999999999999999", "-1", "1e3", "\u0661".encode()):
        answer = api.request("POST", INGEST, api.tokens["first"], content=b"{}", headers=json_type | {"Content-Length": length})
        assert answer.status_code == 413
    many = {"entities": ["4001"] * 1001}
    assert api.post(LOOK_UP, many, api.tokens["coach"]).status_code == 413


def test_who_has_no_token_is_refused_before_the_body_is_read(api):
    async def never():
        raise AssertionError("the body was asked for")
        yield b""

    for url in (INGEST, LOOK_UP):
        answer = api.request("POST", url, content=never(), headers={"Content-Type": "application/json"})
        assert answer.status_code == 401


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "", "application/jsonx"])
def test_only_json_is_read(api, kind):
    answer = api.request("POST", INGEST, api.tokens["first"], content=b'{"rows": []}', headers={"Content-Type": kind})
    assert answer.status_code == 415


def test_a_method_that_a_path_does_not_have_is_refused_with_those_that_it_has(api):
    for path, allowed in [("/groups", "GET, HEAD"), ("/features", "GET, HEAD"), ("/health", "GET, HEAD"), ("/openapi.json", "GET, HEAD"),
                          ("/features/athlete_sleep/4001", "GET, HEAD"), ("/features/athlete_sleep", "POST"), (INGEST, "POST")]:
        for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW"):
            if method in allowed.split(", "):
                continue
            answer = api.request(method, path, api.tokens["coach"])
            assert (answer.status_code, answer.headers["allow"]) == (405, allowed)
    assert api.request("HEAD", "/groups").content == b""


async def raw(app, path, headers, method="GET", query=b""):
    """A request as a server hands it over, whatever bytes it has."""
    sent = []
    scope = {"type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http", "path": path.decode("utf-8", "replace"),
             "raw_path": path, "query_string": query, "headers": headers, "client": ("127.0.0.1", 1), "server": ("localhost", 80)}

    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message):
        sent.append(message)

    await app(scope, receive, send)
    return sent[0]["status"]


def test_bytes_that_are_no_text_are_refused(api):
    random.seed(3)
    headers = [[(b"authorization", b"Bearer \xff\xfe")], [(b"authorization", b"\xff")], [(b"cookie", b"\xff=;;,;=")], [(b"x-csrftoken", b"\xe9")], [(b"content-type", b"\xff")]]
    paths = [b"/features/\xff/\xfe", b"/\xff", b"/features//", b"//", b"/", b"", b"/features/%/%zz", b"/features/athlete_sleep/%00", b"/ingest/%2e%2e/%2f", b"/features/" + b"a" * 60000]
    paths += [bytes(random.randrange(1, 256) for _ in range(random.randrange(1, 20))) for _ in range(60)]
    calls = [raw(api.app, b"/features/athlete_sleep/4001", each, method) for each in headers for method in ("GET", "POST")]
    calls += [raw(api.app, b"/" + path.lstrip(b"/") if path.startswith(b"/") else b"/features/" + path, [], query=path) for path in paths]
    calls += [raw(api.app, path, [], method) for path in (b"*", b"", b"\xff", b"http://localhost/groups") for method in ("OPTIONS", "GET")]
    statuses = api.together(*calls)
    assert [status for status in statuses if not 200 <= status < 500] == []


def test_an_error_of_the_server_is_told_without_its_details(own_api, caplog):
    db = sqlite3.connect(own_api.path)
    db.execute("DROP TABLE ops_actor")
    db.commit()
    db.close()
    answer = own_api.post(INGEST, {"rows": [served.sleep_row(1)]}, own_api.tokens["first"])
    assert answer.status_code == 500 and "ops_actor" not in answer.text and "ops_actor" in caplog.text
    assert own_api.get("/features/athlete_sleep/4001", own_api.tokens["first"]).status_code == 200


def test_neither_the_name_of_the_file_nor_a_prefix_of_all_addresses_matters(tmp_path):
    path = served.database(tmp_path / "features.db")
    for base in ("/", "/run/", "/a/b/"):
        opened = served.Served(path, {"anonymous_reads": True}, base_url=base)
        assert opened.get(f"{base}features/athlete_sleep/4001").status_code == 200
        assert opened.get(f"{base}features/features").status_code == 405
        opened.close()
