"""A freed number is offered to the first in line, kept for them for a while, and then offered to the next.

An offer is an appointment: the index on the place decides between it and everybody else. Whoever has the letter's link
takes it up in one browser; from there everything goes as from a hold.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, and_, or_, select, true

from doctapp.appointments import holding, life, places, telling, waiting
from doctapp.appointments.life import TIME, By
from doctapp.appointments.models import Appointment, Event, Waiting
from doctapp.clock import local
from doctapp.db import db, lock
from doctapp.errors import DomainError
from doctapp.schedules.models import Sitting

TODAY, LATER, SHORTEST = timedelta(minutes=20), timedelta(hours=4), timedelta(minutes=5)
UNDOABLE = max(life.UNDO_FOR.values())


class Overtaken(DomainError):
    """Another sweep offered something to the same one in line; nothing was done here."""


class OfferOver(DomainError):
    """It ran out, was given up, or ended with its sitting."""

    status = 410
    message = _l("This offer is over. Nothing was booked and nothing is to be paid.")


class TakenUpElsewhere(DomainError):
    message = _l("This place was taken up in another browser. Go on there, or sign in here with the phone we texted.")


def offer(sitting_id: int, *, now: datetime) -> Appointment | None:
    """Offer the lowest free number to the first in line and text them; None where there is none, or nobody waits.

    Locks the sitting. Raises Overtaken, and then this transaction is taken back.
    """
    lock(Sitting, sitting_id)
    sitting = db.session.get(Sitting, sitting_id, populate_existing=True)
    first = waiting.first(sitting_id)
    if sitting is None or first is None or not places.is_open(sitting, now=now):
        return None
    for number in free_numbers(sitting, now=now):
        row = _take(sitting, number, first, now=now)
        if row is not None:
            return _told(row, first, now=now)
    return None


def free_numbers(sitting: Sitting, *, now: datetime) -> Iterator[int]:
    """The numbers that nobody has and nobody may take back, far enough ahead to be offered for a while."""
    gone = places.taken([sitting], now=now)[sitting.id] | _undoable(sitting, now=now)
    for place in places.of_sitting(sitting, gone=gone, now=now):
        if place.free and offered_until(sitting, place.number, now=now) >= now + SHORTEST:
            yield place.number


def offered_until(sitting: Sitting, number: int, *, now: datetime) -> datetime:
    """Twenty minutes on the day, four hours before it; never nearer to the about-time than the chamber's lead."""
    today = local(now, sitting.chamber.clinic.zone).date()
    kept = now + (TODAY if sitting.local_date <= today else LATER)
    return min(kept, places.about(sitting, number) - timedelta(minutes=sitting.chamber.lead_minutes))


def _undoable(sitting: Sitting, *, now: datetime) -> set[int]:
    """The numbers that were given up by what may still be undone: a cancel, a refusal, or a move away."""
    query = select(Event, Appointment.number).join(Appointment, Appointment.last_event_id == Event.id)
    left, ended = Event.was_sitting_id == sitting.id, and_(Appointment.sitting_id == sitting.id, ~places.is_kept(now))
    lately = query.where(or_(left, ended), Event.at > now - UNDOABLE)
    found = (
        (event, event.was_number or number, life.undo_until(event)) for event, number in db.session.execute(lately)
    )
    return {number for _event, number, until in found if until is not None and now < until}


def _take(sitting: Sitting, number: int, first: Waiting, *, now: datetime) -> Appointment | None:
    holding.expire_overdue(sitting_id=sitting.id, number=number, now=now)
    own: dict[str, Any] = {"waiting_id": first.id, "phone": first.phone, "language": first.language}
    until = offered_until(sitting, number, now=now)
    for _draw in range(holding.DRAWS):
        # nobody extends an offer: it has its time
        taking = holding.statement(sitting.id, number, status="offered", until=until, now=now, extended=True, **own)
        row_id = db.session.scalar(taking)
        if row_id is not None:
            return db.session.get(Appointment, row_id)
        if holding.is_gone(sitting, number=number, now=now):
            return None
    return None


def _told(row: Appointment, first: Waiting, *, now: datetime) -> Appointment:
    token = waiting.draw()
    if not waiting.offered(first, offer_id=row.id, token=token, now=now):
        raise Overtaken
    event = life.record(row, act="offer", was=None, became="offered", by=TIME, now=now)
    telling.offered(row, event, first, token=token, now=now)
    return row


def current(waiter: Waiting, *, now: datetime) -> Appointment | None:
    """What is offered to this one now."""
    row = db.session.get(Appointment, waiter.offer_id, populate_existing=True) if waiter.offer_id else None
    return row if row is not None and row.status == "offered" and holding.is_held(row, now=now) else None


def ref_of(waiter: Waiting) -> str:
    """The reference of what this one took."""
    return db.session.scalars(select(Appointment.ref).where(Appointment.id == waiter.offer_id)).one()


def take_up(waiter: Waiting, *, browser_hash: str, person_id: int | None, now: datetime) -> Appointment:
    """Give the offer to this browser, and to the person where one is signed in there; a repeat changes nothing.

    The first browser has it; only who is signed in with the phone that was texted takes it over from there. Raises
    OfferOver or TakenUpElsewhere.
    """
    row = current(waiter, now=now)
    if row is not None and row.browser_hash == browser_hash and row.person_id == person_id:
        return row
    theirs = _is_theirs(waiter, browser_hash=browser_hash, person_id=person_id)
    values: dict[str, Any] = {"browser_hash": browser_hash}
    if person_id is not None:
        values["person_id"] = person_id
    if row is not None and not row.typed_phone:
        values["typed_phone"] = waiter.shown  # the phone that was texted need not be typed again
    return _change(waiter, "take_up", "offered", by=By("patient", person_id), only_if=theirs, now=now, **values)


def give_up(waiter: Waiting, *, browser_hash: str, person_id: int | None, now: datetime) -> None:
    """Leave the list: the number goes to the next in line. Raises OfferOver or TakenUpElsewhere."""
    theirs = _is_theirs(waiter, browser_hash=browser_hash, person_id=person_id)
    _change(waiter, "give_up", "expired", by=By("patient", person_id), only_if=theirs, now=now)
    waiting.end(waiter.id, "left", now=now)


def _is_theirs(waiter: Waiting, *, browser_hash: str, person_id: int | None) -> ColumnElement[bool]:
    """The offer is this person's, or nobody's yet: then it is this browser's, or that of who proved the phone."""
    here = or_(Appointment.browser_hash.is_(None), Appointment.browser_hash == browser_hash)
    nobodys = and_(Appointment.person_id.is_(None), true() if waiting.is_theirs(waiter.phone, person_id) else here)
    return nobodys if person_id is None else or_(nobodys, Appointment.person_id == person_id)


def _change(
    waiter: Waiting, act: str, became: str, *, by: By, only_if: ColumnElement[bool], now: datetime, **values: Any
) -> Appointment:
    row = current(waiter, now=now)
    if row is None:
        raise OfferOver
    stands = (Appointment.held_until > now, only_if)
    if not life.change(row, act=act, was="offered", became=became, by=by, now=now, only_if=stands, **values):
        raise TakenUpElsewhere if current(waiter, now=now) else OfferOver
    return row
