"""Showing once more that it is still oneself: by the password, or by a code to a way in that is known to be one's own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from flask_babel import lazy_gettext as _l
from sqlalchemy import func, select

from doctapp.accounts import limits, passwords, people
from doctapp.accounts.models import Person, Session, WayIn
from doctapp.db import db
from doctapp.errors import DomainError


class WrongPassword(DomainError):
    status = 422
    message = _l("That is not your password. Type it again, or let us send you a code.")


def ways(person_id: int, *, session_id: int, now: datetime) -> Sequence[WayIn]:
    """The person's phones and addresses that a code may go to.

    Not one that nobody proved for twelve months: numbers are given to other people. A session that was opened by such
    a number is not helped by what was proven in it.
    """
    shown = func.coalesce(WayIn.last_proven_at, WayIn.proven_at)
    query = select(WayIn).where(WayIn.person_id == person_id, WayIn.kind.in_(("phone", "email")))
    query = query.where(shown > now - people.PROOF_LASTS).order_by(WayIn.id)
    opened = db.session.scalar(select(Session.created_at).where(Session.id == session_id, Session.bookings_only))
    return db.session.scalars(query.where(shown < opened) if opened else query).all()


def begin_try(person_id: int, *, now: datetime) -> str | None:
    """Count a try before it is judged; what is stored of the password. Raises TooManyPasswords past ten an hour."""
    key, most = f"person:{person_id}", passwords.TRIES_AN_HOUR
    limits.check("password", key, most=most, per=limits.HOUR, now=now, error=passwords.TooManyPasswords)
    limits.count("password", key, now=now)
    return db.session.scalar(select(Person.password_hash).where(Person.id == person_id))


def forgive(person_id: int) -> None:
    """The password was right: its tries no longer count."""
    limits.forget("password", f"person:{person_id}")


def has_password(person_id: int) -> bool:
    """Whether there is a password to ask for."""
    return db.session.scalar(select(Person.password_hash).where(Person.id == person_id)) is not None
