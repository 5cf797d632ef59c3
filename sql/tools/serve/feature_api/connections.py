"""What a connection may take: so many seconds and bytes for the head of a request, so many seconds for its body and for reading
the answer. When all places are taken, the client that is waited for the longest goes, so that slow ones keep nobody waiting."""

import os
import socket

from uvicorn import config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from feature_api.settings import Settings

REFUSALS = {
    408: b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n",
    431: b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\r\n",
    503: b"HTTP/1.1 503 Service Unavailable\r\nconnection: close\r\ncontent-length: 0\r\nretry-after: 1\r\n\r\n",
}
MOST_WAITING = 50  # requests of a connection behind the one that is answered
GRACE_SECONDS = 2  # in which the API itself refuses a slow body, with a sentence


class TooLong(Exception):
    pass


class LimitedProtocol(HttpToolsProtocol):
    settings = Settings()
    waited_for = {}  # the connections whose clients have to send or read; the one that is waited for the longest first

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self._timer = None  # for what the client sends
        self._answer_timer = None  # for what it reads
        self._is_in_head = True
        self._head_bytes = 0

    def connection_made(self, transport):
        super().connection_made(transport)
        self._wait(self.settings.max_head_seconds)
        if len(self.connections) > self.settings.max_connections and self.waited_for:
            next(iter(self.waited_for))._refuse(503)

    def connection_lost(self, exc):
        self._end_waiting()
        super().connection_lost(exc)

    def data_received(self, data):
        if self._is_in_head:
            self._head_bytes += len(data)
            if self._timer is None:  # from here on Uvicorn's own, for an idle connection, is off
                self._wait(self.settings.max_head_seconds)
        super().data_received(data)
        if self._is_in_head and self._head_bytes > self.settings.max_head_bytes:
            self._refuse(431)

    def on_headers_complete(self):
        if len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers) > self.settings.max_head_bytes:
            self._refuse(431)
            raise TooLong  # stops the parser
        if len(self.pipeline) >= MOST_WAITING:
            self._hang_up()
            raise TooLong
        self._is_in_head, self._head_bytes = False, 0
        self._wait(self.settings.max_body_seconds + GRACE_SECONDS)
        super().on_headers_complete()

    def on_message_complete(self):
        self._is_in_head = True  # the next thing to come
        self._end_waiting()
        super().on_message_complete()

    def on_response_complete(self):
        super().on_response_complete()
        if self.timeout_keep_alive_task is not None:
            self.waited_for[self] = None

    def pause_writing(self):
        super().pause_writing()
        self._answer_timer = self.loop.call_later(self.settings.max_body_seconds, self._hang_up)

    def resume_writing(self):
        if self._answer_timer is not None:
            self._answer_timer.cancel()
            self._answer_timer = None
        super().resume_writing()

    def send_400_response(self, msg):
        if not self.transport.is_closing():
            super().send_400_response(msg)

    def _wait(self, seconds):
        self._end_waiting()
        self.waited_for[self] = None
        self._timer = self.loop.call_later(seconds, self._refuse, 408)

    def _end_waiting(self):
        self.waited_for.pop(self, None)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _refuse(self, status):
        self._end_waiting()
        is_answering = self.cycle is not None and self.cycle.response_started and not self.cycle.response_complete
        if is_answering or self.flow.write_paused:
            self._hang_up()  # nothing more is read at the other end
        else:
            self.transport.write(REFUSALS[status])
            self.transport.close()

    def _hang_up(self):
        """At the socket, whatever is still to be written; the transport learns it."""
        with socket.socket(fileno=os.dup(self.transport.get_extra_info("socket").fileno())) as connection:
            connection.shutdown(socket.SHUT_RDWR)


def limit(settings):
    """Uvicorn has no setting for most of this, and `datasette serve` none for Uvicorn."""
    LimitedProtocol.settings = settings
    config.HTTP_PROTOCOLS["auto"] = LimitedProtocol
