"""For controls only: the application with the guards named in GUARD_OFF taken away, to be served like `wsgi:app`.

Never imported by the application; a control passes only where the wrong thing then happens.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlalchemy.engine import Connection

from doctapp import config, create_app
from doctapp import db as database
from doctapp.accounts import limits
from doctapp.appointments import holding, life, requesting
from doctapp.appointments.life import By
from doctapp.appointments.models import Appointment, Event
from doctapp.db import db
from doctapp.web import formkey


def nothing(*_: object, **__: object) -> None:
    """What is left of a guard that was taken away."""


def change_whatever_it_was(
    row: Appointment,
    *,
    act: str,
    was: str,
    became: str,
    by: By,
    now: datetime,
    why: str = "",
    undoes: int | None = None,
    only_if: object = (),
    **values: Any,
) -> Event:
    """`life.change` without its condition: the state is written, whatever it was meanwhile."""
    writing = update(Appointment).where(Appointment.id == row.id).values(status=became, **values)
    db.session.execute(writing.execution_options(synchronize_session=False))
    return life.record(row, act=act, was=was, became=became, by=by, now=now, why=why, undoes=undoes)


def condition() -> None:
    """States change without looking at what they were."""
    life.change = change_whatever_it_was  # type: ignore[assignment]


def states() -> None:
    """A request does not look at what became of the hold."""
    requesting.AHEAD = ()  # type: ignore[assignment]
    requesting.is_held = lambda *_, **__: True  # type: ignore[attr-defined]


def counts() -> None:
    """A request does not count what the patient has already."""
    requesting._check_counts = nothing


def form_key() -> None:
    """A form may be sent any number of times."""
    formkey.spend = nothing


def overdue() -> None:
    """Whoever takes a number leaves an overdue hold alone."""
    holding._expire_overdue = nothing


def sitting_lock() -> None:
    """Holds are counted without locking the sitting."""
    holding.lock = nothing  # type: ignore[attr-defined]


def tally_lock() -> None:
    """Limits count without locking what they count under."""
    limits.lock = nothing


@contextmanager
def no_turns() -> Iterator[None]:
    """Every thread writes when it likes."""
    yield


def one_writer() -> None:
    """SQLite without transactions: every statement is on its own, so that what is read may be old when one writes."""
    database._on_begin_sqlite = nothing  # type: ignore[assignment]
    database._turn_to_write = no_turns


def immediate() -> None:
    """SQLite with the plain BEGIN that reads before it asks for the write lock."""

    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN")

    database._on_begin_sqlite = begin
    database._turn_to_write = no_turns


def pool() -> None:
    """One database connection a process, and nobody waits long for it."""
    given = config.engine_options
    config.engine_options = lambda url: {**given(url), "pool_size": 1, "max_overflow": 0, "pool_timeout": 0.05}


GUARDS: dict[str, Callable[[], None]] = {
    guard.__name__: guard
    for guard in (
        condition, states, counts, form_key, overdue, sitting_lock, tally_lock, one_writer, immediate, pool
    )
}  # fmt: skip


for name in filter(None, os.environ.get("GUARD_OFF", "").split(",")):
    GUARDS[name]()
app = create_app()
