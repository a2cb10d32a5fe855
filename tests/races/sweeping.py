"""A WSGI entry in which every POST is one step of a sweep: `POST /appointments.expire_holds`, `POST /sweep`."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import Any

from doctapp import clock
from doctapp.appointments import life
from doctapp.appointments.models import Event
from doctapp.db import db
from doctapp.work import sweep, timetable
from tests.races.unguarded import app as application

changed: list[int] = []
record = life.record


def noted(*args: Any, **given: Any) -> Event:
    """As `life.record`, and it is remembered that something changed."""
    event = record(*args, **given)
    changed.append(event.id)
    return event


life.record = noted


def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Do the step: 303 where it changed something, 204 where it did not, 409 where it was another sweep's turn."""
    changed.clear()
    try:
        status = done(environ["PATH_INFO"].strip("/"))
    except Exception:
        logging.exception("the step failed")
        status = "500 Failed"
    start_response(status, [("Content-Length", "0")])
    return []


def done(name: str) -> str:
    """Do it; how it went."""
    with application.app_context():
        ours = sweep.sweep_once(clock.now()) if name == "sweep" else timetable.find(name)(clock.now())
        db.session.remove()
    if ours is False:
        return "409 Not Ours"
    return "303 Done" if changed or ours else "204 Nothing"
