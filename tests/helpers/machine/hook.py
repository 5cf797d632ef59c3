"""A webhook on this machine that hears what it is told, and fails as a test pleases."""

import contextlib
import http.server
import json
import os
import signal
import threading


class Hook(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.heard.append((self.path, body))
        if self.server.kills:
            os.kill(self.server.kills.pop(), signal.SIGKILL)
        status = 503 if self.server.is_down else self.server.answers.pop(0) if self.server.answers else 200
        self.send_response(status)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def running():
    """A server with `heard`, the paths and bodies that came; `answers`, what it says to the next; `kills`, processes that
    end before they hear the answer; and `is_down`."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hook)
    server.heard, server.answers, server.kills, server.is_down = [], [], [], False
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()
