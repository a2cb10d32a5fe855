"""The tools of a race: browsers, calls that wait for their moment, and how many of them truly overlapped."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from email.message import Message
from http.client import HTTPConnection
from http.cookies import SimpleCookie
from typing import Any, Protocol, Self, TypeVar
from urllib.parse import urlencode

from bs4 import BeautifulSoup

from tests.see import Page
from tests.servers.ports import LOOPBACK

PATIENCE = 60
summary: list[str] = []
Result = TypeVar("Result")


@dataclass(frozen=True)
class Answer:
    """What came back, and from when to when the call ran by a clock that all processes share."""

    status_code: int
    headers: Message
    content: bytes
    began: float
    ended: float

    @property
    def location(self) -> str:
        """Where it leads."""
        return self.headers.get("Location", "")

    @property
    def page(self) -> Page:
        """The page, not looked at for good making: here it is who won that counts."""
        return Page(BeautifulSoup(self.content.decode(), "html.parser"), self.status_code)

    def overlaps(self, other: Answer) -> bool:
        """Whether both were under way at the same time."""
        return self.began < other.ended and other.began < self.ended


class Waiting(Protocol):
    """Something that makes itself ready and then waits for its moment."""

    def ready(self) -> None: ...

    def __call__(self) -> Any: ...


class Jar:
    """The cookies of one browser, which several connections of it read and write."""

    def __init__(self, **cookies: str) -> None:
        self._cookies = cookies
        self._lock = threading.Lock()

    def __getitem__(self, name: str) -> str:
        with self._lock:
            return self._cookies[name]

    def keep(self, name: str, value: str) -> None:
        """Keep one cookie."""
        with self._lock:
            self._cookies[name] = value

    def take(self, headers: Message) -> None:
        """Keep what an answer sets."""
        for line in headers.get_all("Set-Cookie", []):
            for name, morsel in SimpleCookie(line).items():
                self.keep(name, morsel.value)

    @property
    def header(self) -> str:
        """The cookies as they are sent."""
        with self._lock:
            return "; ".join(f"{name}={value}" for name, value in self._cookies.items())


class Browser:
    """One person's browser, in English, at one of the servers."""

    def __init__(self, port: int, **cookies: str) -> None:
        self.port = port
        self.jar = Jar(lang="en", **cookies)

    def set_cookie(self, name: str, value: str) -> None:
        """Keep a cookie; the same word as Flask's test client has."""
        self.jar.keep(name, value)

    def get(self, path: str) -> Answer:
        """Open an address now."""
        return Call(self, "GET", path)()

    def posting(self, path: str, **fields: Any) -> Call:
        """A POST that waits for its moment."""
        return Call(self, "POST", path, fields)

    def telling(self, path: str, headers: dict[str, str], body: bytes) -> Call:
        """A machine's message that waits for its moment."""
        return Call(self, "POST", path, body, headers=headers)

    def filled(self, path: str, form_id: str, **values: Any) -> Call:
        """A form of a page, filled in, that waits to be sent."""
        answer = self.get(path)
        assert answer.status_code == 200, f"{path} was answered {answer.status_code}."
        form = answer.page.form(form_id)
        return Call(self, "POST", form.action, form.fill(**values))


