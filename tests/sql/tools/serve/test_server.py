"""The command of `make serve`, as a process of its own on a free port."""

import json
import socket

import httpx
import pytest

from helpers.stores import served
from helpers.stores.served import sleep_row


@pytest.fixture
def server(tmp_path):
    """Its port and the tokens."""
    with served.process(tmp_path) as port:
        yield port, served.original()[1]


def spoken(port, data, is_whole=True):
    """What comes back for bytes that no client would send; for part of a request after the end of what is sent."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(data)
        if not is_whole:
            connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(65536), b""))


def test_the_server_reads_writes_and_stays_up_whatever_is_sent(server):
    port, tokens = server
    authorization = {"Authorization": f"Bearer {tokens['first']}"}
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=authorization) as client:
        read = "/features/athlete_sleep/4001?as_of=2025-10-19T00:00:00Z"
        assert client.get(read).json()["features"]["sleep_h"] == 7.5
        head = client.head(read)
        assert (head.status_code, head.content) == (200, b"") and int(head.headers["content-length"]) > 100
        assert client.post("/ingest/athlete_sleep/4001", json={"rows": [sleep_row(1)]}).json()["new"] == 1
        assert client.get("/features/athlete_sleep/4001").json()["event_timestamp"] == "2026-01-01T06:00:00Z"
        assert client.get("/athlete/athlete_sleep.json").status_code == 403

        def chunks():
            for _ in range(64):
                yield b" " * 65536

        try:
            assert client.post("/ingest/athlete_sleep/4001", content=chunks(), headers={"Content-Type": "application/json"}).status_code == 413
        except httpx.TransportError:
            pass  # the server hung up on what it had refused
    bearer = f"Authorization: Bearer {tokens['first']}\r\n".encode()
    body = json.dumps({"rows": [sleep_row(2)]}).encode()
    head = b"POST /ingest/athlete_sleep/4001 HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\n" + bearer
    for path in (b"/features/\xff", b"/\xff", b"/features/%ff"):
        assert spoken(port, b"GET " + path + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").startswith(b"HTTP/1.1 400 ")
    for data in (b"\x16\x03\x01", b"GET\r\n\r\n", head + b"Content-Length: 99\r\n\r\n" + body, head + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
                 head + b"Content-Length: -1\r\n\r\n"):
        assert not spoken(port, data, is_whole=False).startswith(b"HTTP/1.1 5")
    answer = spoken(port, head + b"Content-Length: %d\r\n\r\n" % len(body) + body)
    assert answer.startswith(b"HTTP/1.1 200 ") and b'"new":1' in answer
