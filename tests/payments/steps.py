"""The steps of a payment as the doors take them, each in a transaction of its own, with `now` given."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import select

from doctapp.accounts.models import Person
from doctapp.appointments import paying
from doctapp.appointments.models import Appointment
from doctapp.db import db, transaction
from doctapp.gateways.payments import CAPTURED, EXPIRED, FAILED, OPEN, Answer, Event
from doctapp.payments import settling
from doctapp.payments.models import Attempt, Refund
from doctapp.schedules.models import Sitting
from tests import make
from tests.people import NOW

PRICE, ADVANCE = 70000, 20000
STATES = {"captured": CAPTURED, "failed": FAILED, "expired": EXPIRED, "open": OPEN}


def takes_online(chamber: Any, **settings: Any) -> None:
    """Let the chamber take payments online."""
    chamber.methods = "chamber sandbox stripe sslcommerz"
    for name, value in settings.items():
        setattr(chamber, name, value)
    db.session.commit()


def kept(sitting: Sitting, of: Person, *, number: int = 12, **given: Any) -> Appointment:
    """A number that this person keeps, with everything said and their phone proven."""
    me = of.patients[0]
    said = {
        "typed_who": "me",
        "typed_name": me.name,
        "typed_age": NOW.year - me.born,
        "typed_sex": me.sex,
        "person_id": of.id,
    }
    return make.hold(sitting, number=number, **{"browser": f"browser of {of.id} and {number}", **said, **given})


def begun(row: Appointment, *, now: datetime = NOW, **given: Any) -> Attempt:
    """A payment that has begun."""
    with transaction():
        asked = {"provider": "sandbox", "part": "whole", "fee_seen": None, **given}
        return paying.begin(again(row), now=now, **asked)


def attempt_of(row: Appointment, **given: Any) -> Attempt:
    """A payment that is open, of any gateway, as `begin` writes it."""
    values: dict[str, Any] = {"provider": "sandbox", "part": "whole", "visit": "new", "price": PRICE, "amount": PRICE}
    values |= {
        "currency": "BDT",
        "created_at": NOW,
        "next_query_at": NOW,
        "token": secrets.token_urlsafe(16),
        "session": "s",
        **given,
    }
    return make.saved(Attempt(appointment_id=row.id, **values))


def answer(attempt: Attempt, state: str = "captured", **given: Any) -> Answer:
    """What a gateway says of it: as it was asked, unless said otherwise."""
    if state != "captured":
        return Answer(attempt.token, STATES[state])
    money = {"payment": f"payment of {attempt.token}", "amount": attempt.amount, "currency": attempt.currency}
    return Answer(attempt.token, CAPTURED, **{**money, **given})


def heard(attempt: Attempt, state: str = "captured", *, now: datetime = NOW, event: str = "", **given: Any) -> bool:
    """The gateway tells of it, as the webhook's door lets it have its effect; whether it had one."""
    told = Event(event or f"{state} {attempt.token}", answer(attempt, state, **given))
    with transaction():
        mine = settling.heard(attempt.provider, told, now=now)
        return mine is not None and paying.hear(mine, told.answer, now=now)


def paid(row: Appointment, *, now: datetime = NOW, **given: Any) -> Attempt:
    """The number is paid for, as it was asked."""
    attempt = begun(row, now=now, **given)
    heard(attempt, now=now)
    return attempt


class ProcessDied(Exception):
    """In the middle of a transaction."""


def die_after(act: Callable[[], Any]) -> None:
    """Do it in a transaction that is not committed."""
    with transaction():
        act()
        raise ProcessDied


def again(row: Any) -> Any:
    """The row, read anew."""
    return db.session.get(type(row), row.id, populate_existing=True)


def refunds(attempt: Attempt | None = None) -> list[tuple[int, str]]:
    """Amount and state of what goes back, of one payment or of all."""
    query = select(Refund.amount, Refund.state).order_by(Refund.id)
    if attempt is not None:
        query = query.where(Refund.attempt_id == attempt.id)
    return [(row.amount, row.state) for row in db.session.execute(query)]


def refund() -> Refund:
    """The only refund."""
    return db.session.scalars(select(Refund).execution_options(populate_existing=True)).one()
