"""What the tests' gateways of money share: a server that remembers what it did, tells it, and has switches for bad days."""

import html
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from typing import Any, NamedTuple, Self

from tests.patience import PATIENCE
from tests.servers.door import Asked, Door, Said
from tests.servers.ports import LOOPBACK, free_port

DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Message(NamedTuple):
    """One webhook or IPN, ready to be posted."""

    name: str
    to: str
    headers: dict[str, str]
    body: bytes


class MoneyServer:
    """A gateway with switches; it does all it is asked, and tells it once, until one is thrown."""

    def __init__(self) -> None:
        self.port = free_port()
        self.url = f"http://{LOOPBACK}:{self.port}"
        self.requests: list[Asked] = []
        self.answers: list[tuple[str, int]] = []  # to the messages sent: name and status, 0 where nobody listened
        self.held: list[Message] = []
        self._turn = threading.RLock()
        self._doing = 0  # the thread whose request is being done
        self._to_tell: list[Message] = []
        self._door: Door | None = None
        self.normal()

    def __enter__(self) -> Self:
        self.up()
        return self

    def __exit__(self, *_: object) -> None:
        self.down()

    def normal(self) -> None:
        """Take all switches back."""
        self._before = self._after = 0.0
        self._status: int | None = None
        self._lost = 0
        self._times = 1
        self._holds = self._apart = False
        self.lies: dict[str, Any] = {}
        self.risky = False
        self.refunds_end = ""

    def slow(self, seconds: float) -> None:
        """Wait this long before doing what is asked."""
        self._before = seconds

    def late(self, seconds: float) -> None:
        """Do it at once, but answer only after this long."""
        self._after = seconds

    def fail(self, status: int = 500) -> None:
        """Do nothing and answer with this status."""
        self._status = status

    def lose_answers(self, times: int = 10**9) -> None:
        """Do what is asked, and cut the connection instead of answering."""
        self._lost = times

    def repeat(self, times: int) -> None:
        """Send each message this often."""
        self._times = times

    def hold(self) -> None:
        """Keep messages back until they are released."""
        self._holds = True

    def release(self, order: Sequence[int] | None = None) -> None:
        """Send what was kept back, by default the last first."""
        with self._turn:
            held, self.held = self.held, []
        for number in order if order is not None else reversed(range(len(held))):
            self.send(held[number])

    def tell_apart(self) -> None:
        """Send messages from a thread of their own, a little after their cause."""
        self._apart = True

    def lie(self, **said: Any) -> None:
        """Say another `amount` (poisha), `currency` or `token` of every order."""
        self.lies = said

    def risk(self) -> None:
        """Call every payment risky."""
        self.risky = True

    def let_refunds_end(self, state: str) -> None:
        """Let refunds from now on, and those that are pending, end so: pending, refunded or failed."""
        self.refunds_end = state

    def down(self) -> None:
        """Cut every connection and listen no more."""
        if self._door is not None:
            self._door.close()
            self._door = None

    def up(self) -> None:
        """Listen on the same port as before."""
        if self._door is None:
            self._door = Door(self)

    def send(self, message: Message, to: str = "") -> int:
        """Post a message and return the status of the answer; 0 where nobody listens."""
        request = urllib.request.Request(to or message.to, message.body, message.headers)
        try:
            with DIRECT.open(request, timeout=PATIENCE) as answer:
                status = int(answer.status)
        except urllib.error.HTTPError as refused:
            status = refused.code
        except OSError:
            status = 0
        self.answers.append((message.name, status))
        return status

    def tell(self, message: Message) -> None:
        """Send a message as the switches say; one that a request causes when that is done, so that it may be asked about."""
        if self._doing == threading.get_ident():
            self._to_tell.append(message)
        elif self._holds:
            self.held.extend([message] * self._times)
        elif self._apart:
            threading.Timer(0.3, self._send_all, (message,)).start()
        else:
            self._send_all(message)

    def _send_all(self, message: Message) -> None:
        for _ in range(self._times if message.to else 0):
            self.send(message)

    def answer(self, asked: Asked) -> Said | None:
        """Do what is asked as the switches say; None where the answer is lost."""
        self.requests.append(asked)
        time.sleep(self._before)
        if self._status is not None:
            return Said(self._status, {})
        with self._turn:
            self._doing = threading.get_ident()
            try:
                said = self.do(asked)
            finally:
                self._doing, messages, self._to_tell = 0, self._to_tell, []
        for message in messages:
            self.tell(message)
        time.sleep(self._after)
        if self._lost:
            self._lost -= 1
            return None
        return said

    def do(self, asked: Asked) -> Said:
        """What this gateway does."""
        raise NotImplementedError


def page(title: str, form: str) -> str:
    """A page of a gateway's with one form."""
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{html.escape(title)}</title></head>'
        f"<body><main><h1>{html.escape(title)}</h1>{form}</main></body></html>"
    )
