"""Cancelling: the patient until the cut-off (always while requested, shortly after the booking), the clinic any time."""

from __future__ import annotations

from datetime import datetime, timedelta

from flask_babel import lazy_gettext as _l

from doctapp.appointments import giving_back, life, telling
from doctapp.appointments.life import By
from doctapp.appointments.models import Appointment, Event
from doctapp.errors import DomainError

CANCELLABLE = ("requested", "booked")
SECOND_THOUGHTS = timedelta(minutes=15)
REASONS = {
    "time": _l("I can't come at that time"),
    "better": _l("The patient feels better"),
    "other_doctor": _l("I found another doctor"),
    "other": _l("Another reason"),
}
CLINIC_REASONS = {
    "away": _l("The doctor is away at that time"),
    "emergency": _l("The doctor is called to an emergency"),
    "closed": _l("The chamber is closed at that time"),
    "asked": _l("The patient asked for it by phone"),
}
ADMIN_REASONS = {
    "unreachable": _l("The chamber can’t be reached"),
    "asked": _l("The patient asked for it by phone"),
    "mistake": _l("It was booked by mistake"),
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


def refusal(row: Appointment, *, side: str, now: datetime) -> DomainError | None:
    """Why this side may not cancel it now; the cut-off binds patients only."""
    until = cancel_until(row)
    if row.status not in CANCELLABLE or (side == "patient" and until is None):
        return NotCancellable(event=life.last_event(row))
    return TooLateToCancel() if side == "patient" and until is not None and now >= until else None


def cancel(row: Appointment, *, reason: str, by: By, now: datetime, seen: int | None = None) -> Event:
    """End the appointment; with `seen`, only if that event is still its last.

    The clinic and an admin may at any time, with a reason: one of theirs, or their own words. Raises TooLateToCancel,
    NotCancellable or ChangedMeanwhile.
    """
    was, refused = row.status, refusal(row, side=by.side, now=now)
    if refused:
        raise refused
    same = (Appointment.last_event_id == (seen or row.last_event_id),)
    event = life.change(row, act="cancel", was=was, became="cancelled", by=by, now=now, why=reason, only_if=same)
    if event is None:
        raise ChangedMeanwhile(event=life.last_event(row))
    giving_back.ended(row, event, now=now)
    telling.cancelled(row, event, now=now)
    return event


def said(event: Event) -> str:
    """Why it was cancelled: the reason that was chosen, or the clinic's own words; empty for what was not cancelled."""
    if event.became != "cancelled":
        return ""
    if event.side == "patient":
        return str(REASONS.get(event.why, ""))
    return str({**CLINIC_REASONS, **ADMIN_REASONS}.get(event.why, event.why))
