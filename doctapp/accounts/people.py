"""Persons and their proven ways in; a phone or an address merely typed claims nothing (domain.md, "People")."""

from __future__ import annotations

from datetime import datetime

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from doctapp.accounts.models import Person, WayIn
from doctapp.db import db, insert
from doctapp.errors import DomainError


class AnotherPersons(DomainError):
    """The phone is another person's way in; nothing is merged silently."""

    status = 409
    message = _l(
        "This number already belongs to somebody else's DoctApp. Sign out, and sign in with this number first."
    )


def owner_of(kind: str, value: str) -> Person | None:
    """The person who proved this way in."""
    query = select(Person).join(WayIn).where(WayIn.kind == kind, WayIn.value == value, WayIn.proven_at.is_not(None))
    return db.session.scalars(query).first()


def proven(person_id: int, kind: str) -> WayIn | None:
    """The person's first proven phone or address."""
    query = select(WayIn).where(WayIn.person_id == person_id, WayIn.kind == kind, WayIn.proven_at.is_not(None))
    return db.session.scalars(query.order_by(WayIn.id)).first()


def find_or_make(*, kind: str, value: str, shown: str, language: str, now: datetime) -> Person:
    """The person whose way in was just proven, made where there is none; two at once get the same one."""
    person = owner_of(kind, value)
    if person:
        return person
    person = Person(language=language, created_at=now)
    db.session.add(person)
    db.session.flush()
    if _prove(person.id, kind=kind, value=value, shown=shown, now=now):
        return person
    db.session.delete(person)
    db.session.flush()
    first = owner_of(kind, value)
    assert first is not None
    return first


def add_way_in(*, person_id: int, kind: str, value: str, shown: str, now: datetime) -> None:
    """Add a way in that this person just proved; raises AnotherPersons where it is somebody else's."""
    if _prove(person_id, kind=kind, value=value, shown=shown, now=now):
        return
    owner = owner_of(kind, value)
    if owner is None or owner.id != person_id:
        raise AnotherPersons


def _prove(person_id: int, *, kind: str, value: str, shown: str, now: datetime) -> bool:
    row = {"person_id": person_id, "kind": kind, "value": value, "shown": shown, "proven_at": now}
    return db.session.scalar(insert(WayIn).values(row).on_conflict_do_nothing().returning(WayIn.id)) is not None
