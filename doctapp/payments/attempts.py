"""An attempt to pay begins, gets the gateway's session, and is asked about until it is known what became of it."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import or_, select, update

from doctapp.db import db
from doctapp.payments.models import Attempt

LEASE = timedelta(seconds=60)
SOON, EACH_MINUTE_FOR = timedelta(minutes=1), timedelta(hours=2)
LATER, EACH_HOUR_FOR = timedelta(hours=1), timedelta(days=3)
BATCH = 50


def begin(
    *,
    appointment_id: int,
    provider: str,
    part: str,
    visit: str,
    price: int,
    amount: int,
    currency: str,
    now: datetime,
) -> Attempt:
    """Write down what is to be paid, before any gateway is told; the same again gives the attempt that is open."""
    agreed: dict[str, Any] = {"appointment_id": appointment_id, "provider": provider, "part": part, "visit": visit}
    agreed |= {"price": price, "amount": amount, "currency": currency}
    same = select(Attempt).filter_by(**agreed, state="started")
    known = db.session.scalars(same.order_by(Attempt.id.desc())).first()
    if known is not None:
        return known
    attempt = Attempt(token=secrets.token_urlsafe(16), **agreed, created_at=now, next_query_at=now)
    db.session.add(attempt)
    db.session.flush()
    return attempt


def by_token(token: str) -> Attempt | None:
    """The attempt of an address, read anew."""
    query = select(Attempt).where(Attempt.token == token).execution_options(populate_existing=True)
    return db.session.scalars(query).first()


def of(appointment_id: int) -> Sequence[Attempt]:
    """All attempts to pay for an appointment, the newest first."""
    query = select(Attempt).filter_by(appointment_id=appointment_id).execution_options(populate_existing=True)
    return db.session.scalars(query.order_by(Attempt.id.desc())).all()


def open_of(appointment_id: int) -> Attempt | None:
    """By what somebody may just be paying for this appointment."""
    query = select(Attempt).filter_by(appointment_id=appointment_id, state="started")
    return db.session.scalars(query.order_by(Attempt.id.desc()).limit(1)).first()


def to_ask(*, now: datetime) -> Sequence[int]:
    """The ids of attempts of which the gateway is to be asked now: to be started, or how they stand."""
    query = select(Attempt.id).where(Attempt.next_query_at <= now)
    return db.session.scalars(query.order_by(Attempt.next_query_at).limit(BATCH)).all()


def claim(attempt_id: int, *, now: datetime, started: bool = True) -> Attempt | None:
    """Take the right to speak to the gateway about it for a minute; None where there is nothing to ask, or another has it.

    One that is not `started` yet has no session at the gateway.
    """
    free = or_(Attempt.lease_until.is_(None), Attempt.lease_until <= now)
    taking = update(Attempt).where(Attempt.id == attempt_id, Attempt.next_query_at.is_not(None), free)
    taking = taking if started else taking.where(Attempt.session == "")
    if not _changes_one(taking.values(lease_until=now + LEASE)):
        return None
    return db.session.get(Attempt, attempt_id, populate_existing=True)


def keep_session(attempt: Attempt, *, session: str, url: str, now: datetime) -> None:
    """The gateway opened a session: from here one pays there, and is asked about each minute."""
    keeping = update(Attempt).where(Attempt.id == attempt.id, Attempt.session == "")
    _changes_one(keeping.values(session=session, url=url, fault=""))
    put_off(attempt, now=now)


def put_off(attempt: Attempt, *, now: datetime, fault: str = "") -> None:
    """Ask again in a minute, after two hours in an hour, after three days no more; the lease ends.

    What was known to be wrong with it stays until there is something newer to say.
    """
    age = now - attempt.created_at
    pause = SOON if age < EACH_MINUTE_FOR else LATER if age < EACH_HOUR_FOR else None
    waiting = update(Attempt).where(Attempt.id == attempt.id, Attempt.next_query_at.is_not(None))
    values = {"lease_until": None, "next_query_at": now + pause if pause else None, "queries": Attempt.queries + 1}
    _changes_one(waiting.values(**values | ({"fault": fault[:300]} if fault else {})))


def fail(attempt: Attempt, *, fault: str, now: datetime) -> bool:
    """The gateway will never take it: the attempt ends; False where it had ended."""
    failing = update(Attempt).where(Attempt.id == attempt.id, Attempt.state == "started")
    return _changes_one(
        failing.values(state="failed", fault=fault[:300], ended_at=now, next_query_at=None, lease_until=None)
    )


def note_claim(attempt: Attempt, *, reference: str) -> None:
    """Keep by what number somebody says to have paid, for whoever looks into it."""
    _changes_one(update(Attempt).where(Attempt.id == attempt.id).values(fault=f"claimed: {reference}"[:300]))


def _changes_one(statement: Any) -> bool:
    done: Any = db.session.execute(statement, execution_options={"synchronize_session": False})
    return bool(done.rowcount == 1)
