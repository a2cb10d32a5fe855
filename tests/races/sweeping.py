"""A WSGI entry in which every POST is one step of a sweep: `POST /appointments.expire_holds`, `POST /sweep`."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import Any

from doctapp import clock
from doctapp.db import db
from doctapp.work import sweep, timetable
from tests.races.unguarded import app as application


def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Do the step; 303 where it was done, 409 where a whole sweep was somebody else's turn, 500 where it failed."""
    name = environ["PATH_INFO"].strip("/")
    try:
        with application.app_context():
            done = sweep.sweep_once(clock.now()) if name == "sweep" else timetable.find(name)(clock.now())
            db.session.remove()
    except Exception:
        logging.exception("the step %s failed", name)
        start_response("500 Failed", [("Content-Length", "0")])
        return []
    start_response("409 Not Ours" if done is False else "303 Done", [("Content-Length", "0")])
    return []
