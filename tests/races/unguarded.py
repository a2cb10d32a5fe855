"""For controls only: the application with the guards named in GUARD_OFF taken away, to be served like `wsgi:app`.

Never imported by the application; a control passes only where the wrong thing then happens.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import cached_property
from types import SimpleNamespace
from typing import Any

from sqlalchemy import delete, false, select, update
from sqlalchemy.engine import Connection

from doctapp import config, create_app
from doctapp import db as database
from doctapp.accounts import devices, joining, limits, patients, sessions
from doctapp.accounts.devices import Token
from doctapp.accounts.models import Device, Person
from doctapp.appointments import (
    holding,
    life,
    offering,
    paying,
    places,
    references,
    requesting,
    sitting_cancellation,
    waiting,
)
from doctapp.appointments.life import By
from doctapp.appointments.models import Appointment, Event, Waiting
from doctapp.db import db
from doctapp.gateways.payments import Answer
from doctapp.gateways.payments import Event as Told
from doctapp.payments import refunding, settling
from doctapp.payments.models import Attempt, Refund
from doctapp.schedules import extras, sittings
from doctapp.schedules.models import Sitting
from doctapp.web import formkey

A_MOMENT = 0.1


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


def closed() -> None:
    """A request does not look whether its sitting was cancelled, and cancelling one waits for nobody."""
    requesting.check_open = nothing  # type: ignore[assignment]
    sitting_cancellation.lock = nothing  # type: ignore[attr-defined]


def counts() -> None:
    """A request does not count what the patient has already."""
    requesting.check_counts = nothing  # type: ignore[assignment]


def form_key() -> None:
    """A form may be sent any number of times."""
    formkey.spend = nothing


def overdue() -> None:
    """Whoever takes a number leaves an overdue hold alone."""
    holding._expire_overdue = nothing


def sitting_lock() -> None:
    """Holds are counted without locking the sitting."""
    holding.lock = nothing  # type: ignore[attr-defined]


def line() -> None:
    """A place is offered to whoever was read as the next in line, under no lock, whatever they are by then."""

    def change(waiting_id: int, was: str, state: str, **values: Any) -> bool:
        writing = update(Waiting).where(Waiting.id == waiting_id).values(state=state, **values)
        db.session.execute(writing.execution_options(synchronize_session=False))
        return True

    offering.lock = nothing  # type: ignore[attr-defined]
    waiting._change = change


def awaited() -> None:
    """Whoever takes a number does not look whether others wait for it."""
    places.is_awaited = false  # type: ignore[assignment]
    places.awaited = lambda *_: set()


def person_lock() -> None:
    """Relatives are counted without locking their person."""
    patients.lock = nothing  # type: ignore[attr-defined]


def join_lock() -> None:
    """Two who join the same person don't wait for one another."""
    joining.lock_both = nothing


def join_mark() -> None:
    """Who was joined once may be joined again."""

    def mark(*, person_id: int, other_id: int) -> None:
        db.session.execute(update(Person).where(Person.id == other_id).values(joined_into_id=person_id))

    joining._mark = mark


def doctor_lock() -> None:
    """Whoever writes a doctor's sittings does so without locking the doctor."""
    extras.lock = nothing  # type: ignore[attr-defined]


def unused() -> None:
    """Changed hours take every sitting away, after a look whether somebody is in it, without locking it."""

    def ahead(*which: Any, now: datetime) -> list[int]:
        return list(db.session.scalars(select(Sitting.id).where(*which, Sitting.starts_at > now)))

    def clear(ids: list[int], *, unused: Any) -> list[int]:
        query = select(Sitting.id).where(Sitting.id.in_(ids))
        empty = db.session.scalars(query.where(unused)).all()
        time.sleep(0.3)  # the look grows old
        db.session.execute(delete(Sitting).where(Sitting.id.in_(empty)))
        return sorted(set(ids) - set(empty))

    sittings.ahead, sittings.clear = ahead, clear  # type: ignore[assignment]


