"""Persons, ways in, patients, sessions, codes, and the rows that count for limits."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from doctapp.db import Moment, Row

SEXES = ("female", "male", "other")
WAYS = ("phone", "email", "google")


class Person(Row):
    """Who signs in; roles are rows of the doctors' and clinics' rooms, admin a flag."""

    __tablename__ = "person"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(120), default="")
    language: Mapped[str] = mapped_column(String(2), default="bn")
    password_hash: Mapped[str | None] = mapped_column(String(200))
    admin: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(Moment)

    ways_in: Mapped[list[WayIn]] = relationship(back_populates="person")
    patients: Mapped[list[Patient]] = relationship(back_populates="person", order_by="Patient.id")


class WayIn(Row):
    """A phone, an address or a Google subject; unique only once proven: one merely typed claims nothing."""

    __tablename__ = "way_in"
    __table_args__ = (
        CheckConstraint(f"kind IN {WAYS}", name="kind"),
        Index(
            "uq_way_in_proven",
            "kind",
            "value",
            unique=True,
            sqlite_where=text("proven_at IS NOT NULL"),
            postgresql_where=text("proven_at IS NOT NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    kind: Mapped[str] = mapped_column(String(10))
    value: Mapped[str] = mapped_column(String(254))
    shown: Mapped[str] = mapped_column(String(254))
    proven_at: Mapped[datetime | None] = mapped_column(Moment)

    person: Mapped[Person] = relationship(back_populates="ways_in")


class Patient(Row):
    """Whom a visit is for: the person's own self or a relative; up to six relatives on a person."""

    __tablename__ = "patient"
    __table_args__ = (CheckConstraint(f"sex IN {SEXES}", name="sex"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    oneself: Mapped[bool] = mapped_column(default=False)
    name: Mapped[str] = mapped_column(String(120))
    name_key: Mapped[str] = mapped_column(String(120))
    sex: Mapped[str] = mapped_column(String(6))
    born: Mapped[int]
    phone: Mapped[str | None] = mapped_column(String(20))
    created_at: Mapped[datetime] = mapped_column(Moment)

    person: Mapped[Person | None] = relationship(back_populates="patients")


class Session(Row):
    """One sign-in on one browser; only the hash of its random id is stored, and sign-out ends it at once."""

    __tablename__ = "session"

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(Moment)
    last_seen_at: Mapped[datetime] = mapped_column(Moment)
    ended_at: Mapped[datetime | None] = mapped_column(Moment)


class Code(Row):
    """Five digits sent to a phone or an address, stored hashed; five tries, fifteen minutes."""

    __tablename__ = "code"
    __table_args__ = (Index("ix_code_browser_address", "browser_hash", "address"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(10))
    address: Mapped[str] = mapped_column(String(254))
    shown: Mapped[str] = mapped_column(String(254))
    browser_hash: Mapped[str] = mapped_column(String(64))
    code_hash: Mapped[str] = mapped_column(String(64))
    sent_at: Mapped[datetime] = mapped_column(Moment)
    expires_at: Mapped[datetime] = mapped_column(Moment)
    tries: Mapped[int] = mapped_column(default=0)
    used_at: Mapped[datetime | None] = mapped_column(Moment)


class Tally(Row):
    """One thing that a limit counts: a hold gained, a code sent, a wrong try; purged after two days."""

    __tablename__ = "tally"
    __table_args__ = (Index("ix_tally_kind_key_at", "kind", "key", "at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(30))
    key: Mapped[str] = mapped_column(String(254))
    at: Mapped[datetime] = mapped_column(Moment)


class TallyLock(Row):
    """The row that is locked before a limit counts, so that two at once can't both be the last allowed."""

    __tablename__ = "tally_lock"
    __table_args__ = (UniqueConstraint("kind", "key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(30))
    key: Mapped[str] = mapped_column(String(254))
    at: Mapped[datetime] = mapped_column(Moment)
