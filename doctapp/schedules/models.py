"""Weekly hours, leave and sittings."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from doctapp.db import Moment, Row
from doctapp.doctors.models import Chamber

_CANCELLED = text("cancelled_at IS NOT NULL")
_LATE = text("late_minutes <> late_told_minutes")


class WeeklyHours(Row):
    """When a chamber sits on a weekday (Monday is 0); minutes count from local midnight and may pass the next one."""

    __tablename__ = "weekly_hours"
    __table_args__ = (
        CheckConstraint("weekday BETWEEN 0 AND 6", name="weekday"),
        CheckConstraint("start >= 0 AND start < 1440 AND until > start", name="span"),
        CheckConstraint("minutes > 0 AND capacity > 0", name="size"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    chamber_id: Mapped[int] = mapped_column(ForeignKey("chamber.id"), index=True)
    weekday: Mapped[int]
    start: Mapped[int]
    until: Mapped[int]
    minutes: Mapped[int]
    capacity: Mapped[int]

    chamber: Mapped[Chamber] = relationship()


class Leave(Row):
    """Days on which a doctor does not sit, in one chamber or (None) everywhere; both ends included.

    With `start` and `until` (minutes from local midnight) only that part of each day.
    """

    __tablename__ = "leave"
    __table_args__ = (CheckConstraint("first <= last", name="span"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    doctor_id: Mapped[int] = mapped_column(ForeignKey("doctor.id"), index=True)
    chamber_id: Mapped[int | None] = mapped_column(ForeignKey("chamber.id"))
    first: Mapped[date]
    last: Mapped[date]
    start: Mapped[int | None]
    until: Mapped[int | None]
    reason: Mapped[str] = mapped_column(String(200), default="")


class Sitting(Row):
    """One doctor in one chamber on one local date; its places are numbers 1 to capacity, never rows.

    Made from weekly hours it names them; one without is an extra, or was detached from hours that changed. Closed for
    leave while nobody was booked it names the leave, and opens again without it. The first call starts it
    (`started_at`); `late_minutes` shifts what patients are told, never a number's about-time.
    """

    __tablename__ = "sitting"
    __table_args__ = (
        UniqueConstraint("chamber_id", "local_date", "local_start"),
        CheckConstraint("minutes > 0 AND capacity > 0", name="size"),
        Index("ix_sitting_doctor_starts", "doctor_id", "starts_at"),
        Index("ix_sitting_ends_at", "ends_at"),
        Index("ix_sitting_cancelled", "ends_at", sqlite_where=_CANCELLED, postgresql_where=_CANCELLED),
        Index("ix_sitting_late", "ends_at", sqlite_where=_LATE, postgresql_where=_LATE),
        {"sqlite_autoincrement": True},  # whoever looks at a sitting that went must not find another under its id
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    chamber_id: Mapped[int] = mapped_column(ForeignKey("chamber.id"))
    doctor_id: Mapped[int] = mapped_column(ForeignKey("doctor.id"))
    local_date: Mapped[date] = mapped_column(index=True)
    local_start: Mapped[int]
    starts_at: Mapped[datetime] = mapped_column(Moment)
    ends_at: Mapped[datetime] = mapped_column(Moment)
    minutes: Mapped[int]
    capacity: Mapped[int]
    hours_id: Mapped[int | None] = mapped_column(ForeignKey("weekly_hours.id"), index=True)
    leave_id: Mapped[int | None] = mapped_column(ForeignKey("leave.id"), index=True)
    extra: Mapped[bool] = mapped_column(default=False)
    late_minutes: Mapped[int] = mapped_column(default=0)
    late_changes: Mapped[int] = mapped_column(default=0)
    late_told_minutes: Mapped[int] = mapped_column(default=0)
    started_at: Mapped[datetime | None] = mapped_column(Moment)
    cancelled_at: Mapped[datetime | None] = mapped_column(Moment)
    cancelled_why: Mapped[str] = mapped_column(String(200), default="")
    cancelled_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))

    chamber: Mapped[Chamber] = relationship()
