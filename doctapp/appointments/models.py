"""Appointments and the events of their lives."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from doctapp.accounts.models import Patient
from doctapp.db import Moment, Row
from doctapp.schedules.models import Sitting

LIVE = ("offered", "held", "requested", "booked", "arrived", "called", "in_consultation")
ENDED = ("expired", "declined", "lapsed", "cancelled", "no_show", "left", "elapsed", "completed")
VISITS = ("new", "follow_up", "report")
METHODS = ("chamber",)

_LIVE = text(f"status IN {LIVE}")
_HELD = text("status = 'held'")
_REQUESTED = text("status = 'requested'")


class Appointment(Row):
    """One number of one sitting for one patient; the partial indexes decide every race for it.

    What was typed before the phone was proven lies in the `typed_*` columns and claims nothing; `another_person` says
    that who was typed is not the one of the same name on the person's list.
    """

    __tablename__ = "appointment"
    __table_args__ = (
        CheckConstraint(f"status IN {LIVE + ENDED}", name="status"),
        CheckConstraint(f"visit IN {VISITS}", name="visit"),
        CheckConstraint("number > 0", name="number"),
        CheckConstraint("price >= 0", name="price"),
        CheckConstraint("status IN ('held', 'expired', 'offered') OR patient_id IS NOT NULL", name="patient"),
        Index("uq_appointment_place", "sitting_id", "number", unique=True, sqlite_where=_LIVE, postgresql_where=_LIVE),
        Index(
            "uq_appointment_patient",
            "sitting_id",
            "patient_id",
            unique=True,
            sqlite_where=_LIVE,
            postgresql_where=_LIVE,
        ),
        Index(
            "uq_appointment_hold", "browser_hash", "doctor_id", unique=True, sqlite_where=_HELD, postgresql_where=_HELD
        ),
        Index("ix_appointment_held_until", "held_until", sqlite_where=_HELD, postgresql_where=_HELD),
        Index(
            "ix_appointment_inbox", "doctor_id", "requested_at", sqlite_where=_REQUESTED, postgresql_where=_REQUESTED
        ),
        Index("ix_appointment_person_about", "person_id", "about_at"),
        Index("ix_appointment_sitting", "sitting_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    ref: Mapped[str] = mapped_column(String(7), unique=True)
    sitting_id: Mapped[int] = mapped_column(ForeignKey("sitting.id"))
    doctor_id: Mapped[int] = mapped_column(ForeignKey("doctor.id"))
    number: Mapped[int]
    about_at: Mapped[datetime] = mapped_column(Moment)
    status: Mapped[str] = mapped_column(String(16))
    last_event_id: Mapped[int | None] = mapped_column()
    sequence: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(Moment)

    browser_hash: Mapped[str | None] = mapped_column(String(64))
    held_until: Mapped[datetime | None] = mapped_column(Moment)
    extended: Mapped[bool] = mapped_column(default=False)
    typed_who: Mapped[str] = mapped_column(String(20), default="")
    typed_name: Mapped[str] = mapped_column(String(120), default="")
    typed_age: Mapped[int | None]
    typed_sex: Mapped[str] = mapped_column(String(6), default="")
    typed_phone: Mapped[str] = mapped_column(String(40), default="")
    another_person: Mapped[bool] = mapped_column(default=False)

    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    patient_id: Mapped[int | None] = mapped_column(ForeignKey("patient.id"), index=True)
    phone: Mapped[str | None] = mapped_column(String(20))
    language: Mapped[str] = mapped_column(String(2), default="bn")
    visit: Mapped[str] = mapped_column(String(10), default="new")
    reason: Mapped[str] = mapped_column(String(200), default="")
    method: Mapped[str | None] = mapped_column(String(12))
    price: Mapped[int | None]
    currency: Mapped[str] = mapped_column(String(3), default="BDT")
    cut_off_minutes: Mapped[int | None]
    requested_at: Mapped[datetime | None] = mapped_column(Moment)
    remind_at: Mapped[datetime | None] = mapped_column(Moment)
    lapses_at: Mapped[datetime | None] = mapped_column(Moment)
    booked_at: Mapped[datetime | None] = mapped_column(Moment)
    closed_at: Mapped[datetime | None] = mapped_column(Moment)
    patient_moves: Mapped[int] = mapped_column(default=0)

    sitting: Mapped[Sitting] = relationship()
    patient: Mapped[Patient | None] = relationship()


class Event(Row):
    """One change of an appointment: from, to, who, for which clinic, why, when; a move also names the old place."""

    __tablename__ = "event"

    id: Mapped[int] = mapped_column(primary_key=True)
    appointment_id: Mapped[int] = mapped_column(ForeignKey("appointment.id"), index=True)
    act: Mapped[str] = mapped_column(String(16))
    was: Mapped[str | None] = mapped_column(String(16))
    became: Mapped[str] = mapped_column(String(16))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    side: Mapped[str] = mapped_column(String(8))
    clinic_id: Mapped[int | None] = mapped_column(ForeignKey("clinic.id"))
    why: Mapped[str] = mapped_column(String(200), default="")
    undoes_id: Mapped[int | None] = mapped_column(ForeignKey("event.id"), index=True)
    was_sitting_id: Mapped[int | None] = mapped_column(ForeignKey("sitting.id"), index=True)
    was_number: Mapped[int | None]
    at: Mapped[datetime] = mapped_column(Moment)


class TicketLook(Row):
    """A browser that gave a reference and the phone's last four digits: until when it sees the name and may cancel."""

    __tablename__ = "ticket_look"
    __table_args__ = (UniqueConstraint("browser_hash", "appointment_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    browser_hash: Mapped[str] = mapped_column(String(64))
    appointment_id: Mapped[int] = mapped_column(ForeignKey("appointment.id"))
    until: Mapped[datetime] = mapped_column(Moment)
