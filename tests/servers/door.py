"""An HTTP server on loopback: it asks somebody what to answer, and can be cut off in the middle."""

import json
import threading
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import SHUT_RDWR, socket
from typing import Any, NamedTuple, Protocol
from urllib.parse import parse_qsl, urlsplit

from tests.servers.ports import LOOPBACK


class Asked(NamedTuple):
    """One request: the values of its query, and of its form or its JSON."""

    method: str
    path: str
    values: dict[str, str]
    headers: dict[str, str]


class Said(NamedTuple):
    """One answer: JSON, or a page."""

    status: int
    body: Any
    headers: dict[str, str] = {}
    kind: str = "text/html"  # of a body that is text


class Owner(Protocol):
    """Whose door it is: the port, and what is answered; where that is nothing the connection is cut."""

    port: int

    def answer(self, asked: Asked) -> Said | None:
        """Do what is asked."""


class Door(ThreadingHTTPServer):
    """Listens from now on, and knows its open connections."""

    daemon_threads = True

    def __init__(self, owner: Owner) -> None:
        super().__init__((LOOPBACK, owner.port), Conversation)
        self.owner = owner
        self.open: set[socket] = set()
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        """Cut every connection and listen no more."""
        self.shutdown()
        self.server_close()
        for connection in list(self.open):
            hang_up(connection)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that has gone is no news."""


def hang_up(connection: socket) -> None:
    """Close a connection that may have gone by itself."""
    with suppress(OSError):
        connection.shutdown(SHUT_RDWR)


class Conversation(BaseHTTPRequestHandler):
    """One request."""

    server: Door

    def setup(self) -> None:
        """Remember the connection."""
        super().setup()
        self.server.open.add(self.connection)

    def finish(self) -> None:
        """Forget the connection."""
        self.server.open.discard(self.connection)
        super().finish()

    def do_GET(self) -> None:
        """A question."""
        self._answer({})

    def do_POST(self) -> None:
        """An act, in a form or in JSON."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        is_json = "json" in self.headers.get("Content-Type", "")
        self._answer(json.loads(body) if is_json else dict(parse_qsl(body, keep_blank_values=True)))

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""

    def _answer(self, sent: dict[str, str]) -> None:
        address = urlsplit(self.path)
        values = dict(parse_qsl(address.query, keep_blank_values=True)) | sent
        said = self.server.owner.answer(Asked(self.command, address.path, values, dict(self.headers)))
        if said is None:
            hang_up(self.connection)
            return
        is_text = isinstance(said.body, str)
        body = (said.body if is_text else json.dumps(said.body)).encode()
        self.send_response(said.status)
        self.send_header("Content-Type", f"{said.kind}; charset=utf-8" if is_text else "application/json")
        self.send_header("Content-Length", str(len(body)))
        for name, value in said.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