def sitting_check() -> None:
    """A number is given by what was read of its sitting a moment before, under no lock."""

    def take(sitting: Sitting, *, number: int, now: datetime, **given: Any) -> Appointment:
        time.sleep(A_MOMENT)
        place = {"sitting_id": sitting.id, "doctor_id": sitting.doctor_id, "about_at": places.about(sitting, number)}
        until = now + holding.HOLD_FOR
        row = Appointment(
            ref=references.draw(), status="held", number=number, created_at=now, held_until=until, **place, **given
        )
        db.session.add(row)
        db.session.flush()
        return row

    holding.lock = nothing  # type: ignore[attr-defined]
    holding._take = take  # type: ignore[assignment]


def tally_lock() -> None:
    """Limits count without locking what they count under."""
    limits.lock = nothing


def successor() -> None:
    """A device's next token is drawn anew by each request instead of derived from the one before."""

    def drawn(token: Token) -> Token:
        return Token(token.selector, Token.draw().secret)

    kept = cached_property(drawn)
    kept.__set_name__(Token, "successor")
    Token.successor = kept  # type: ignore[assignment, method-assign]


def renewal() -> None:
    """A device is renewed by what was read of it, whatever it has become meanwhile."""

    def renew(token: Token, *, now: datetime) -> Any:
        query = select(Device).where(Device.selector_hash == token.selector_hash, Device.ended_at.is_(None))
        row = db.session.scalars(query.execution_options(populate_existing=True)).first()
        if row is None or token.hash not in {row.token_hash, row.next_hash}:
            return None
        found = {name: getattr(row, name) for name in ("id", "person_id", "created_at", "expires_at")}
        time.sleep(A_MOMENT)  # so that whoever comes at the same moment has read it too
        writing = update(Device).where(Device.id == row.id)
        writing = writing.values(token_hash=token.hash, next_hash=token.successor.hash)
        db.session.execute(writing.execution_options(synchronize_session=False))
        return SimpleNamespace(**found)

    devices.renew = renew
    sessions.lock = nothing  # type: ignore[attr-defined]


def grace() -> None:
    """A token is replaced as soon as its successor is given out, not when that was seen."""
    given = devices.renew

    def renew(token: Token, *, now: datetime) -> Any:
        renewed = given(token, now=now)
        if renewed is not None:
            devices.note_seen(token.successor)
        return renewed

    devices.renew = renew


def money_lock() -> None:
    """Money that comes goes by what was read of its appointment a moment before, under no lock."""

    def read(attempt: Attempt) -> Appointment:
        row = db.session.get(Appointment, attempt.appointment_id, populate_existing=True)
        assert row is not None
        time.sleep(A_MOMENT)
        return row

    paying._locked = read


def expiry() -> None:
    """A sweep lets run out what it read a moment before, whatever it has become since."""

    def expire(row: Appointment, *, now: datetime) -> bool:
        was = row.status
        time.sleep(2 * A_MOMENT)
        return was == "held" and bool(life.change(row, act="expire", was=was, became="expired", by=life.TIME, now=now))

    holding.expire = expire


def told_once() -> None:
    """Every message of a gateway is taken for new, and what it says for news."""

    def heard(provider: str, event: Told, *, now: datetime) -> Attempt | None:
        return db.session.scalars(select(Attempt).filter_by(provider=provider, token=event.answer.token)).first()

    given = settling.settle

    def settle(attempt: Attempt, answer: Answer, *, now: datetime) -> bool:
        given(attempt, answer, now=now)
        return True

    settling.heard, settling.settle = heard, settle


def withdrawal() -> None:
    """An undo takes a refund back whatever became of it since it was read."""

    def withdraw(appointment_id: int, *, cause: str, now: datetime) -> bool:
        time.sleep(2 * A_MOMENT)
        writing = update(Refund).where(Refund.appointment_id == appointment_id, Refund.cause == cause)
        db.session.execute(writing.values(state="withdrawn", ended_at=now, next_try_at=None))
        return True

    refunding.withdraw = withdraw


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
        condition, states, counts, form_key, overdue, sitting_lock, person_lock, doctor_lock, unused, tally_lock,
        one_writer, immediate, pool,
        closed, sitting_check, line, awaited, money_lock, expiry, told_once,
        withdrawal, successor, renewal, grace, join_lock, join_mark,
    )
}  # fmt: skip


for name in filter(None, os.environ.get("GUARD_OFF", "").split(",")):
    GUARDS[name]()
app = create_app()
