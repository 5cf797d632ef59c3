"""Clients that send slowly, read slowly, send too much or nothing at all keep nobody else waiting, and are let go."""

import contextlib
import json
import random
import socket
import time

import httpx
import pytest

from helpers.stores import served


SECONDS, PLACES, HEAD_BYTES = 1, 60, 8192


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("slow")


@pytest.fixture(scope="module")
def port(folder):
    with served.process(folder, max_head_seconds=SECONDS, max_body_seconds=SECONDS, max_connections=PLACES, max_head_bytes=HEAD_BYTES) as port:
        yield port


def bearer(name):
    return f"Authorization: Bearer {served.original()[1][name]}\r\n".encode()


def slow_request(kind):
    """What is sent at once, and what is sent byte by byte after it."""
    post = b"POST /ingest/athlete_sleep/4001 HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n" + bearer("first")
    body = json.dumps({"rows": [served.sleep_row(9)]}).encode() + b" " * 1000
    whole = b"GET /groups HTTP/1.1\r\nHost: x\r\n\r\n"
    return {
        "nothing": (b"", b""), "line": (b"", b"GET /groups" + b"x" * 1000), "headers": (b"GET /groups HTTP/1.1\r\nHost: x\r\n", b"X-A: b\r\n" * 200),
        "header": (b"GET /groups HTTP/1.1\r\nX-A: ", b"b" * 1000), "empty lines": (whole, b"\r\n" * 500), "second head": (whole + b"GET /gro", b"u" * 1000),
        "body": (post + b"Content-Length: %d\r\n\r\n" % len(body), body), "chunks": (post + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n" * 300),
        "body of a page": (b"POST /-/logout HTTP/1.1\r\nHost: x\r\nContent-Length: 9999\r\n\r\n", b"a" * 1000),
        "body that nobody reads": (b"POST /nothing HTTP/1.1\r\nHost: x\r\nContent-Length: 9999\r\n\r\n", b"a" * 1000),
        "announced": (post + b"Expect: 100-continue\r\nContent-Length: %d\r\n\r\n" % len(body), b""),
    }[kind]


KINDS = ["nothing", "line", "headers", "header", "empty lines", "second head", "body", "chunks", "body of a page", "body that nobody reads", "announced"]


def is_open(connection):
    """Takes what has come."""
    try:
        while data := connection.recv(65536):
            connection.answer += data
        return False
    except BlockingIOError:
        return True
    except OSError:
        return False


class Slow(socket.socket):
    def __init__(self, port, kind):
        super().__init__()
        self.connect(("127.0.0.1", port))
        at_once, self.rest = slow_request(kind)
        self.answer, self.kind, self.began = b"", kind, time.monotonic()
        self.sendall(at_once)
        self.setblocking(False)

    def drip(self):
        """A byte more; whether the server still listens."""
        with contextlib.suppress(OSError):
            self.send(self.rest[:1])
            self.rest = self.rest[1:]
        return is_open(self)


@pytest.fixture(scope="module")
def dripping(port):
    """A client of each kind, all at once: its answer, or None if it is still waited for."""
    with contextlib.ExitStack() as stack:
        waiting = {kind: stack.enter_context(Slow(port, kind)) for kind in KINDS}
        answers = dict.fromkeys(KINDS)
        while waiting and all(time.monotonic() - slow.began < 5 + SECONDS + 4 for slow in waiting.values()):  # 5: Uvicorn's for an idle connection, and the grace
            for kind in [kind for kind, slow in waiting.items() if not slow.drip()]:
                answers[kind] = waiting.pop(kind).answer
            time.sleep(0.1)
    return answers


@pytest.mark.parametrize("kind", KINDS)
def test_a_client_that_drips_is_let_go_after_its_time(dripping, kind):
    answer = dripping[kind]
    assert answer is not None, "it is still waited for"
    if kind in ("body", "chunks"):
        head, _, body = answer.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 408 ") and "has not arrived within 1 seconds" in json.loads(body)["error"]
    elif kind in ("line", "header", "headers"):
        assert answer.startswith(b"HTTP/1.1 408 ")


def test_many_slow_clients_do_not_keep_a_fast_one_waiting(port):
    random.seed(7)
    read = "/features/athlete_sleep/4001"
    headers = {"Authorization": f"Bearer {served.original()[1]['first']}"}
    with contextlib.ExitStack() as stack, httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=headers) as client:
        slow, beside = [], []  # whether the slow client that came last was still there when the fast one had its answers
        for turn in range(3 * PLACES):
            slow.append(stack.enter_context(Slow(port, random.choice(KINDS))))
            if turn % 5 == 0:
                for each in slow:
                    each.drip()
                fast = client if turn % 2 else stack.enter_context(httpx.Client(base_url=client.base_url, headers=headers))
                answer = fast.get(read)
                written = fast.post("/ingest/athlete_sleep/4001", json={"rows": [served.sleep_row(turn % 28 + 1)]})
                assert (answer.status_code, written.status_code) == (200, 200)
                beside.append(is_open(slow[-1]))
        assert sum(beside) > len(beside) / 2, beside


@pytest.mark.parametrize("at_once", [1, 20, 5000])
def test_who_does_not_read_the_answers_is_let_go_and_stops_nobody(port, at_once):
    asked = b"GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n" * at_once
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.connect(("127.0.0.1", port))
        connection.settimeout(0.2)
        until = time.monotonic() + 15
        with contextlib.suppress(ConnectionError):
            while time.monotonic() < until:
                with contextlib.suppress(TimeoutError):
                    connection.sendall(asked)
                time.sleep(0.002)
        assert time.monotonic() < until, "it is still waited for"
        assert httpx.get(f"http://127.0.0.1:{port}/groups", timeout=2).status_code == 200


@pytest.mark.parametrize("head", [b"GET /groups HTTP/1.1\r\nHost: x\r\nX-A: " + b"a" * HEAD_BYTES, b"GET /" + b"a" * HEAD_BYTES, b"GET /groups HTTP/1.1\r\n" + b"X-A: b\r\n" * HEAD_BYTES],
                         ids=["header", "line", "many headers"])
@pytest.mark.parametrize("is_whole", [True, False])
def test_a_head_that_is_too_long_is_refused(port, head, is_whole):
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        with contextlib.suppress(OSError):
            connection.sendall(head + (b"X-B: " if head.endswith(b"\n") else b"") + b"a" * 20000 + (b" HTTP/1.1\r\n\r\n" if is_whole else b""))
        answer = b""
        with contextlib.suppress(ConnectionError):
            while data := connection.recv(65536):
                answer += data
        assert answer.startswith(b"HTTP/1.1 431 ")


def test_a_token_that_is_revoked_opens_nothing_on_a_connection_that_was_open(port, folder):
    token = served.original()[1]["second"]
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers={"Authorization": f"Bearer {token}"}) as client:
        for _ in range(3):
            first = client.get("/features/athlete_sleep/4002")
            assert first.status_code == 200
        served.token(folder / "athlete.db", "--revoke", "second")
        again = client.get("/features/athlete_sleep/4002")
        assert again.status_code == 401
        assert first.extensions["network_stream"].get_extra_info("client_addr") == again.extensions["network_stream"].get_extra_info("client_addr")
