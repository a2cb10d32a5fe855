"""The waiting list of a full sitting: who waits, in which order, and how each one's waiting ends.

A phone on the list is not proven by that and claims nothing; it is texted only when a place is offered, and only that
letter bears the link by which the offer is taken up and the list is left.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import delete, exists, func, or_, select, update

from doctapp.accounts import limits, people
from doctapp.appointments import places
from doctapp.appointments.models import Appointment, Waiting
from doctapp.db import db, insert, lock
from doctapp.errors import DomainError
from doctapp.schedules.models import Sitting
from doctapp.web.cookies import hashed

A_PHONE_A_DAY, AN_ADDRESS_AN_HOUR = 6, 60
KEPT = timedelta(days=30)


class NoList(DomainError):
    """The sitting was cancelled, is over, or never was."""

    message = _l("The doctor does not sit at this time after all.")


class NotFull(DomainError):
    message = _l("A serial is free just now: you need not wait for one.")


class NearlyOver(DomainError):
    message = _l("This sitting is too near: no serial of it can be had here any more. Call the chamber.")


class TooManyLists(limits.TooMany):
    message = _l("That was asked very often. Wait a while, or call the chamber.")


def join(
    *, sitting_id: int, phone: str, shown: str, person_id: int | None, address: str, language: str, now: datetime
) -> None:
    """Put this phone (E.164, and as it was typed) at the end of the list; one that is on it keeps its place.

    The person is known only where the phone is theirs. Locks the sitting, so that whoever takes a number is before it,
    or after it and refused. Raises NoList, NearlyOver or NotFull, and TooManyLists at the limits a phone has a day and an
    address an hour.
    """
    lock(Sitting, sitting_id)
    sitting = db.session.get(Sitting, sitting_id, populate_existing=True)
    refused = refusal(sitting, now=now)
    if refused:
        raise refused
    joining = insert(Waiting).values(
        token_hash=hashed(f"no letter yet: {draw()}"),
        sitting_id=sitting_id,
        phone=phone,
        shown=shown,
        person_id=person_id if is_theirs(phone, person_id) else None,
        language=language,
        state="waiting",
        created_at=now,
    )
    if db.session.scalar(joining.on_conflict_do_nothing().returning(Waiting.id)) is not None:
        _count(phone, address, now=now)


def draw() -> str:
    """A token that leaves room for words in an SMS; 72 bits, good for hours, and only its hash is stored."""
    return secrets.token_urlsafe(9)


def refusal(sitting: Sitting | None, *, now: datetime) -> DomainError | None:
    """Why nobody can wait for this sitting."""
    if sitting is None or not places.is_open(sitting, now=now):
        return NoList()
    if places.is_full(sitting, now=now):
        return None
    return NotFull() if places.free([sitting], now=now) else NearlyOver()


def is_theirs(phone: str, person_id: int | None) -> bool:
    """Whether this person has proven the phone."""
    owner = people.owner_of("phone", phone) if person_id is not None else None
    return owner is not None and owner.id == person_id


def _count(phone: str, address: str, *, now: datetime) -> None:
    for kind, key, most, per in (
        ("waiting-phone", phone, A_PHONE_A_DAY, limits.DAY),
        ("waiting-address", address, AN_ADDRESS_AN_HOUR, limits.HOUR),
    ):
        limits.check(kind, key, most=most, per=per, now=now, error=TooManyLists)
        limits.count(kind, key, now=now)


def first(sitting_id: int) -> Waiting | None:
    """Who is next in line."""
    query = select(Waiting).filter_by(sitting_id=sitting_id, state="waiting").order_by(Waiting.id).limit(1)
    return db.session.scalars(query.execution_options(populate_existing=True)).first()


def offered(row: Waiting, *, offer_id: int, token: str, now: datetime) -> bool:
    """Note what is offered, and the token of its letter; False where this one no longer waits."""
    return _change(row.id, "waiting", "offered", offer_id=offer_id, token_hash=hashed(token), offered_at=now)


def end(waiting_id: int, state: str, *, now: datetime) -> bool:
    """The offer was taken, or passed by, or given up; False where it had ended."""
    return _change(waiting_id, "offered", state, ended_at=now)


def _change(waiting_id: int, was: str, state: str, **values: Any) -> bool:
    deciding = update(Waiting).where(Waiting.id == waiting_id, Waiting.state == was).values(state=state, **values)
    changed: Any = db.session.execute(deciding, execution_options={"synchronize_session": "fetch"})
    return bool(changed.rowcount == 1)


def by_token(token: str) -> Waiting | None:
    """Whose letter bore this token."""
    query = select(Waiting).filter_by(token_hash=hashed(token)).execution_options(populate_existing=True)
    return db.session.scalars(query).first()


def with_room(*, now: datetime) -> Sequence[int]:
    """The ids of the sittings ahead for which somebody waits and not all of whose numbers are gone."""
    gone = select(func.count()).where(Appointment.sitting_id == Sitting.id, Appointment.number <= Sitting.capacity)
    room = gone.where(places.is_kept(now)).correlate(Sitting).scalar_subquery() < Sitting.capacity
    query = select(Waiting.sitting_id).join(Sitting, Sitting.id == Waiting.sitting_id).distinct()
    query = query.where(Waiting.state == "waiting", Sitting.cancelled_at.is_(None), Sitting.ends_at > now, room)
    return db.session.scalars(query.order_by(Waiting.sitting_id)).all()


def end_in_vain(*, now: datetime) -> None:
    """Nobody waits any longer for sittings that were cancelled or are over."""
    gone = select(Sitting.id).where(or_(Sitting.cancelled_at.is_not(None), Sitting.ends_at <= now))
    ending = update(Waiting).where(Waiting.state == "waiting", Waiting.sitting_id.in_(gone))
    db.session.execute(ending.values(state="passed", ended_at=now), execution_options={"synchronize_session": False})


def purge(*, now: datetime) -> None:
    """Forget phones that waited and got no place, thirty days after that ended."""
    used = exists().where(Appointment.id == Waiting.offer_id)
    over = delete(Waiting).where(Waiting.ended_at <= now - KEPT, or_(Waiting.offer_id.is_(None), ~used))
    db.session.execute(over, execution_options={"synchronize_session": False})
