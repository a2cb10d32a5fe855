"""An SMS gateway on loopback: HTTP in, `OK <id>` out, and bad days on request."""

import json
import re
import threading
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import SHUT_RDWR, socket
from typing import Any, NamedTuple, Self
from urllib.parse import parse_qsl, urlsplit

from tests.servers.ports import LOOPBACK, free_port

CODE = re.compile(r"(?<![0-9:])[0-9]{5}(?![0-9])")  # five digits that are no port of an address


class Text(NamedTuple):
    """One SMS as the gateway got it."""

    to: str
    text: str


def same_phone(one: str, other: str) -> bool:
    """Whether two ways of writing a number mean one phone: +880 1700-000001 and 01700000001 do."""
    return re.sub(r"\D", "", one)[-10:] == re.sub(r"\D", "", other)[-10:]


class SmsServer:
    """An SMS gateway with switches; it takes every text until one is thrown."""

    def __init__(self, to: str = "to", text: str = "text") -> None:
        self.names = (to, text)
        self.port = free_port()
        self.url = f"http://{LOOPBACK}:{self.port}/send"
        self.texts: list[Text] = []
        self.requests = 0
        self._arrived = threading.Condition()
        self._released = threading.Event()
        self._door = threading.Lock()
        self._gateway: Gateway | None = None
        self.normal()

    def __enter__(self) -> Self:
        self.up()
        return self

    def __exit__(self, *_: object) -> None:
        self.down()

    def normal(self) -> None:
        """Take every text at once again; whoever hangs is answered 503."""
        self._released.set()
        self._before = self._after = 0.0
        self._status: int | None = None
        self._hang = False

    def slow(self, seconds: float) -> None:
        """Wait this long before taking a text."""
        self._before = seconds

    def late(self, seconds: float) -> None:
        """Take a text at once, but answer only after this long."""
        self._after = seconds

    def fail(self, status: int = 500) -> None:
        """Take nothing and answer with this status."""
        self._status = status

    def hang(self) -> None:
        """Take nothing and never answer."""
        self._released.clear()
        self._hang = True

    def down(self) -> None:
        """Cut every connection and listen no more."""
        with self._door:
            if self._gateway is not None:
                self._gateway.close()
                self._gateway = None
            self._released.set()

    def up(self) -> None:
        """Listen on the same port as before."""
        with self._door:
            if self._hang:
                self._released.clear()
            if self._gateway is None:
                self._gateway = Gateway(self)

    def clear(self) -> None:
        """Forget the texts so far."""
        with self._arrived:
            self.texts.clear()

    def texts_to(self, to: str) -> list[str]:
        """What one phone was sent, oldest first."""
        with self._arrived:
            return [one.text for one in self.texts if same_phone(one.to, to)]

    def wait_for(self, to: str, containing: str = "", timeout: float = 10) -> str:
        """The newest text to this phone that contains this."""
        return self._wait(to, lambda text: containing in text, f"containing {containing!r}", timeout)

    def code_for(self, to: str, timeout: float = 10) -> str:
        """The code in the newest text to this phone that has one."""
        found = CODE.search(self._wait(to, lambda text: CODE.search(text) is not None, "with a code", timeout))
        assert found is not None
        return found.group()

    def answer(self, values: dict[str, str]) -> tuple[int, str]:
        """Take one request as the switches say."""
        self.requests += 1
        time.sleep(self._before)
        if self._hang:
            self._released.wait()
            return 503, "GONE"
        if self._status is not None:
            return self._status, "ERROR"
        to, text = (values.get(name, "") for name in self.names)
        if not (to and text):
            return 400, f"ERROR {' and '.join(self.names)} are needed"
        return 200, f"OK {self._keep(Text(to, text))}"

    def _keep(self, text: Text) -> int:
        with self._arrived:
            self.texts.append(text)
            number = len(self.texts)
            self._arrived.notify_all()
        time.sleep(self._after)
        return number

    def _wait(self, to: str, wanted: Any, sentence: str, timeout: float) -> str:
        until = time.monotonic() + timeout
        with self._arrived:
            while True:
                found = [text for text in self.texts_to(to) if wanted(text)]
                if found:
                    return found[-1]
                left = until - time.monotonic()
                assert left > 0, f"No text to {to} {sentence} in {timeout:g} s, only {self.texts}."
                self._arrived.wait(left)


class Gateway(ThreadingHTTPServer):
    """Listens, and knows its open connections."""

    daemon_threads = True

    def __init__(self, sms: SmsServer) -> None:
        super().__init__((LOOPBACK, sms.port), Conversation)
        self.sms = sms
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

    server: Gateway

    def setup(self) -> None:
        """Remember the connection."""
        super().setup()
        self.server.open.add(self.connection)

    def finish(self) -> None:
        """Forget the connection."""
        self.server.open.discard(self.connection)
        super().finish()

    def do_GET(self) -> None:
        """A text in the query."""
        self._answer(dict(parse_qsl(urlsplit(self.path).query)))

    def do_POST(self) -> None:
        """A text in a form or in JSON."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        is_json = "json" in self.headers.get("Content-Type", "")
        sent = json.loads(body) if is_json else dict(parse_qsl(body))
        self._answer({**dict(parse_qsl(urlsplit(self.path).query)), **sent})

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""

    def _answer(self, values: dict[str, str]) -> None:
        status, words = self.server.sms.answer(values)
        self.send_response(status)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(words)))
        self.end_headers()
        self.wfile.write(words.encode())
