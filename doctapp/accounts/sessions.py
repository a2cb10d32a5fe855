"""Sessions are rows: a new one at each sign-in, ended by sign-out at once (domain.md, invariant 13)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from flask_babel import lazy_gettext as _l
from sqlalchemy import select, update

from doctapp.accounts import trail
from doctapp.accounts.models import Authenticator, Device, Person, Session
from doctapp.db import db, insert, lock
from doctapp.errors import DomainError

HOURS = timedelta(hours=1)
MINUTES = timedelta(minutes=1)

# idle and absolute limits; a doctor on a browser that is not remembered is held to a patient's
LIMITS = {
    "patient": (30 * MINUTES, 12 * HOURS),
    "doctor": (2 * HOURS, 12 * HOURS),
    "desk": (10 * MINUTES, 8 * HOURS),
    "admin": (10 * MINUTES, 4 * HOURS),
}
SEEN_EVERY = timedelta(minutes=1)


class Suspended(DomainError):
    """The person is suspended: nothing signs them in."""

    status = 403
    message = _l("This account is closed for now. Call us: we help by phone.")


def start(
    *,
    person_id: int,
    token_hash: str,
    now: datetime,
    authenticated: bool = True,
    bookings_only: bool = False,
    device_id: int | None = None,
) -> None:
    """Open a session; its token is known to the browser only. Raises Suspended."""
    admit(person_id)
    row = Session(
        person_id=person_id,
        token_hash=token_hash,
        created_at=now,
        last_seen_at=now,
        authenticated_at=now if authenticated else None,
        bookings_only=bookings_only,
        device_id=device_id,
    )
    db.session.add(row)
    db.session.flush()
    trail.signed_in(row.id, person_id=person_id, now=now)


class PasswordChanged(DomainError):
    """The password that was just judged is not the person's any more."""

    status = 422
    message = _l("Your password was just changed. Sign in with the new one.")


def admit(person_id: int, *, password_hash: str | None = None) -> None:
    """Hold the person's row against a suspension or a new password at the same moment; raises what happened."""
    lock(Person, person_id)
    query = select(_is_admitted(), Person.password_hash).where(Person.id == person_id)
    admitted, stored = db.session.execute(query).one()
    if not admitted:
        raise Suspended
    if password_hash and password_hash != stored:
        raise PasswordChanged


def _is_admitted() -> Any:
    return Person.suspended_at.is_(None) & Person.joined_into_id.is_(None)


def resume(*, person_id: int, device_id: int, token_hash: str, now: datetime) -> bool:
    """Open a session for a remembered device; False where one of this token was opened before.

    Nobody gave a password or a code in it.
    """
    values = {"person_id": person_id, "device_id": device_id, "token_hash": token_hash}
    row = insert(Session).values(**values, created_at=now, last_seen_at=now, bookings_only=False, ended_why="")
    opened = db.session.scalar(row.on_conflict_do_nothing().returning(Session.id))
    if opened is None:
        return False
    trail.signed_in(opened, person_id=person_id, now=now)
    return True


class Found(NamedTuple):
    """What one row says of an open session, its person, and the device it is of; only an admin's app is looked for."""

    session_id: int
    person_id: int
    name: str
    language: str
    admin: bool
    created_at: datetime
    last_seen_at: datetime
    authenticated_at: datetime | None
    bookings_only: bool
    second_factor_at: datetime | None
    has_authenticator: bool
    device_id: int | None
    selector_hash: str | None
    token_hash: str | None
    next_hash: str | None


def find(token_hash: str) -> Found | None:
    """The open session of this token with its person and its device, as one row; never a suspended person's."""
    query = (
        select(
            Session.id,
            Person.id,
            Person.name,
            Person.language,
            Person.admin,
            Session.created_at,
            Session.last_seen_at,
            Session.authenticated_at,
            Session.bookings_only,
            Session.second_factor_at,
            Authenticator.id.is_not(None),
            Session.device_id,
            Device.selector_hash,
            Device.token_hash,
            Device.next_hash,
        )
        .join(Person, Person.id == Session.person_id)
        .outerjoin(Device, Device.id == Session.device_id)
        .outerjoin(
            Authenticator, (Authenticator.person_id == Person.id) & Authenticator.proven_at.is_not(None) & Person.admin
        )
        .where(Session.token_hash == token_hash, Session.ended_at.is_(None), _is_admitted())
    )
    row = db.session.execute(query).first()
    return Found._make(row) if row else None