class Call:
    """One request; its connection is open before its moment comes."""

    def __init__(
        self,
        browser: Browser,
        method: str,
        path: str,
        fields: dict[str, Any] | bytes | None = None,
        *,
        port: int = 0,
        headers: dict[str, str] | None = None,
    ) -> None:
        self.browser, self.method, self.path, self.port = browser, method, path, port or browser.port
        self.fields = fields
        self._connection: HTTPConnection | None = None
        self._headers = {"Accept": "text/html", **(headers or {})}

    def again(self, *, path: str = "", port: int = 0) -> Call:
        """The very same request of the same browser once more, perhaps where it was led to, or at another server."""
        headers = dict(self._headers)
        return Call(self.browser, self.method, path or self.path, self.fields, port=port or self.port, headers=headers)

    def ready(self) -> None:
        """Open the connection, and take the cookies that the browser has now."""
        self._connection = HTTPConnection(LOOPBACK, self.port, timeout=PATIENCE)
        self._connection.connect()
        self._headers["Cookie"] = self.browser.jar.header
        if isinstance(self.fields, dict):
            self._headers["Content-Type"] = "application/x-www-form-urlencoded"

    def __call__(self) -> Answer:
        if self._connection is None:
            self.ready()
        assert self._connection is not None
        body = urlencode(self.fields) if isinstance(self.fields, dict) else self.fields
        began = time.monotonic()
        self._connection.request(self.method, self.path, body, self._headers)
        response = self._connection.getresponse()
        content = response.read()
        ended = time.monotonic()
        self._connection = self._connection.close()
        self.browser.jar.take(response.headers)
        return Answer(response.status, response.headers, content, began, ended)


@dataclass
class Timed:
    """A call that sets out at a moment of the clock, in seconds since the epoch."""

    call: Waiting
    moment: float

    def ready(self) -> None:
        """As the call does."""
        self.call.ready()

    def __call__(self) -> Any:
        time.sleep(max(0.0, self.moment - time.time()))
        return self.call()


class Meeting:
    """Where so many wait for one another."""

    def __init__(self, how_many: int) -> None:
        self._barrier = threading.Barrier(how_many)

    def wait(self) -> None:
        """Go on when all are here."""
        self._barrier.wait(PATIENCE)


def at_once(calls: Sequence[Waiting]) -> list[Any]:
    """Let all calls loose at the same moment, each in a thread of its own."""
    start = Meeting(len(calls))

    def run(call: Waiting) -> Any:
        call.ready()
        start.wait()
        return call()

    with ThreadPoolExecutor(len(calls)) as threads:
        return list(threads.map(run, calls))


def led_on(answer: Answer) -> bool:
    """Whether the answer is that of an act that was done."""
    return answer.status_code == 303


class Race:
    """How one race ended."""

    def __init__(self, answers: list[Answer], won: Callable[[Answer], bool]) -> None:
        self.answers = answers
        self.winners = [answer for answer in answers if won(answer)]
        self.losers = [answer for answer in answers if not won(answer)]

    @property
    def overlaps(self) -> int:
        """How many calls were under way while the first winner's was."""
        if not self.winners:
            return 0
        winner = min(self.winners, key=lambda answer: answer.ended)
        return sum(answer.overlaps(winner) for answer in self.answers if answer is not winner)

    @property
    def statuses(self) -> list[int]:
        """The statuses of all answers, sorted."""
        return sorted(answer.status_code for answer in self.answers)


class Races:
    """Races of one name; when they are over, their numbers are printed and kept for the end of the run."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.races: list[Race] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        summary.append(self.line)
        print(self.line)

    def run(self, calls: Iterable[Waiting], won: Callable[[Answer], bool] = led_on) -> Race:
        """One race; it is won by an answer that leads on."""
        race = Race(at_once(list(calls)), won)
        self.races.append(race)
        return race

    @property
    def clients(self) -> int:
        return sum(len(race.answers) for race in self.races)

    @property
    def overlaps(self) -> int:
        return sum(race.overlaps for race in self.races)

    @property
    def winners(self) -> int:
        return sum(len(race.winners) for race in self.races)

    @property
    def line(self) -> str:
        """The numbers in one line."""
        rounds = f" in {len(self.races)} rounds" if len(self.races) > 1 else ""
        return f"{self.name}: {self.clients} clients{rounds}, {self.overlaps} true overlaps, {self.winners} won"


def until_seen(seen: Callable[[], bool], rounds: int = 20) -> int:
    """Run a control until its wrong thing was seen; in which round that was."""
    for turn in range(1, rounds + 1):
        if seen():
            return turn
    raise AssertionError(f"The guard is off, and nothing went wrong in {rounds} rounds: the race proves nothing.")
