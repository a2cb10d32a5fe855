"""Doctors, specialties and chambers."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Column, ForeignKey, String, Table, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from doctapp.accounts.models import SEXES
from doctapp.clinics.models import Clinic
from doctapp.db import Moment, Row

STATUSES = ("applicant", "approved", "suspended")
ACCEPTANCE = ("hand", "auto")
ONLINE_PARTS = ("advance", "whole", "either")

doctor_specialty = Table(
    "doctor_specialty",
    Row.metadata,
    Column("doctor_id", ForeignKey("doctor.id"), primary_key=True),
    Column("specialty_id", ForeignKey("specialty.id"), primary_key=True, index=True),
)


class Specialty(Row):
    """A field of medicine, with the words by which people look for it."""

    __tablename__ = "specialty"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(60), unique=True)
    position: Mapped[int]
    icon: Mapped[str] = mapped_column(String(20))
    name_en: Mapped[str] = mapped_column(String(80))
    name_bn: Mapped[str] = mapped_column(String(80))
    hint_en: Mapped[str] = mapped_column(String(160))
    hint_bn: Mapped[str] = mapped_column(String(160))
    words: Mapped[str] = mapped_column(Text)


class Doctor(Row):
    """A doctor's public profile; `search` holds what a name is looked for in, folded, in both scripts.

    `sittings_until` is the last day for which sittings were made of the weekly hours.
    """

    __tablename__ = "doctor"
    __table_args__ = (
        CheckConstraint(f"status IN {STATUSES}", name="status"),
        CheckConstraint(f"sex IN {SEXES}", name="sex"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), unique=True)
    slug: Mapped[str] = mapped_column(String(120), unique=True)
    status: Mapped[str] = mapped_column(String(10), default="approved", index=True)
    name_en: Mapped[str] = mapped_column(String(120))
    name_bn: Mapped[str] = mapped_column(String(120))
    sex: Mapped[str] = mapped_column(String(6))
    degrees_en: Mapped[str] = mapped_column(String(200))
    degrees_bn: Mapped[str] = mapped_column(String(200))
    title_en: Mapped[str] = mapped_column(String(200), default="")
    title_bn: Mapped[str] = mapped_column(String(200), default="")
    college_en: Mapped[str] = mapped_column(String(120))
    college_bn: Mapped[str] = mapped_column(String(120))
    passing_year: Mapped[int]
    registration: Mapped[str] = mapped_column(String(20))
    registration_until: Mapped[date]
    languages: Mapped[str] = mapped_column(String(40), default="bn")
    about_en: Mapped[str] = mapped_column(Text, default="")
    about_bn: Mapped[str] = mapped_column(Text, default="")
    rating_tenths: Mapped[int | None]
    rating_count: Mapped[int] = mapped_column(default=0)
    search: Mapped[str] = mapped_column(Text)
    sittings_until: Mapped[date | None] = mapped_column(index=True)

    specialties: Mapped[list[Specialty]] = relationship(secondary=doctor_specialty, order_by=Specialty.position)
    chambers: Mapped[list[Chamber]] = relationship(back_populates="doctor", order_by="Chamber.id")


class Chamber(Row):
    """One doctor at one clinic: room, fees in integer poisha, and how requests are taken.

    `languages` are those spoken there; none where they are the doctor's own. `methods` are the ways to pay it takes,
    names with spaces between; online it takes `online_part` of the fee, or `advance` (poisha). Who cancels until
    `refund_minutes` before the start gets all back, later `refund_percent` of what was paid.
    """

    __tablename__ = "chamber"
    __table_args__ = (
        CheckConstraint(f"acceptance IN {ACCEPTANCE}", name="acceptance"),
        CheckConstraint(f"online_part IN {ONLINE_PARTS}", name="online_part"),
        CheckConstraint("advance >= 0", name="advance"),
        CheckConstraint("refund_percent BETWEEN 0 AND 100", name="refund_percent"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    doctor_id: Mapped[int] = mapped_column(ForeignKey("doctor.id"), index=True)
    clinic_id: Mapped[int] = mapped_column(ForeignKey("clinic.id"), index=True)
    room_en: Mapped[str] = mapped_column(String(80), default="")
    room_bn: Mapped[str] = mapped_column(String(80), default="")
    languages: Mapped[str] = mapped_column(String(40), default="")
    currency: Mapped[str] = mapped_column(String(3), default="BDT")
    fee_new: Mapped[int]
    fee_follow_up: Mapped[int]
    follow_up_days: Mapped[int] = mapped_column(default=30)
    fee_report: Mapped[int]
    report_days: Mapped[int] = mapped_column(default=7)
    acceptance: Mapped[str] = mapped_column(String(4), default="hand")
    lead_minutes: Mapped[int] = mapped_column(default=60)
    cut_off_minutes: Mapped[int] = mapped_column(default=120)
    methods: Mapped[str] = mapped_column(String(60), default="chamber")
    online_part: Mapped[str] = mapped_column(String(8), default="whole")
    advance: Mapped[int] = mapped_column(default=0)
    refund_minutes: Mapped[int] = mapped_column(default=24 * 60)
    refund_percent: Mapped[int] = mapped_column(default=50)
    live_at: Mapped[datetime | None] = mapped_column(Moment)

    doctor: Mapped[Doctor] = relationship(back_populates="chambers")
    clinic: Mapped[Clinic] = relationship()
