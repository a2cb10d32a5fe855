"""Money that needs a person, and letters that could not be sent."""

import itertools
import secrets
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from doctapp.appointments.models import Appointment
from doctapp.audit.models import AuditEntry
from doctapp.db import db
from doctapp.notifications.models import Letter
from doctapp.payments.models import Attempt, Difference, Receipt, Refund
from tests import make
from tests.people import HOUR, NOW

_number = itertools.count(1)


def attempt(row: Appointment, **given: Any) -> Attempt:
    """A payment of an appointment that was captured as it was asked, and of which nothing was made yet."""
    values = {
        "token": secrets.token_hex(16),
        "provider": "stripe",
        "part": "whole",
        "visit": "new",
        "price": 70000,
        "amount": 70000,
        "currency": "BDT",
        "state": "captured",
        "created_at": NOW - HOUR,
        "session": "cs_1",
        "payment": "pi_1",
        "captured_amount": 70000,
        "captured_currency": "BDT",
        "captured_at": NOW - HOUR,
        **given,
    }
    return make.saved(Attempt(appointment_id=row.id, **values))


def standing(row: Appointment) -> Attempt:
    """A payment that stands for its visit, with its receipt."""
    paid = attempt(row)
    row.status, row.paid, row.method = "booked", paid.captured_amount, paid.provider
    make.saved(Receipt(attempt_id=paid.id, clinic_id=row.sitting.chamber.clinic_id, number=paid.id, at=NOW - HOUR))
    return paid


def flagged(row: Appointment, flag: str = "amount", **given: Any) -> Attempt:
    """A payment that looks wrong, for a number that is requested with it."""
    row.method = "stripe"
    return attempt(row, flag=flag, **{"captured_amount": 65000, **given})


def silent(row: Appointment, **given: Any) -> Attempt:
    """A payment of which the gateway never said anything."""
    nothing = {"state": "started", "captured_amount": None, "captured_currency": "", "captured_at": None, "payment": ""}
    return attempt(row, created_at=NOW - timedelta(days=4), **nothing, **given)


def refund(of: Attempt, **given: Any) -> Refund:
    """A refund of all of a payment that failed."""
    values = {
        "token": secrets.token_hex(16),
        "cause": f"event:{next(_number)}",
        "amount": of.captured_amount,
        "currency": of.captured_currency,
        "state": "refund_failed",
        "created_at": NOW - 2 * HOUR,
        "not_before": NOW - 2 * HOUR,
        "asked": True,
        "ended_at": NOW - HOUR,
        "fault": "insufficient funds",
        **given,
    }
    return make.saved(Refund(attempt_id=of.id, appointment_id=of.appointment_id, **values))


def slow(of: Attempt, **given: Any) -> Refund:
    """A refund that the gateway has had for two days."""
    long_ago = NOW - timedelta(days=2)
    return refund(of, **{"state": "refunding", "not_before": long_ago, "ended_at": None, "fault": "", **given})


def difference(
    of: Attempt, kind: str = "amount", ours: str = "70000", theirs: str = "65000", **given: Any
) -> Difference:
    """What the gateway said otherwise last night."""
    return make.saved(Difference(attempt_id=of.id, kind=kind, ours=ours, theirs=theirs, found_at=NOW - HOUR, **given))


def letter(channel: str = "mail", **given: Any) -> Letter:
    """A letter that could not be sent."""
    n = next(_number)
    values = {
        "kind": "booked",
        "cause": f"event:{n}",
        "about": "KQ7-4M2",
        "address": f"rahima{n}@gmail.example" if channel == "mail" else f"+8801711{n:06}",
        "language": "en",
        "subject": "Booked: Dr Rokeya",
        "body": "Momena Bibi, serial 12",
        "html": "",
        "state": "dead",
        "created_at": NOW - 3 * HOUR,
        "due_at": NOW - 2 * HOUR,
        "first_tried_at": NOW - 3 * HOUR,
        "tries": 9,
        "unknown_outcomes": 1,
        "fault": "550 no such mailbox",
        "ended_at": NOW - HOUR,
        **given,
    }
    return make.saved(Letter(channel=channel, **values))


def read(row: Any) -> Any:
    """The row as it stands now."""
    db.session.rollback()
    kind = type(row)
    return db.session.scalars(select(kind).filter_by(id=row.id).execution_options(populate_existing=True)).one()


def done() -> list[tuple[str, str, int, int | None]]:
    """What the office did: act, kind, row and person."""
    query = select(AuditEntry).where(AuditEntry.side == "admin").order_by(AuditEntry.id)
    return [(entry.act, entry.kind, entry.row_id, entry.person_id) for entry in db.session.scalars(query)]
