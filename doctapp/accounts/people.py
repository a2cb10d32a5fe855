"""Persons and their proven ways in; a phone or an address merely typed claims nothing (domain.md, "People")."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, delete, func, select, update

from doctapp.accounts import devices
from doctapp.accounts.models import Device, PasswordReset, Person, WayIn
from doctapp.audit.recording import record
from doctapp.db import db, insert, lock
from doctapp.errors import DomainError, NotFound

PROOF_LASTS = timedelta(days=365)


class AnotherPersons(DomainError):
    """The phone is another person's way in; nothing is merged silently."""

    status = 409
    message = _l(
        "This number already belongs to somebody else's DoctApp. Sign out, and sign in with this number first."
    )


class OldNumberOnly(DomainError):
    """Signed in by a number that nobody proved for twelve months: nothing of the account is changed by that alone."""

    status = 403
    message = _l("Sign in with your password or your e-mail first: this number was not used here for a year.")


class LastWayIn(DomainError):
    """Without it nobody could sign in any more."""

    message = _l("This is your only way in. Add another phone or address first.")


def owner_of(kind: str, value: str) -> Person | None:
    """The person who proved this way in."""
    query = select(Person).join(WayIn).where(WayIn.kind == kind, WayIn.value == value, WayIn.proven_at.is_not(None))
    return db.session.scalars(query).first()


def proven(person_id: int, kind: str) -> WayIn | None:
    """The person's first proven phone or address."""
    query = select(WayIn).where(WayIn.person_id == person_id, WayIn.kind == kind, WayIn.proven_at.is_not(None))
    return db.session.scalars(query.order_by(WayIn.id)).first()


def ways_of(person_id: int) -> Sequence[WayIn]:
    """All ways of a person: proven ones first, then those that were merely typed."""
    query = select(WayIn).filter_by(person_id=person_id)
    return db.session.scalars(query.order_by(WayIn.proven_at.is_(None), WayIn.id)).all()


def all_proven(person_id: int) -> list[WayIn]:
    """The ways by which this person can be told something."""
    return [way for way in ways_of(person_id) if way.proven_at]


def is_unproven_for_long(kind: str, value: str, *, now: datetime) -> bool:
    """Whether this is a phone that its person last proved more than twelve months ago: numbers change hands."""
    last = func.coalesce(WayIn.last_proven_at, WayIn.proven_at)
    query = select(WayIn.id).where(_proven_as(kind, value), last < now - PROOF_LASTS)
    return kind == "phone" and db.session.scalar(query) is not None


def find_or_make(*, kind: str, value: str, shown: str, language: str, now: datetime) -> Person:
    """The person whose way in was just proven by a code, made where there is none; two at once get the same one.

    A number that nobody proved for twelve months stays so: a code alone does not make it its old person's again.
    """
    person = owner_of(kind, value)
    if person:
        if not is_unproven_for_long(kind, value, now=now):
            note_proof(kind, value, now=now)
        return person
    person = make(name="", password_hash=None, language=language, now=now)
    if prove(person.id, kind=kind, value=value, shown=shown, now=now):
        return person
    db.session.delete(person)
    db.session.flush()
    first = owner_of(kind, value)
    assert first is not None
    return first


def make(*, name: str, password_hash: str | None, language: str, now: datetime) -> Person:
    """A new person, who has no way in yet."""
    person = Person(name=name, password_hash=password_hash, language=language, created_at=now)
    db.session.add(person)
    db.session.flush()
    return person


def add_way_in(*, person_id: int, kind: str, value: str, shown: str, now: datetime) -> WayIn | None:
    """The way in that this person just proved and had not before; None for one that was theirs already.

    Raises AnotherPersons where it is somebody else's.
    """
    if prove(person_id, kind=kind, value=value, shown=shown, now=now):
        db.session.execute(delete(WayIn).where(WayIn.person_id == person_id, _typed_as(kind, value)))
        return db.session.scalars(select(WayIn).where(_proven_as(kind, value))).one()
    owner = owner_of(kind, value)
    if owner is None or owner.id != person_id:
        raise AnotherPersons
    note_proof(kind, value, now=now)
    return None


def prove(person_id: int, *, kind: str, value: str, shown: str, now: datetime) -> bool:
    """Make a way in this person's; False where it is somebody's already."""
    row = {"person_id": person_id, "kind": kind, "value": value, "shown": shown}
    proving = insert(WayIn).values(**row, proven_at=now, last_proven_at=now).on_conflict_do_nothing()
    way_id = db.session.scalar(proving.returning(WayIn.id))
    if way_id is not None:
        record("way_added", kind="way_in", row_id=way_id, person_id=person_id, side="patient", now=now)
    return way_id is not None


def note_proof(kind: str, value: str, *, now: datetime) -> None:
    """Its holder showed to have it still."""
    db.session.execute(update(WayIn).where(_proven_as(kind, value)).values(last_proven_at=now))


def own_way(way_id: int, *, person_id: int) -> WayIn:
    """A way of this person; anybody else's is as unknown as one that does not exist."""
    way = db.session.scalars(select(WayIn).filter_by(id=way_id, person_id=person_id)).first()
    if way is None:
        raise NotFound
    return way


def remove(way_id: int, *, person_id: int, now: datetime) -> WayIn:
    """Take a way in away, with the devices that it proved and the links that were sent to it; the way as it was.

    Raises LastWayIn for the last proven one. The person's row is locked, so that two removals can't take both.
    """
    lock(Person, person_id)
    way = own_way(way_id, person_id=person_id)
    if way.proven_at and len(all_proven(person_id)) == 1:
        raise LastWayIn
    own_phones = select(Device.id).where(Device.way_in_id == way_id, Device.ended_at.is_(None))
    for device_id in db.session.scalars(own_phones).all():
        devices.end(device_id, now=now, why="way_removed", by=person_id)
    devices.forget_number(way_id)
    db.session.execute(delete(PasswordReset).where(PasswordReset.way_in_id == way_id))
    db.session.delete(way)
    record("way_removed", kind="way_in", row_id=way_id, person_id=person_id, side="patient", now=now)
    return way


def _proven_as(kind: str, value: str) -> ColumnElement[bool]:
    return (WayIn.kind == kind) & (WayIn.value == value) & WayIn.proven_at.is_not(None)


def _typed_as(kind: str, value: str) -> ColumnElement[bool]:
    return (WayIn.kind == kind) & (WayIn.value == value) & WayIn.proven_at.is_(None)


def way_of(person_id: int, number: str) -> int | None:
    """The id of the proven phone of this person that is this number."""
    mine = select(WayIn.id).where(WayIn.person_id == person_id, _proven_as("phone", number))
    return db.session.scalar(mine)


def names_of(ids: Collection[int]) -> dict[int, str]:
    """What these persons are called."""
    return {row.id: row.name for row in db.session.execute(select(Person.id, Person.name).where(Person.id.in_(ids)))}


def selves(person_id: int) -> frozenset[int]:
    """The person's id, and the ids of those who were joined into them."""
    joined = db.session.scalars(select(Person.id).where(Person.joined_into_id == person_id))
    return frozenset({person_id, *joined})
