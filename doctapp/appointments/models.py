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
KEPT = ("held", "offered")  # live until `held_until`: whoever asks who has a number looks at that too
VISITS = ("new", "follow_up", "report")
METHODS = ("chamber", "stripe", "sslcommerz", "sandbox")
WAITING_STATES = ("waiting", "offered", "taken", "passed", "left")
IN_LINE = ("waiting", "offered")

_LIVE = text(f"status IN {LIVE}")
_HELD = text("status = 'held'")
_REQUESTED = text("status = 'requested'")
_BOOKED = text("status = 'booked'")
_OFFERED = text("status = 'offered'")
_WAITS = text(f"state IN {IN_LINE}")


class Appointment(Row):
    """One number of one sitting for one patient; the partial indexes decide every race for it.

    What was typed before the phone was proven lies in the `typed_*` columns and claims nothing; `another_person` says
    that who was typed is not the one of the same name on the person's list. An offer to somebody on the waiting list
    (`waiting_id`) is held until `held_until` as well. `paid` (poisha) is what was captured for this visit and stands.
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
        Index("ix_appointment_offered", "held_until", sqlite_where=_OFFERED, postgresql_where=_OFFERED),
        Index("ix_appointment_booked", "about_at", sqlite_where=_BOOKED, postgresql_where=_BOOKED),
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
    refund_minutes: Mapped[int | None]
    refund_percent: Mapped[int | None]
    paid: Mapped[int] = mapped_column(default=0)
    waiting_id: Mapped[int | None] = mapped_column(ForeignKey("waiting.id"))
    reminded_day_at: Mapped[datetime | None] = mapped_column(Moment)
    reminded_near_at: Mapped[datetime | None] = mapped_column(Moment)
    requested_at: Mapped[datetime | None] = mapped_column(Moment)
    remind_at: Mapped[datetime | None] = mapped_column(Moment)
    lapses_at: Mapped[datetime | None] = mapped_column(Moment)
    booked_at: Mapped[datetime | None] = mapped_column(Moment)
    closed_at: Mapped[datetime | None] = mapped_column(Moment)
    patient_moves: Mapped[int] = mapped_column(default=0)

    sitting: Mapped[Sitting] = relationship()
    patient: Mapped[Patient | None] = relationship()


class Waiting(Row):
    """Somebody who waits for a place in a sitting; the link in the SMS opens it, of its token only the hash is stored.

    `offer_id` is the appointment that is, or was last, offered.
    """

    __tablename__ = "waiting"
    __table_args__ = (
        CheckConstraint(f"state IN {WAITING_STATES}", name="state"),
        Index("uq_waiting_phone", "sitting_id", "phone", unique=True, sqlite_where=_WAITS, postgresql_where=_WAITS),
        Index("ix_waiting_sitting", "sitting_id", "id", sqlite_where=_WAITS, postgresql_where=_WAITS),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    sitting_id: Mapped[int] = mapped_column(ForeignKey("sitting.id"))
    phone: Mapped[str] = mapped_column(String(20))
    shown: Mapped[str] = mapped_column(String(40))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    language: Mapped[str] = mapped_column(String(2))
    state: Mapped[str] = mapped_column(String(8), default="waiting")
    created_at: Mapped[datetime] = mapped_column(Moment)
    offer_id: Mapped[int | None] = mapped_column()
    offered_at: Mapped[datetime | None] = mapped_column(Moment)
    ended_at: Mapped[datetime | None] = mapped_column(Moment)


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
