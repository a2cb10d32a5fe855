"""Undo is another event back to the state before; it wins only over the event that is still the row's last."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy.exc import IntegrityError

from doctapp.appointments import life, telling
from doctapp.appointments.holding import NumberTaken, SittingClosed
from doctapp.appointments.life import By
from doctapp.appointments.models import ENDED, Appointment, Event
from doctapp.appointments.requesting import ANSWER_AT_LEAST
from doctapp.db import db, lock
from doctapp.errors import DomainError
from doctapp.schedules.models import Sitting

UNDO_FOR = {
    "accept": timedelta(seconds=60),
    "decline": timedelta(minutes=10),
    "cancel": timedelta(minutes=10),
}


class TooLateToUndo(DomainError):
    message = _l("It is too late to undo this.")


def undo_until(event: Event | None) -> datetime | None:
    """Until when this event may be undone; None where it never may."""
    span = UNDO_FOR.get(event.act) if event and event.side != "time" else None
    return event.at + span if event and span else None


def may_undo(event: Event | None, *, side: str, now: datetime) -> bool:
    """Whether this side may undo the event now: a patient's act only the patient, the clinic's its doctor or staff."""
    until = undo_until(event)
    return event is not None and until is not None and event.side == side and now < until


def undo(row: Appointment, *, event_id: int, by: By, now: datetime) -> Event:
    """Bring the row back to the state before that event.

    Raises TooLateToUndo where time is up or something else happened since, NumberTaken or SittingClosed where the
    number is gone.
    """
    if row.status in ENDED:
        lock(Sitting, row.sitting_id, share=True)
    undone = db.session.get(Event, event_id)
    if undone is None or undone.appointment_id != row.id or not may_undo(undone, side=by.side, now=now):
        raise TooLateToUndo
    if undone.became in ENDED and (row.sitting.cancelled_at is not None or row.about_at <= now):
        raise SittingClosed
    assert undone.was is not None
    try:
        event = life.change(
            row,
            act="undo",
            was=undone.became,
            became=undone.was,
            by=by,
            now=now,
            undoes=undone.id,
            only_if=(Appointment.last_event_id == undone.id,),
            **_times(row, undone.was, now=now),
        )
    except IntegrityError as lost:
        raise NumberTaken from lost
    if event is None:
        raise TooLateToUndo
    telling.restored(row, event, undone, now=now)
    return event


def _times(row: Appointment, became: str, *, now: datetime) -> dict[str, Any]:
    """A restored request lapses no earlier than thirty minutes from now, and never past the start."""
    if became != "requested" or row.lapses_at is None:
        return {}
    return {"lapses_at": min(max(row.lapses_at, now + ANSWER_AT_LEAST), row.about_at), "booked_at": None}
