"""Finding a ticket without signing in: its reference and the last four digits of the phone that booked it.

Whoever gave both sees the name and may cancel for half an hour in that browser, nothing else. An unknown reference and
wrong digits are answered alike and counted alike.
"""

from __future__ import annotations

import hmac
from datetime import datetime, timedelta

from flask_babel import lazy_gettext as _l
from sqlalchemy import delete, select

from doctapp.accounts import limits
from doctapp.accounts.limits import TooMany
from doctapp.appointments import life
from doctapp.appointments.models import Appointment, TicketLook
from doctapp.audit.recording import record
from doctapp.db import db, insert
from doctapp.errors import DomainError

LOOK_FOR = timedelta(minutes=30)
TRIES = 5
DIGITS = 4


class NotFoundSo(DomainError):
    """No appointment has this reference, or its phone ends otherwise: which of the two is not said."""

    status = 422
    message = _l("We found no appointment with this reference and these digits. Check both on your SMS.")


class TooManyLooks(TooMany):
    message = _l("That was tried too often. Wait a while, or sign in with the phone: we text you a code.")


def look(*, ref: str, digits: str, browser_hash: str, address: str, now: datetime) -> DomainError | None:
    """Let this browser see the name and cancel; the refusal where it may not, with the wrong try already counted.

    Five wrong tries an hour an address, and five a day a reference. The refusal is returned, not raised, so that its
    count is committed with it.
    """
    tries = (("look-address", address, limits.HOUR), ("look-ref", ref, limits.DAY))
    try:
        for kind, key, per in tries:
            limits.check(kind, key, most=TRIES, per=per, now=now, error=TooManyLooks)
    except TooManyLooks as refusal:
        return refusal
    row = life.by_ref(ref)
    if row is None or not _is_its_phone(row, digits):
        for kind, key, _per in tries:
            limits.count(kind, key, now=now)
        return NotFoundSo()
    limits.forget("look-ref", ref)
    _open(row, browser_hash=browser_hash, now=now)
    record("ticket_look", kind="appointment", row_id=row.id, person_id=None, patient_id=row.patient_id, now=now)
    return None


def _is_its_phone(row: Appointment, digits: str) -> bool:
    """Whether the phone that booked ends so; of a hold, and of an offer, nothing is found."""
    booked = row.phone if row.requested_at is not None else None
    return booked is not None and hmac.compare_digest(booked[-DIGITS:].encode(), digits.encode())


def _open(row: Appointment, *, browser_hash: str, now: datetime) -> None:
    looking = insert(TicketLook).values(browser_hash=browser_hash, appointment_id=row.id, until=now + LOOK_FOR)
    same = ["browser_hash", "appointment_id"]
    db.session.execute(looking.on_conflict_do_update(index_elements=same, set_={"until": now + LOOK_FOR}))


def is_open(row: Appointment, *, browser_hash: str, now: datetime) -> bool:
    """Whether this browser gave reference and digits within the last half hour."""
    query = select(TicketLook.id).filter_by(browser_hash=browser_hash, appointment_id=row.id)
    return db.session.scalar(query.where(TicketLook.until > now)) is not None


def purge(*, now: datetime) -> None:
    """Forget looks that are over."""
    db.session.execute(delete(TicketLook).where(TicketLook.until <= now))
