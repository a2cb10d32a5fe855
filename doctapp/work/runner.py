"""Runs one job on one row inside the application, again where the database asks for it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TypeVar

from flask import Flask, current_app
from sqlalchemy.exc import DBAPIError

from doctapp.db import db, is_transient
from doctapp.work.timetable import find

log = logging.getLogger(__name__)
Result = TypeVar("Result")
TRIES = 4
_app: Flask | None = None


def preload(app: Flask) -> None:
    """Keep the application that this process and its children run their jobs in."""
    global _app
    _app = app


def run(job: str, row_id: int) -> None:
    """Run one job: what RQ calls."""
    with _application().app_context():
        try:
            again(lambda: find(job)(row_id))
        finally:
            db.session.remove()


def again(call: Callable[[], Result]) -> Result:
    """Call, and after a serialization failure or a deadlock call again, three times."""
    for turn in range(1, TRIES + 1):
        try:
            return call()
        except DBAPIError as error:
            if turn == TRIES or not is_transient(error):
                raise
            log.info("the database asked to try again (%s)", turn)
            db.session.rollback()
    raise AssertionError("unreachable")


def _application() -> Flask:
    if current_app:
        return current_app._get_current_object()  # type: ignore[attr-defined,no-any-return]
    if _app is None:
        from doctapp import create_app  # the root imports this floor

        preload(create_app())
    assert _app is not None
    return _app
