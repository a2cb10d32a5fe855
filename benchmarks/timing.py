"""CPU per request, ours beside the floor: interleaved rounds, medians.

The application is called in this process, so that neither a server nor a network is measured; what a database
server computes meanwhile is not in the figure either.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from flask import Flask
from werkzeug.test import EnvironBuilder, run_wsgi_app
from werkzeug.wrappers import Response

WARM_UP = 8
LEAST = 3
Key = tuple[str, str]  # what, and on which database


@dataclass(frozen=True)
class Effort:
    """How long is measured: so many rounds, in each so many seconds of CPU for every page."""

    rounds: int
    seconds: float


FULL, SHORT = Effort(rounds=11, seconds=0.3), Effort(rounds=3, seconds=0.1)


@dataclass(frozen=True)
class Page:
    """A request that can be sent to an application again and again."""

    app: Callable[..., Iterable[bytes]]
    environ: dict[str, Any]

    def answer(self) -> Response:
        """What the application answers."""
        body, status, headers = run_wsgi_app(self.app, dict(self.environ), buffered=True)
        return Response(body, status, headers)

    def same(self) -> Page:
        """This very request."""
        return self

    def known(self) -> Page:
        """The same request of a browser that has just this answer: it gets a 304."""
        again = Page(self.app, {**self.environ, "HTTP_IF_NONE_MATCH": self.answer().headers["ETag"]})
        assert again.answer().status_code == 304
        return again

    def cpu(self, times: int) -> float:
        """Seconds of CPU a request, sent so many times."""
        app, environ = self.app, self.environ
        began = time.process_time()
        for _ in range(times):
            answer = app(dict(environ), _ignore)
            for _part in answer:
                pass
            answer.close()  # type: ignore[attr-defined]
        return (time.process_time() - began) / times


@dataclass(frozen=True)
class Times:
    """The CPU a page took in each round, and the floor beside it, in seconds a request."""

    taken: Sequence[float]
    floors: Sequence[float]

    def __str__(self) -> str:
        ratios = [taken / floor for taken, floor in zip(self.taken, self.floors, strict=True)]
        return f"{median(ratios):.1f} × ({min(ratios):.1f}–{max(ratios):.1f}; {1000 * median(self.taken):.2f} ms)"


def page(app: Flask, path: str, *, cookies: Mapping[str, str] | None = None, **headers: str) -> Page:
    """A GET for this path; underscores in a header's name stand for hyphens."""
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    if cookies:
        given["Cookie"] = "; ".join(f"{name}={value}" for name, value in cookies.items())
    return Page(app.wsgi_app, EnvironBuilder(path=path, base_url="http://localhost", headers=given).get_environ())


def hello() -> Page:
    """The floor: a bare Flask application that says hello."""
    app = Flask("hello")
    app.add_url_rule("/", view_func=lambda: "Hello, World!")
    greeting = page(app, "/")
    assert greeting.answer().data == b"Hello, World!"
    return greeting


def effort(*, short: bool) -> Effort:
    """How long is measured; a short run says less surely."""
    return SHORT if short else FULL


def compare(pages: Mapping[Key, Callable[[], Page]], effort: Effort) -> dict[Key, Times]:
    """Each page's times of the floor, which has its turn in every round, as the page itself.

    A page is asked for anew in each round: what it shows, and with it its tag, changes with the clock.
    """
    floor, often = hello(), {name: _how_often(page(), effort.seconds) for name, page in pages.items()}
    floor_often = _how_often(floor, effort.seconds)
    floors: list[float] = []
    taken: dict[Key, list[float]] = {name: [] for name in pages}
    for _ in range(effort.rounds):
        floors.append(floor.cpu(floor_often))
        for name, page in pages.items():
            taken[name].append(page().cpu(often[name]))
    return {name: Times(taken[name], floors) for name in pages}


def lines(times: Mapping[Key, Times], *, goal: str) -> list[dict[str, Any]]:
    """A line of the results for each page, with what was measured on each database."""
    names = dict.fromkeys(name for name, _kind in times)
    said = {name: [f"{kind} {each}" for (of, kind), each in times.items() if of == name] for name in names}
    return [{"name": f"{name} / hello", "value": ", ".join(said[name]), "goal": goal} for name in names]


def _how_often(page: Page, seconds: float) -> int:
    """How many requests take about so many seconds, when all is warm."""
    page.cpu(WARM_UP)
    return max(LEAST, round(seconds / page.cpu(WARM_UP)))


def _ignore(status: str, headers: Sequence[tuple[str, str]], exc_info: Any = None) -> Callable[[bytes], object]:
    return _refuse


def _refuse(_data: bytes) -> None:
    raise AssertionError("nothing here writes by the old way")
