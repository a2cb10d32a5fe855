"""What was told to whom."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select

from doctapp.db import db
from doctapp.notifications.models import Notification


def unread_count(person_id: int) -> int:
    """How many notifications the person has not read."""
    unread = select(func.count()).where(Notification.person_id == person_id, Notification.read_at.is_(None))
    return db.session.scalar(unread) or 0


def count(person_id: int) -> int:
    """How many notifications the person has in all."""
    return db.session.scalar(select(func.count()).where(Notification.person_id == person_id)) or 0


def newest_id(person_id: int) -> int:
    """The highest id of the person's notifications, which need not be the latest one's; 0 where there is none."""
    return db.session.scalar(select(func.max(Notification.id)).where(Notification.person_id == person_id)) or 0


def newest(person_id: int, limit: int = 20, before: int | None = None, offset: int = 0) -> Sequence[Notification]:
    """The person's notifications, newest first, perhaps only those older than the one whose id is `before`."""
    told = select(Notification).filter_by(person_id=person_id).order_by(Notification.at.desc(), Notification.id.desc())
    if before is not None:
        told = told.where(Notification.id < before)
    return db.session.scalars(told.limit(limit).offset(offset)).all()