def roles(*, admin: bool, staff: bool, doctor: bool) -> tuple[str, ...]:
    """The roles whose limits bind; everybody may be a patient, so that counts for those without another."""
    has = {"admin": admin, "desk": staff, "doctor": doctor}
    return tuple(role for role, so in has.items() if so) or ("patient",)


def is_admin(person_id: int) -> bool:
    """Whether the person is an admin now."""
    return bool(db.session.scalar(select(Person.admin).where(Person.id == person_id)))


def is_over(
    roles: Collection[str], *, remembered: bool, created_at: datetime, last_seen_at: datetime, now: datetime
) -> bool:
    """Whether a session of these roles was idle, or open, for too long; of several roles the strictest binds."""
    binding = [LIMITS["patient" if role == "doctor" and not remembered else role] for role in roles]
    idle, absolute = min(limit[0] for limit in binding), min(limit[1] for limit in binding)
    return now - last_seen_at > idle or now - created_at > absolute


def seen(session_id: int, *, now: datetime) -> None:
    """Note that the person was active; written once a minute at most."""
    db.session.execute(update(Session).where(Session.id == session_id).values(last_seen_at=now))


def authenticate(session_id: int, *, token_hash: str, now: datetime) -> bool:
    """Note that the person showed once more that it is they; the session goes on under a new token only.

    False where it was ended meanwhile.
    """
    shown = update(Session).where(Session.id == session_id, Session.ended_at.is_(None))
    done: Any = db.session.execute(
        shown.values(token_hash=token_hash, authenticated_at=now, last_seen_at=now, bookings_only=False)
    )
    return bool(done.rowcount)


def pass_second_step(session_id: int, *, token_hash: str, now: datetime) -> bool:
    """Note that a code of the authenticator app was given; the session goes on under a new token only.

    False where it was ended meanwhile.
    """
    passing = update(Session).where(Session.id == session_id, Session.ended_at.is_(None))
    passing = passing.values(token_hash=token_hash, second_factor_at=now, last_seen_at=now)
    person_id = db.session.scalar(passing.returning(Session.person_id))
    if person_id is not None:
        trail.second_step(session_id, person_id=person_id, now=now)
    return person_id is not None


def passed_second_step(session_id: int) -> bool:
    """Whether a code of the authenticator app was given in this session."""
    query = select(Session.second_factor_at).where(Session.id == session_id)
    return db.session.scalar(query) is not None


def forget_second_steps(person_id: int) -> None:
    """The person's app is gone: no session goes on as if its code had been given."""
    db.session.execute(update(Session).where(Session.person_id == person_id).values(second_factor_at=None))


def join_device(session_id: int, *, device_id: int) -> None:
    """Let a session end with this device from now on."""
    db.session.execute(update(Session).where(Session.id == session_id).values(device_id=device_id))


def end(session_id: int, *, now: datetime, why: str = "signed_out") -> None:
    """End one session; nothing of it is served again."""
    ending = update(Session).where(Session.id == session_id, Session.ended_at.is_(None))
    person_id = db.session.scalar(ending.values(ended_at=now, ended_why=why).returning(Session.person_id))
    if person_id is not None:
        trail.signed_out(session_id, person_id=person_id, now=now)


def end_of_device(device_id: int, *, now: datetime, why: str) -> None:
    """End every session that a device opened."""
    _end(Session.device_id == device_id, now=now, why=why)


def end_all(person_id: int, *, now: datetime, why: str, but: int | None = None) -> None:
    """End every session and every device of a person, one session with its device excepted.

    Devices first, as everywhere: what a device opens at the same moment is then ended with it.
    """
    kept = db.session.scalar(select(Session.device_id).where(Session.id == but)) if but else None
    ending = update(Device).where(Device.person_id == person_id, Device.ended_at.is_(None))
    if kept is not None:
        ending = ending.where(Device.id != kept)
    db.session.execute(ending.values(ended_at=now, ended_why=why))
    _end(Session.person_id == person_id, Session.id != (but or 0), now=now, why=why)


def open_elsewhere(person_id: int, *, but: int, roles: Collection[str], now: datetime) -> int:
    """How many sessions the person has open besides this one, in browsers that are not remembered."""
    query = select(Session.created_at, Session.last_seen_at).where(
        Session.person_id == person_id, Session.id != but, Session.device_id.is_(None), Session.ended_at.is_(None)
    )
    return sum(
        not is_over(roles, remembered=False, created_at=created_at, last_seen_at=last_seen_at, now=now)
        for created_at, last_seen_at in db.session.execute(query)
    )


def _end(*which: Any, now: datetime, why: str) -> None:
    ending = update(Session).where(*which, Session.ended_at.is_(None))
    db.session.execute(ending.values(ended_at=now, ended_why=why))
