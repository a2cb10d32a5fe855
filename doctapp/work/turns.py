"""Whose turn it is: two sweeps are harmless because each claims its turn by a row."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import String, select
from sqlalchemy.orm import Mapped, mapped_column

from doctapp.db import Moment, Row, db, insert


class Turn(Row):
    """Until when one process has the turn of this name."""

    __tablename__ = "turn"

    name: Mapped[str] = mapped_column(String(30), primary_key=True)
    until: Mapped[datetime] = mapped_column(Moment)


def claim(name: str, *, span: timedelta, now: datetime) -> bool:
    """Take the turn for a span if nobody has it; one statement decides."""
    take = insert(Turn).values(name=name, until=now + span)
    take = take.on_conflict_do_update(index_elements=["name"], set_={"until": now + span}, where=Turn.until <= now)
    return db.session.scalar(take.returning(Turn.name)) is not None


def until(name: str) -> datetime | None:
    """Until when somebody had, or has, the turn of this name; None where nobody ever had it."""
    return db.session.scalar(select(Turn.until).where(Turn.name == name))
