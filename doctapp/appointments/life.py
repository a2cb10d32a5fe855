"""An appointment's life: the states in words, and the one way in which a state changes.

A state changes only by a conditional UPDATE whose row count is checked; who loses it is told what happened instead.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l
from sqlalchemy import select, update
from sqlalchemy.sql.elements import ColumnElement

from doctapp.appointments.models import Appointment, Event
from doctapp.audit import recording
from doctapp.db import db

WORDS: dict[str, tuple[LazyString, str]] = {
    "offered": (_l("A place for you"), ""),
    "held": (_l("Kept for you"), ""),
    "requested": (_l("Waiting for the doctor"), "warn"),
    "booked": (_l("Booked"), "ok"),
    "arrived": (_l("Arrived"), "ok"),
    "called": (_l("Called"), "ok"),
    "in_consultation": (_l("In the room"), "ok"),
    "completed": (_l("Done"), "off"),
    "expired": (_l("Ran out"), "off"),
    "declined": (_l("Declined"), "bad"),
    "lapsed": (_l("Not answered in time"), "bad"),
    "cancelled": (_l("Cancelled"), "bad"),
    "no_show": (_l("Missed"), "bad"),
    "left": (_l("Left"), "off"),
    "elapsed": (_l("Past"), "off"),
}
UNDO_FOR = {
    "accept": timedelta(seconds=60),
    "decline": timedelta(minutes=10),
    "cancel": timedelta(minutes=10),
    "move": timedelta(minutes=10),
    "outcome": timedelta(seconds=60),
}
VISIT_WORDS = {"new": _l("New visit"), "follow_up": _l("Follow-up"), "report": _l("Only to show a report")}


@dataclass(frozen=True)
class By:
    """Who acts, on which side, and for which clinic."""

    side: str
    person_id: int | None = None
    clinic_id: int | None = None


TIME = By("time")


def change(
    row: Appointment,
    *,
    act: str,
    was: str,
    became: str,
    by: By,
    now: datetime,
    why: str = "",
    undoes: int | None = None,
    only_if: tuple[ColumnElement[bool], ...] = (),
    **values: Any,
) -> Event | None:
    """Change the state if it still is what it was, and write the event; None where somebody else was first.

    Each change raises the SEQUENCE of the calendar file.
    """
    deciding = (
        update(Appointment)
        .where(Appointment.id == row.id, Appointment.status == was, *only_if)
        .values(status=became, sequence=Appointment.sequence + 1, **values)
        .execution_options(synchronize_session=False)
    )
    if db.session.execute(deciding).rowcount != 1:  # type: ignore[attr-defined]
        return None
    return record(row, act=act, was=was, became=became, by=by, now=now, why=why, undoes=undoes)


def record(
    row: Appointment,
    *,
    act: str,
    was: str | None,
    became: str,
    by: By,
    now: datetime,
    why: str = "",
    undoes: int | None = None,
) -> Event:
    """Write the event of a change that this transaction has just made, with its audit row, and read the row anew."""
    event = Event(
        appointment_id=row.id,
        act=act,
        was=was,
        became=became,
        person_id=by.person_id,
        side=by.side,
        clinic_id=by.clinic_id,
        why=why,
        undoes_id=undoes,
        at=now,
    )
    db.session.add(event)
    db.session.flush()
    latest = update(Appointment).where(Appointment.id == row.id).values(last_event_id=event.id)
    db.session.execute(latest.execution_options(synchronize_session=False))
    db.session.refresh(row)
    if row.patient_id is not None:
        _audit(row, event)
    return event


def _audit(row: Appointment, event: Event) -> None:
    """Every change of a patient's appointment, whoever made it, is audited here and nowhere else."""
    recording.record(
        event.act,
        kind="appointment",
        row_id=row.id,
        person_id=event.person_id,
        side=event.side,
        clinic_id=event.clinic_id,
        patient_id=row.patient_id,
        now=event.at,
    )


def undo_until(event: Event | None) -> datetime | None:
    """Until when this event may be undone; None where it never may."""
    span = UNDO_FOR.get(event.act) if event and event.side != "time" else None
    return event.at + span if event and span else None


def last_event(row: Appointment) -> Event | None:
    """The event that brought the row into its present state."""
    return db.session.get(Event, row.last_event_id) if row.last_event_id else None


def by_ref(ref: str) -> Appointment | None:
    """The appointment of a reference, read from the database even where it was read before."""
    query = select(Appointment).where(Appointment.ref == ref).execution_options(populate_existing=True)
    return db.session.scalars(query).first()
