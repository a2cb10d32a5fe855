"""The doctor, or the clinic's staff, accepts or declines; whoever is second sees who decided and when."""

from __future__ import annotations

from datetime import datetime, timedelta

from flask_babel import lazy_gettext as _l

from doctapp.appointments import giving_back, life, telling
from doctapp.appointments.life import By
from doctapp.appointments.models import Appointment, Event
from doctapp.errors import DomainError

LETTER_WAITS = timedelta(seconds=60)
REASONS = {
    "no_time": _l("I have no time left that day"),
    "other_specialist": _l("Another specialist is better"),
    "away": _l("I am away"),
}


class AlreadyDecided(DomainError):
    """Somebody else, or time, was first; `event` says who and when."""

    message = _l("This request was already decided.")


def accept(row: Appointment, *, by: By, now: datetime) -> Event:
    """Book the requested number; the letter waits sixty seconds for an undo. Raises AlreadyDecided."""
    event = life.change(
        row,
        act="accept",
        was="requested",
        became="booked",
        by=by,
        now=now,
        only_if=(Appointment.about_at > now,),
        booked_at=now,
    )
    if event is None:
        raise AlreadyDecided(event=life.last_event(row))
    telling.booked(row, event, now=now, wait=LETTER_WAITS)
    return event


def decline(row: Appointment, *, reason: str, by: By, now: datetime) -> Event:
    """Refuse the request with a reason; the letter waits sixty seconds for an undo. Raises AlreadyDecided."""
    event = life.change(row, act="decline", was="requested", became="declined", by=by, now=now, why=reason)
    if event is None:
        raise AlreadyDecided(event=life.last_event(row))
    giving_back.ended(row, event, now=now)
    telling.declined(row, event, now=now, wait=LETTER_WAITS)
    return event
