"""Sessions are rows: a new one at each sign-in, ended by sign-out at once (domain.md, invariant 13)."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.engine import Row

from doctapp.accounts.models import Person, Session
from doctapp.db import db

IDLE = {
    "patient": timedelta(minutes=30),
    "doctor": timedelta(hours=2),
    "desk": timedelta(minutes=10),
    "admin": timedelta(minutes=10),
}
ABSOLUTE = {
    "patient": timedelta(hours=12),
    "doctor": timedelta(hours=12),
    "desk": timedelta(hours=8),
    "admin": timedelta(hours=4),
}
SEEN_EVERY = timedelta(minutes=1)


def start(*, person_id: int, token_hash: str, now: datetime) -> None:
    """Open a session; its token is known to the browser only."""
    db.session.add(Session(person_id=person_id, token_hash=token_hash, created_at=now, last_seen_at=now))
    db.session.flush()


def find(token_hash: str) -> Row[int, int, str, str, bool, datetime, datetime] | None:
    """The open session of this token with its person, as one row: id, person, name, language, admin, created, seen."""
    query = (
        select(
            Session.id, Person.id, Person.name, Person.language, Person.admin, Session.created_at, Session.last_seen_at
        )
        .join(Person, Person.id == Session.person_id)
        .where(Session.token_hash == token_hash, Session.ended_at.is_(None))
    )
    return db.session.execute(query).first()


def is_over(role: str, *, created_at: datetime, last_seen_at: datetime, now: datetime) -> bool:
    """Whether a session of this role was idle, or open, for too long."""
    return now - last_seen_at > IDLE[role] or now - created_at > ABSOLUTE[role]


def seen(session_id: int, *, now: datetime) -> None:
    """Note that the person was active; written once a minute at most."""
    db.session.execute(update(Session).where(Session.id == session_id).values(last_seen_at=now))


def end(session_id: int, *, now: datetime) -> None:
    """End one session; nothing of it is served again."""
    db.session.execute(update(Session).where(Session.id == session_id, Session.ended_at.is_(None)).values(ended_at=now))
