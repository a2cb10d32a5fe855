"""A forgotten password: a link to the proven address, once, within an hour. A new password ends what was open.

A person with only a phone has no password to reset, and signs in by a code.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import select, update

from doctapp.accounts import links, people, sessions
from doctapp.accounts.models import PasswordReset, Person, WayIn
from doctapp.audit.recording import record
from doctapp.db import db, lock
from doctapp.errors import DomainError
from doctapp.web.cookies import hashed

GOOD_FOR = timedelta(hours=1)
PASSED = update(PasswordReset).execution_options(synchronize_session=False)


class LinkRanOut(DomainError):
    status = 410
    message = _l("This link no longer works: it is good once, for one hour. Ask for a new one.")


@dataclass(frozen=True)
class Link:
    """A link to be mailed to the owner of an address."""

    row: PasswordReset
    token: str
    owner: Person


def begin(*, email: str, now: datetime) -> Link | None:
    """A link for the owner of this address; None where there is nobody, or somebody who is suspended."""
    owner = people.owner_of("email", email)
    if owner is None or owner.suspended_at:
        return None
    way_id = db.session.scalars(select(WayIn.id).filter_by(person_id=owner.id, kind="email", value=email)).first()
    token, token_hash = links.draw()
    row = PasswordReset(
        person_id=owner.id, way_in_id=way_id, token_hash=token_hash, created_at=now, expires_at=now + GOOD_FOR
    )
    db.session.add(row)
    db.session.flush()
    return Link(row, token, owner)


def by_token(token: str) -> PasswordReset | None:
    """The reset whose link bears this token, also one that is over."""
    return db.session.scalars(select(PasswordReset).filter_by(token_hash=hashed(token))).first()


def is_open(row: PasswordReset, *, now: datetime) -> bool:
    """Whether the link still works."""
    return row.used_at is None and row.expires_at > now


def use(row_id: int, *, password_hash: str, now: datetime) -> int:
    """Spend the link on a new password; the person's id. Raises LinkRanOut for the second of two."""
    using = PASSED.where(PasswordReset.id == row_id, PasswordReset.used_at.is_(None), PasswordReset.expires_at > now)
    done: Any = db.session.execute(using.values(used_at=now))
    if done.rowcount != 1:
        raise LinkRanOut
    row = db.session.scalars(select(PasswordReset).filter_by(id=row_id)).one()
    way = people.own_way(row.way_in_id, person_id=row.person_id)
    people.note_proof(way.kind, way.value, now=now)
    set_password(row.person_id, password_hash=password_hash, now=now)
    return row.person_id


def set_password(person_id: int, *, password_hash: str, now: datetime, but: int | None = None) -> None:
    """The person's new password: every session and device ends, one session excepted, and every open link."""
    lock(Person, person_id)
    db.session.execute(update(Person).where(Person.id == person_id).values(password_hash=password_hash))
    sessions.end_all(person_id, now=now, why="password", but=but)
    still_open = PASSED.where(PasswordReset.person_id == person_id, PasswordReset.used_at.is_(None))
    db.session.execute(still_open.values(used_at=now))
    record("password_changed", kind="person", row_id=person_id, person_id=person_id, side="patient", now=now)
