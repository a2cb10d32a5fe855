"""Telling a person in the pages: one notification a person and cause, written in the cause's own transaction."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, update

from doctapp.db import db, insert
from doctapp.notifications.models import Notification


def notify(*, person_id: int, kind: str, cause: str, link: str, facts: Mapping[str, Any], now: datetime) -> int | None:
    """Tell a person once of one cause; the new notification's id, or None where the person was told before.

    `facts` are kept as JSON, so moments are given as ISO text.
    """
    row = {"person_id": person_id, "kind": kind, "cause": cause, "link": link, "facts": dict(facts), "at": now}
    telling = insert(Notification).values(row).on_conflict_do_nothing().returning(Notification.id)
    told: int | None = db.session.scalar(telling)
    return told


def mark_read(*, person_id: int, up_to: int, now: datetime) -> int:
    """Mark a person's notifications as read up to the newest that was shown; how many were unread."""
    unread = update(Notification).where(
        Notification.person_id == person_id, Notification.id <= up_to, Notification.read_at.is_(None)
    )
    done: Any = db.session.execute(unread.values(read_at=now))
    return int(done.rowcount)


def move(*, person_id: int, other_id: int) -> None:
    """Give the other's notifications to this person, who was joined with them; what both were told stays once."""
    mine = select(Notification.cause).where(Notification.person_id == person_id).scalar_subquery()
    passed = {"synchronize_session": False}
    twice = delete(Notification).where(Notification.person_id == other_id, Notification.cause.in_(mine))
    db.session.execute(twice, execution_options=passed)
    moving = update(Notification).where(Notification.person_id == other_id).values(person_id=person_id)
    db.session.execute(moving, execution_options=passed)
