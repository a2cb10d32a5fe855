"""An SMS gateway on loopback: HTTP in, `OK <id>` out, and bad days on request."""

import re
import threading
import time
from typing import Any, NamedTuple, Self

from tests.patience import PATIENCE
from tests.servers.door import Asked, Door, Said
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
        self._turn = threading.Lock()
        self._door: Door | None = None
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
        with self._turn:
            if self._door is not None:
                self._door.close()
                self._door = None
            self._released.set()

    def up(self) -> None:
        """Listen on the same port as before."""
        with self._turn:
            if self._hang:
                self._released.clear()
            if self._door is None:
                self._door = Door(self)

    def clear(self) -> None:
        """Forget the texts so far."""
        with self._arrived:
            self.texts.clear()

    def texts_to(self, to: str) -> list[str]:
        """What one phone was sent, oldest first."""
        with self._arrived:
            return [one.text for one in self.texts if same_phone(one.to, to)]

    def wait_for(self, to: str, containing: str = "", timeout: float = PATIENCE) -> str:
        """The newest text to this phone that contains this."""
        return self._wait(to, lambda text: containing in text, f"containing {containing!r}", timeout)

    def code_for(self, to: str, timeout: float = PATIENCE) -> str:
        """The code in the newest text to this phone that has one."""
        found = CODE.search(self._wait(to, lambda text: CODE.search(text) is not None, "with a code", timeout))
        assert found is not None
        return found.group()

    def answer(self, asked: Asked) -> Said:
        """Take one request as the switches say."""
        status, words = self._taken(asked.values)
        return Said(status, words, kind="text/plain")

    def _taken(self, values: dict[str, str]) -> tuple[int, str]:
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
