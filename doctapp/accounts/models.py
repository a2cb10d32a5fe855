"""Persons, ways in, patients, sessions, devices, codes and links, and the rows that count for limits."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from doctapp.db import Moment, Row

SEXES = ("female", "male", "other")
WAYS = ("phone", "email", "google")


class Person(Row):
    """Who signs in; roles are rows of the doctors' and clinics' rooms, admin a flag.

    A person who was joined into another keeps the row, without ways in.
    """

    __tablename__ = "person"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(120), default="")
    language: Mapped[str] = mapped_column(String(2), default="bn")
    password_hash: Mapped[str | None] = mapped_column(String(200))
    admin: Mapped[bool] = mapped_column(default=False)
    address: Mapped[str] = mapped_column(String(200), default="")
    created_at: Mapped[datetime] = mapped_column(Moment)
    suspended_at: Mapped[datetime | None] = mapped_column(Moment)
    joined_into_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))

    ways_in: Mapped[list[WayIn]] = relationship(back_populates="person")
    patients: Mapped[list[Patient]] = relationship(back_populates="person", order_by="Patient.id")


class WayIn(Row):
    """A phone, an address or a Google subject; unique only once proven: one merely typed claims nothing.

    `last_proven_at` is when its holder last showed to have it still: numbers are given to other people.
    """

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
    last_proven_at: Mapped[datetime | None] = mapped_column(Moment)

    person: Mapped[Person] = relationship(back_populates="ways_in")


class Patient(Row):
    """Whom a visit is for: the person's own self or a relative; up to six relatives on a person.

    One made for a caller has a contact phone and no person until somebody proves that phone and claims it. One who was
    taken off the family is hidden, and stays on past visits.
    """

    __tablename__ = "patient"
    __table_args__ = (CheckConstraint(f"sex IN {SEXES}", name="sex"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    oneself: Mapped[bool] = mapped_column(default=False)
    name: Mapped[str] = mapped_column(String(120))
    name_key: Mapped[str] = mapped_column(String(120))
    sex: Mapped[str] = mapped_column(String(6))
    born: Mapped[int]
    phone: Mapped[str | None] = mapped_column(String(20), index=True)
    created_at: Mapped[datetime] = mapped_column(Moment)
    hidden_at: Mapped[datetime | None] = mapped_column(Moment)

    person: Mapped[Person | None] = relationship(back_populates="patients")


class Session(Row):
    """One sign-in on one browser; only the hash of its random id is stored, and sign-out ends it at once.

    `authenticated_at` is when the person last gave a code or the password in it; None where only a remembered device
    opened it. `bookings_only` marks one opened by a code to a number that nobody had proven for twelve months.
    `second_factor_at` is when a code of the authenticator app was given in it.
    """

    __tablename__ = "session"

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(Moment)
    last_seen_at: Mapped[datetime] = mapped_column(Moment)
    authenticated_at: Mapped[datetime | None] = mapped_column(Moment)
    bookings_only: Mapped[bool] = mapped_column(default=False)
    second_factor_at: Mapped[datetime | None] = mapped_column(Moment)
    device_id: Mapped[int | None] = mapped_column(ForeignKey("device.id"), index=True)
    ended_at: Mapped[datetime | None] = mapped_column(Moment)
    ended_why: Mapped[str] = mapped_column(String(20), default="")


class Device(Row):
    """A browser that is remembered by a rotating token; of its cookie only hashes are stored.

    The cookie is `<selector>.<token>`. The old token stays good until its successor (`next_hash`) was first seen.
    A device with a way in is "my own phone": it proves that number.
    """

    __tablename__ = "device"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    way_in_id: Mapped[int | None] = mapped_column(ForeignKey("way_in.id"))
    selector_hash: Mapped[str] = mapped_column(String(64), unique=True)
    token_hash: Mapped[str] = mapped_column(String(64))
    next_hash: Mapped[str | None] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(String(80), default="")
    created_at: Mapped[datetime] = mapped_column(Moment)
    last_used_at: Mapped[datetime] = mapped_column(Moment)
    expires_at: Mapped[datetime] = mapped_column(Moment)
    ended_at: Mapped[datetime | None] = mapped_column(Moment)
    ended_why: Mapped[str] = mapped_column(String(20), default="")


class Authenticator(Row):
    """The authenticator app of a person, its secret sealed; `last_step` is the newest code's, which works only once."""

    __tablename__ = "authenticator"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), unique=True)
    secret: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime] = mapped_column(Moment)
    proven_at: Mapped[datetime | None] = mapped_column(Moment)
    last_step: Mapped[int] = mapped_column(default=0)


class Registration(Row):
    """Somebody who registered and has not followed the mailed link yet: no person, and claims nothing."""

    __tablename__ = "registration"

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    browser_hash: Mapped[str] = mapped_column(String(64))
    email: Mapped[str] = mapped_column(String(254), index=True)
    shown: Mapped[str] = mapped_column(String(254))
    name: Mapped[str] = mapped_column(String(120))
    phone: Mapped[str] = mapped_column(String(40), default="")
    password_hash: Mapped[str] = mapped_column(String(200))
    language: Mapped[str] = mapped_column(String(2))
    created_at: Mapped[datetime] = mapped_column(Moment)
    expires_at: Mapped[datetime] = mapped_column(Moment)
    used_at: Mapped[datetime | None] = mapped_column(Moment)


class PasswordReset(Row):
    """A mailed link that sets a new password: once, within an hour."""

    __tablename__ = "password_reset"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    way_in_id: Mapped[int] = mapped_column(ForeignKey("way_in.id"))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime] = mapped_column(Moment)
    expires_at: Mapped[datetime] = mapped_column(Moment)
    used_at: Mapped[datetime | None] = mapped_column(Moment)


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
