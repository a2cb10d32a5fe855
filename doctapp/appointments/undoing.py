"""Undo is another event back to the state before; it wins only over the event that is still the row's last."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy.exc import IntegrityError

from doctapp.appointments import giving_back, holding, life, moving, places, requesting, telling
from doctapp.appointments.holding import SittingClosed
from doctapp.appointments.life import By
from doctapp.appointments.models import ENDED, Appointment, Event
from doctapp.appointments.requesting import ANSWER_AT_LEAST
from doctapp.db import db, lock
from doctapp.errors import DomainError
from doctapp.schedules.models import Sitting


class TooLateToUndo(DomainError):
    message = _l("It is too late to undo this.")


def may_undo(event: Event | None, *, side: str, now: datetime) -> bool:
    """Whether this side may undo the event now: a patient's act only the patient, the clinic's its doctor or staff."""
    until = life.undo_until(event)
    return event is not None and until is not None and event.side == side and now < until


def leads_back(row: Appointment, event: Event, *, now: datetime) -> bool:
    """Whether the place before this event can still be had: its sitting stands, and nobody has taken the number since."""
    if event.was_sitting_id is not None and event.was_number is not None:
        place = db.session.get(Sitting, event.was_sitting_id), event.was_number
    elif event.became in ENDED and event.was not in ENDED:
        place = row.sitting, row.number
    else:
        return True
    sitting, number = place
    return (
        sitting is not None
        and sitting.cancelled_at is None
        and number not in places.taken([sitting], now=now)[sitting.id]
    )


def undo(row: Appointment, *, event_id: int, by: By, now: datetime) -> Event:
    """Bring the row back to the state, or the place, before that event.

    Raises TooLateToUndo where time is up or something else happened since, NumberTaken, SittingClosed or the sentence
    that the patient has another serial there where the place is gone.
    """
    undone = db.session.get(Event, event_id)
    if undone is None or undone.appointment_id != row.id or not may_undo(undone, side=by.side, now=now):
        raise TooLateToUndo
    event = (_move_back if undone.act == "move" else _restore)(row, undone, by=by, now=now)
    if event is None:
        raise TooLateToUndo
    telling.restored(row, event, undone, now=now)
    return event


def _restore(row: Appointment, undone: Event, *, by: By, now: datetime) -> Event | None:
    """Back to the state before; from an ended one only while the number and the patient's place are free."""
    assert undone.was is not None
    patient = row.patient
    if undone.became in ENDED and undone.was not in ENDED:
        _check(_locked(row.sitting_id, row=row), row.about_at, now=now)
        holding.expire_overdue(sitting_id=row.sitting_id, number=row.number, now=now)
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
        raise requesting.place_lost(lost, patient) from lost
    if event and not giving_back.undone(row, undone, now=now):
        raise TooLateToUndo
    return event


def _move_back(row: Appointment, undone: Event, *, by: By, now: datetime) -> Event | None:
    """Back to the place before; the patient's move then does not count as one of theirs."""
    assert undone.was_sitting_id is not None
    assert undone.was_number is not None
    sitting = _locked(undone.was_sitting_id, row=row)
    _check(sitting, places.about(sitting, undone.was_number), now=now)
    counted: dict[str, Any] = {"patient_moves": Appointment.patient_moves - 1} if undone.side == "patient" else {}
    same = (Appointment.last_event_id == undone.id,)
    number = undone.was_number
    return moving.put(row, sitting, number, act="undo", by=by, now=now, only_if=same, undoes=undone.id, **counted)


def _locked(sitting_id: int, *, row: Appointment) -> Sitting:
    """The sitting, read anew under its lock and that of the row's own."""
    lock(Sitting, row.sitting_id, sitting_id, share=True)
    sitting = db.session.get(Sitting, sitting_id, populate_existing=True)
    assert sitting is not None
    return sitting


def _check(sitting: Sitting, about_at: datetime, *, now: datetime) -> None:
    """Raises SittingClosed where nobody can be seen there any more."""
    if sitting.cancelled_at is not None or about_at <= now:
        raise SittingClosed


def _times(row: Appointment, became: str, *, now: datetime) -> dict[str, Any]:
    """A restored request lapses no earlier than thirty minutes from now, and never past the start."""
    if became != "requested" or row.lapses_at is None:
        return {}
    return {"lapses_at": min(max(row.lapses_at, now + ANSWER_AT_LEAST), row.about_at), "booked_at": None}
