"""Areas, clinics and the people who work there."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from doctapp.db import Row

AREA_KINDS = ("division", "district", "area")
STAFF_ROLES = ("manager", "clerk")


class Area(Row):
    """A division, a district, or an upazila or city area of one."""

    __tablename__ = "area"
    __table_args__ = (CheckConstraint(f"kind IN {AREA_KINDS}", name="kind"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(60), unique=True)
    kind: Mapped[str] = mapped_column(String(10))
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("area.id"), index=True)
    name_en: Mapped[str] = mapped_column(String(80))
    name_bn: Mapped[str] = mapped_column(String(80))

    parent: Mapped[Area | None] = relationship(remote_side=[id])


class Clinic(Row):
    """A place with an address, a phone, a time zone and staff."""

    __tablename__ = "clinic"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(80), unique=True)
    name_en: Mapped[str] = mapped_column(String(120))
    name_bn: Mapped[str] = mapped_column(String(120))
    address_en: Mapped[str] = mapped_column(String(200))
    address_bn: Mapped[str] = mapped_column(String(200))
    area_id: Mapped[int] = mapped_column(ForeignKey("area.id"), index=True)
    phone: Mapped[str] = mapped_column(String(20))
    zone: Mapped[str] = mapped_column(String(40), default="Asia/Dhaka")
    reminds_day_before: Mapped[bool] = mapped_column(default=True)
    reminds_same_day: Mapped[bool] = mapped_column(default=True)

    area: Mapped[Area] = relationship()
    staff: Mapped[list[Staff]] = relationship(back_populates="clinic")


class Staff(Row):
    """A person who works at a clinic's desk, or runs it."""

    __tablename__ = "staff"
    __table_args__ = (
        UniqueConstraint("clinic_id", "person_id"),
        CheckConstraint(f"role IN {STAFF_ROLES}", name="role"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    clinic_id: Mapped[int] = mapped_column(ForeignKey("clinic.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    role: Mapped[str] = mapped_column(String(10), default="clerk")

    clinic: Mapped[Clinic] = relationship(back_populates="staff")
