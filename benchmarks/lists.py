"""Row 1: the list of twenty doctors for somebody who is signed in, CPU per request as times of a Flask hello."""

from __future__ import annotations

from typing import Any

from flask import Flask

from benchmarks import timing, world

GOAL = "none yet; later ≤ 4 SQLite, ≤ 5 PostgreSQL"


def run(*, short: bool = False) -> list[dict[str, Any]]:
    """The list on both databases."""
    pages = {("list, signed in", kind): _list(app).same for kind, app in world.worlds().items()}
    return timing.lines(timing.compare(pages, timing.effort(short=short)), goal=GOAL)


def _list(app: Flask) -> timing.Page:
    """The page, looked at once: twenty doctors, and a person who can sign out."""
    page = timing.page(app, "/doctors", cookies=world.signed_in(app))
    answer = page.answer()
    assert answer.status_code == 200
    assert answer.data.count(b'class="card doc"') == 20
    assert b'action="/logout"' in answer.data
    return page
