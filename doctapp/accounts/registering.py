"""Registering by e-mail: a row that claims nothing until the mailed link is followed; that makes the person.

Whoever registers an address of somebody else never gets their proof: the link makes the person in the browser that
registered, elsewhere only with the password that was chosen there (domain.md, "People").
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import select, update

from doctapp.accounts import links, people, phones
from doctapp.accounts.models import Person, Registration, WayIn
from doctapp.accounts.ways import Way
from doctapp.audit.recording import record
from doctapp.db import db
from doctapp.errors import DomainError
from doctapp.web.cookies import hashed

GOOD_FOR = timedelta(hours=24)
PASSED = update(Registration).execution_options(synchronize_session=False)


class LinkUsed(DomainError):
    message = _l("This address is verified already. Sign in.")


class AddressTaken(DomainError):
    """Meanwhile somebody proved the address in another way."""

    message = _l("This address already opens an account. Sign in with it.")


class WrongPassword(DomainError):
    status = 422
    message = _l("That is not the password that was chosen when this address was registered.")


@dataclass(frozen=True)
class Asked:
    """What came of registering: the row, its token to be mailed, or the person whose address it is already.

    Neither a token nor an owner: the address was written to too often, and no mail goes out.
    """

    row: Registration
    token: str | None = None
    owner: Person | None = None


def register(
    *,
    email: Way,
    name: str,
    phone: str,
    password_hash: str,
    browser_hash: str,
    language: str,
    network: str,
    now: datetime,
) -> Asked:
    """Keep a registration for 24 hours; for a known address, or past the limits, one that nothing can open."""
    may_send = links.may_send("registration", email=email.value, network=network, now=now)
    owner = people.owner_of("email", email.value)
    token, token_hash = links.draw()
    opens = may_send and owner is None
    row = Registration(
        token_hash=token_hash,
        browser_hash=browser_hash,
        email=email.value,
        shown=email.shown,
        name=name,
        phone=phone,
        password_hash=password_hash if opens else "",
        language=language,
        created_at=now,
        expires_at=now + GOOD_FOR if opens else now,
    )
    db.session.add(row)
    db.session.flush()
    return Asked(row, token if opens else None, owner if may_send else None)


def again(row: Registration, *, browser_hash: str, network: str, now: datetime) -> Asked:
    """The same registration under a new token: the right password was given in this browser."""
    return register(
        email=Way("email", row.email, row.shown),
        name=row.name,
        phone=row.phone,
        password_hash=row.password_hash,
        browser_hash=browser_hash,
        language=row.language,
        network=network,
        now=now,
    )


def waiting(email: str, *, now: datetime) -> Registration | None:
    """The newest registration of this address that still waits for its link to be followed."""
    query = select(Registration).where(Registration.email == email, Registration.used_at.is_(None))
    return db.session.scalars(query.where(Registration.expires_at > now).order_by(Registration.id.desc())).first()


def newest_of(browser_hash: str) -> Registration | None:
    """What this browser registered last."""
    query = select(Registration).filter_by(browser_hash=browser_hash).order_by(Registration.id.desc())
    return db.session.scalars(query).first()


def by_token(token: str) -> Registration | None:
    """The registration whose link bears this token."""
    return db.session.scalars(select(Registration).filter_by(token_hash=hashed(token))).first()


def verify(registration_id: int, *, now: datetime) -> Person:
    """The address is proven: make its person, with the name and the password that were chosen, and a phone as typed.

    Raises LinkUsed for the second of two, AddressTaken where the address opens an account already. Other
    registrations of the address end.
    """
    using = PASSED.where(Registration.id == registration_id, Registration.used_at.is_(None))
    done: Any = db.session.execute(using.values(used_at=now))
    if done.rowcount != 1:
        raise LinkUsed
    row = db.session.scalars(select(Registration).filter_by(id=registration_id)).one()
    person = people.make(name=row.name, password_hash=row.password_hash, language=row.language, now=now)
    if not people.prove(person.id, kind="email", value=row.email, shown=row.shown, now=now):
        raise AddressTaken
    _keep_typed(row.phone, person)
    record("registered", kind="person", row_id=person.id, person_id=person.id, side="patient", now=now)
    others = PASSED.where(Registration.email == row.email, Registration.used_at.is_(None))
    db.session.execute(others.values(expires_at=now))
    return person


def _keep_typed(phone: str, person: Person) -> None:
    """A phone merely typed claims nothing: it is only offered to be proven."""
    if phone:
        typed = WayIn(person_id=person.id, kind="phone", value=phones.e164(phone), shown=phone)
        db.session.add(typed)
        db.session.flush()
