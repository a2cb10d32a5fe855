"""Another number, in this or another sitting of the same chamber, on the same row: reference, price and state stay.

One UPDATE that compares the old place decides between two who move it; the index on the place decides who gets the new
number (domain.md, invariants 1 to 3).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement
from sqlalchemy.exc import IntegrityError

from doctapp.appointments import cancelling, holding, life, places, requesting, telling
from doctapp.appointments.life import By
from doctapp.appointments.models import Appointment, Event
from doctapp.db import db, lock
from doctapp.errors import DomainError
from doctapp.schedules.models import Sitting

MOVABLE = ("requested", "booked")
MOST_BY_PATIENT = 2


class TooLateToMove(DomainError):
    message = _l("It is too late to change the time here. Please call the chamber.")


class MovedOften(DomainError):
    message = _l("You have changed the time twice already. Please call the chamber, they can change it again.")


class NotMovable(DomainError):
    """It is no longer requested or booked; `event` says what happened."""

    message = _l("The time of this appointment can’t be changed any more.")


class MovedMeanwhile(DomainError):
    """Something happened since one looked; `event` says who did what, and when. Nothing was moved."""

    message = _l("This changed while you were looking. Nothing was moved.")


class AlreadyThere(DomainError):
    """It has this number already: a repeated tap."""

    message = _l("This is the serial you have.")


def refusal(row: Appointment, *, side: str, now: datetime) -> DomainError | None:
    """Why this side may not move it now; the cut-off and the count bind patients only."""
    if row.status not in MOVABLE:
        return NotMovable(event=life.last_event(row))
    if side != "patient":
        return None
    until = cancelling.cancel_until(row)
    if until is None or now >= until:
        return TooLateToMove()
    return MovedOften() if row.patient_moves >= MOST_BY_PATIENT else None


def lead(sitting: Sitting, *, side: str) -> timedelta:
    """How far ahead a number has to be for this side: the lead time binds patients only."""
    return timedelta(minutes=sitting.chamber.lead_minutes if side == "patient" else 0)


def move(row: Appointment, *, sitting_id: int, number: int, by: By, now: datetime, seen: int | None = None) -> Event:
    """Give the appointment this number; with `seen`, only if that event is still its last.

    Raises NotTaken where the number can't be had, TooLateToMove, MovedOften, NotMovable, MovedMeanwhile or AlreadyThere;
    then nothing is changed.
    """
    lock(Sitting, row.sitting_id, sitting_id, share=True)
    if row.status in MOVABLE and (row.sitting_id, row.number) == (sitting_id, number):
        raise AlreadyThere
    refused = refusal(row, side=by.side, now=now)
    if refused:
        raise refused
    target = _target(row, sitting_id, number, side=by.side, now=now)
    same = (Appointment.last_event_id == (seen or row.last_event_id),)
    counted: dict[str, Any] = {"patient_moves": Appointment.patient_moves + 1} if by.side == "patient" else {}
    event = put(row, target, number, act="move", by=by, now=now, only_if=same, **counted)
    if event is None:
        db.session.refresh(row)
        raise MovedMeanwhile(event=life.last_event(row))
    telling.moved(row, event, now=now)
    return event


def put(
    row: Appointment,
    sitting: Sitting,
    number: int,
    *,
    act: str,
    by: By,
    now: datetime,
    only_if: tuple[ColumnElement[bool], ...],
    undoes: int | None = None,
    **values: Any,
) -> Event | None:
    """Bring the row to this place if it still is where it was; None where somebody else was first.

    An overdue hold of the number ends; a live one raises NumberTaken. Both sittings are locked by the caller.
    """
    left, patient, about_at = (row.sitting_id, row.number), row.patient, places.about(sitting, number)
    holding.expire_overdue(sitting_id=sitting.id, number=number, now=now)
    try:
        event = life.change(
            row,
            act=act,
            was=row.status,
            became=row.status,
            by=by,
            now=now,
            undoes=undoes,
            only_if=(Appointment.sitting_id == left[0], Appointment.number == left[1], *only_if),
            sitting_id=sitting.id,
            number=number,
            about_at=about_at,
            reminded_day_at=None,
            reminded_near_at=None,
            **requesting.deadlines(row, about_at, now=now),
            **values,
        )
    except IntegrityError as lost:
        raise requesting.place_lost(lost, patient) from lost
    if event:
        event.was_sitting_id, event.was_number = left
        db.session.flush()
    return event


def _target(row: Appointment, sitting_id: int, number: int, *, side: str, now: datetime) -> Sitting:
    """The sitting as it is under its lock, if this side may have the number."""
    target = db.session.get(Sitting, sitting_id, populate_existing=True)
    if target is None or target.chamber_id != row.sitting.chamber_id or not places.is_open(target, now=now):
        raise holding.SittingClosed
    if not 1 <= number <= target.capacity:
        raise holding.NoSuchPlace
    if places.about(target, number) <= now + lead(target, side=side):
        raise holding.TooSoon
    if side == "patient" and places.awaited([target]):
        raise holding.OthersWait
    return target
