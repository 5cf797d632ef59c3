"""A mail server on this machine that keeps what it hears."""

import contextlib
import socket

from aiosmtpd.controller import Controller


class Mails:
    def __init__(self):
        self.heard = []

    async def handle_DATA(self, _server, _session, envelope):
        self.heard.append(envelope.content.decode())
        return "250 OK"


@contextlib.contextmanager
def running():
    """`heard` are the mails, `address` is Apprise's for it."""
    handler = Mails()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    handler.address = f"mailto://127.0.0.1:{port}/?mode=insecure&from=a@example.org&to=coach@example.org"
    controller = Controller(handler, hostname="127.0.0.1", port=port, data_size_limit=None)
    controller.start()
    yield handler
    controller.stop()
