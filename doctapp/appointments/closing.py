"""An hour after a sitting's end time closes what is left of it, once; for five days the clinic may put that right."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from doctapp.appointments import life, telling
from doctapp.appointments.life import TIME, By
from doctapp.appointments.models import Appointment, Event
from doctapp.db import db, lock
from doctapp.errors import DomainError
from doctapp.schedules.models import Sitting

BATCH = 200
CLOSE_AFTER = timedelta(minutes=60)
TURN_FOR = timedelta(days=5)
UNCLOSED = ("booked", "arrived", "called", "in_consultation")
CLOSED = ("left", "no_show", "elapsed")
OUTCOMES = {
    "completed": _l("The patient was seen"),
    "no_show": _l("The patient did not come"),
}


class NotTurnable(DomainError):
    """Time did not close it, or it is as it should be already; `event` says what happened."""

    message = _l("There is nothing to put right here.")


class TooLateToTurn(DomainError):
    message = _l("It is too late to put this right: that is possible for five days after the sitting.")


class TurnedMeanwhile(DomainError):
    """Somebody else was first; `event` says who did what, and when."""

    message = _l("Somebody else put this right a moment before you.")


def past(*, now: datetime) -> Sequence[int]:
    """The ids of appointments whose sitting ended an hour ago and that nobody ended."""
    query = select(Appointment.id).join(Sitting, Sitting.id == Appointment.sitting_id)
    query = query.where(Appointment.status.in_(UNCLOSED), Sitting.ends_at <= now - CLOSE_AFTER)
    return db.session.scalars(query.order_by(Appointment.id).limit(BATCH)).all()


def close(row: Appointment, *, now: datetime) -> bool:
    """End what is left of a sitting that is over; False where somebody was first, or it was moved away meanwhile.

    Who came is left, who is in the room is completed, who is only booked missed a sitting that ran; else it elapsed.
    """
    lock(Sitting, row.sitting_id, share=True)
    db.session.refresh(row)
    if row.status not in UNCLOSED or row.sitting.ends_at > now - CLOSE_AFTER:
        return False
    event = life.change(
        row,
        act="close",
        was=row.status,
        became=_end_of(row),
        by=TIME,
        now=now,
        only_if=(Appointment.closed_at.is_(None), Appointment.sitting_id == row.sitting_id),
        closed_at=now,
    )
    if event:
        telling.closed(row, event, now=now)
    return event is not None


def _end_of(row: Appointment) -> str:
    if row.status == "in_consultation":
        return "completed"
    if row.status in {"arrived", "called"}:
        return "left"
    return "no_show" if row.sitting.started_at is not None else "elapsed"


def turn_until(row: Appointment) -> datetime | None:
    """Until when the clinic may say how it really ended; None where time did not close it, or it was turned."""
    return row.closed_at + TURN_FOR if row.status in CLOSED and row.closed_at is not None else None


def outcomes(row: Appointment) -> dict[str, str]:
    """What it may be turned into."""
    return {value: str(word) for value, word in OUTCOMES.items() if value != row.status}


def turn(row: Appointment, *, outcome: str, seen: int, by: By, now: datetime) -> Event:
    """Say how an appointment really ended that time closed, only if the event that was seen is still its last.

    Raises TurnedMeanwhile, NotTurnable or TooLateToTurn.
    """
    was, until = row.status, turn_until(row)
    if row.closed_at is not None and row.last_event_id != seen:
        raise TurnedMeanwhile(event=life.last_event(row))
    if until is None or outcome not in outcomes(row):
        raise NotTurnable(event=life.last_event(row))
    if now >= until:
        raise TooLateToTurn
    same = (Appointment.last_event_id == seen, Appointment.closed_at == row.closed_at)
    event = life.change(row, act="outcome", was=was, became=outcome, by=by, now=now, only_if=same)
    if event is None:
        raise TurnedMeanwhile(event=life.last_event(row))
    telling.turned(row, event, now=now)
    return event
