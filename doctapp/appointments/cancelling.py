"""The patient cancels: always while requested, shortly after the booking, else until the cut-off."""

from __future__ import annotations

from datetime import datetime, timedelta

from flask_babel import lazy_gettext as _l

from doctapp.appointments import life, telling
from doctapp.appointments.life import By
from doctapp.appointments.models import Appointment, Event
from doctapp.errors import DomainError

SECOND_THOUGHTS = timedelta(minutes=15)
REASONS = {
    "time": _l("I can't come at that time"),
    "better": _l("The patient feels better"),
    "other_doctor": _l("I found another doctor"),
    "other": _l("Another reason"),
}


class TooLateToCancel(DomainError):
    message = _l("It is too late to cancel here. Please call the chamber.")


class NotCancellable(DomainError):
    """It is no longer requested or booked; `event` says what happened."""

    message = _l("This appointment can't be cancelled any more.")


def cancel_until(row: Appointment) -> datetime | None:
    """Until when the patient may cancel; None where it is over."""
    if row.status == "requested":
        return row.about_at
    if row.status != "booked" or row.booked_at is None:
        return None
    cut_off = row.about_at - timedelta(minutes=row.cut_off_minutes or 0)
    return min(max(cut_off, row.booked_at + SECOND_THOUGHTS), row.about_at)


class ChangedMeanwhile(DomainError):
    """Something happened since the patient looked; `event` says who did what, and when. Nothing was cancelled."""

    message = _l("This changed while you were looking. Nothing was cancelled.")


def cancel(row: Appointment, *, reason: str, by: By, now: datetime, seen: int | None = None) -> Event:
    """End the appointment for the patient; with `seen`, only if that event is still its last.

    Raises TooLateToCancel, NotCancellable or ChangedMeanwhile.
    """
    was, until = row.status, cancel_until(row)
    if until is None:
        raise NotCancellable(event=life.last_event(row))
    if now >= until:
        raise TooLateToCancel
    same = (Appointment.last_event_id == (seen or row.last_event_id),)
    event = life.change(row, act="cancel", was=was, became="cancelled", by=by, now=now, why=reason, only_if=same)
    if event is None:
        raise ChangedMeanwhile(event=life.last_event(row))
    telling.cancelled(row, event, now=now)
    return event
