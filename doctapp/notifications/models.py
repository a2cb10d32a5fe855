"""Notifications and letters."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from doctapp.db import Moment, Row

CHANNELS = ("mail", "sms")
LETTER_STATES = ("waiting", "sending", "sent", "obsolete", "expired", "dead")


class Notification(Row):
    """What a person is told in the pages; written in its cause's transaction, once a person and cause."""

    __tablename__ = "notification"
    __table_args__ = (
        UniqueConstraint("person_id", "cause"),
        Index("ix_notification_person_at", "person_id", "at"),
        Index(
            "ix_notification_unread",
            "person_id",
            sqlite_where=text("read_at IS NULL"),
            postgresql_where=text("read_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    cause: Mapped[str] = mapped_column(String(60))
    kind: Mapped[str] = mapped_column(String(30))
    link: Mapped[str] = mapped_column(String(200))
    facts: Mapped[dict[str, Any]] = mapped_column(JSON)
    at: Mapped[datetime] = mapped_column(Moment)
    read_at: Mapped[datetime | None] = mapped_column(Moment)


class Letter(Row):
    """One mail or SMS to send; it ends sent, obsolete, expired or dead, never lost (domain.md, invariant 8)."""

    __tablename__ = "letter"
    __table_args__ = (
        UniqueConstraint("channel", "cause", "address"),
        CheckConstraint(f"channel IN {CHANNELS}", name="channel"),
        CheckConstraint(f"state IN {LETTER_STATES}", name="state"),
        Index(
            "ix_letter_due",
            "due_at",
            sqlite_where=text("state IN ('waiting', 'sending')"),
            postgresql_where=text("state IN ('waiting', 'sending')"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    channel: Mapped[str] = mapped_column(String(4))
    kind: Mapped[str] = mapped_column(String(30))
    cause: Mapped[str] = mapped_column(String(60))
    about: Mapped[str] = mapped_column(String(20))
    address: Mapped[str] = mapped_column(String(254))
    language: Mapped[str] = mapped_column(String(2))
    subject: Mapped[str] = mapped_column(String(200), default="")
    body: Mapped[str | None] = mapped_column(Text)
    html: Mapped[str | None] = mapped_column(Text)
    secret: Mapped[bool] = mapped_column(default=False)
    state: Mapped[str] = mapped_column(String(10), default="waiting")
    created_at: Mapped[datetime] = mapped_column(Moment)
    due_at: Mapped[datetime] = mapped_column(Moment)
    first_tried_at: Mapped[datetime | None] = mapped_column(Moment)
    expires_at: Mapped[datetime | None] = mapped_column(Moment)
    lease_until: Mapped[datetime | None] = mapped_column(Moment)
    lease: Mapped[str | None] = mapped_column(String(32))
    tries: Mapped[int] = mapped_column(default=0)
    unknown_outcomes: Mapped[int] = mapped_column(default=0)
    fault: Mapped[str] = mapped_column(String(300), default="")
    ended_at: Mapped[datetime | None] = mapped_column(Moment)
