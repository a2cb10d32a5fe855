"""Row 2: a doctor's page and a page of search for whoever comes by, and their 304, as times of a Flask hello."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask

from benchmarks import timing, world

GOAL = "none yet; later ≤ 1.2"
PATHS = {"doctor's page": "/doctors/rokeya-begum", "search page": "/doctors?specialty=medicine"}


def run(*, short: bool = False) -> list[dict[str, Any]]:
    """Both pages and their 304, on both databases."""
    pages = {(name, kind): page for kind, app in world.worlds().items() for name, page in _pages(app).items()}
    return timing.lines(timing.compare(pages, timing.effort(short=short)), goal=GOAL)


def _pages(app: Flask) -> dict[str, Callable[[], timing.Page]]:
    """The pages as a first visit gets them, and as a browser asks again that has them."""
    pages: dict[str, Callable[[], timing.Page]] = {}
    for name, path in PATHS.items():
        first = timing.page(app, path)
        assert first.answer().status_code == 200
        pages[name] = first.same
        pages[f"{name}, 304"] = timing.page(app, path, cookies=world.with_stylesheet()).known
    return pages
