"""What waits for the office, and what it did lately."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask_babel import LazyString
from flask_babel import gettext as _
from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import joinedload

from doctapp.accounts import people
from doctapp.appointments.models import Appointment
from doctapp.appointments.queries import refs
from doctapp.audit import acts
from doctapp.audit.models import AuditEntry
from doctapp.db import db
from doctapp.doctors.models import Chamber
from doctapp.payments.attempts import EACH_HOUR_FOR
from doctapp.payments.models import Attempt, Difference, Refund
from doctapp.schedules.models import Sitting
from doctapp.web.filters import moment

MOST = 50
SLOW = timedelta(days=1)
SHOWN_DONE = 20
MONEY: dict[str, type[Any]] = {"payment": Attempt, "refund": Refund, "difference": Difference}
KINDS = {row: kind for kind, row in MONEY.items()}


@dataclass(frozen=True)
class Case:
    """One thing about money that waits for a person: the row itself, its payment and its appointment."""

    row: Any
    attempt: Attempt
    appointment: Appointment

    @property
    def refund(self) -> Refund | None:
        """The row, where it is a refund."""
        return self.row if isinstance(self.row, Refund) else None


@dataclass(frozen=True)
class Waiting:
    """The oldest of what waits, and how much there is in all."""

    cases: Sequence[Case]
    total: int


def _lists(now: datetime) -> dict[str, tuple[type[Any], tuple[ColumnElement[bool], ...]]]:
    """The lists by their names: of which rows they are, and of which of these."""
    return {
        "flagged": (Attempt, (Attempt.state == "captured", Attempt.flag != "", Attempt.decided_at.is_(None))),
        "failed": (Refund, (Refund.state == "refund_failed",)),
        "slow": (Refund, (Refund.state == "refunding", Refund.not_before <= now - SLOW)),
        "silent": (Attempt, (Attempt.state == "started", Attempt.created_at <= now - EACH_HOUR_FOR)),
        "differing": (Difference, (Difference.settled_at.is_(None),)),
    }


def money(now: datetime) -> dict[str, Waiting]:
    """The lists of money that needs a person, each with its oldest first."""
    return {name: _waiting(row, which) for name, (row, which) in _lists(now).items()}


def money_counts(now: datetime) -> dict[str, int]:
    """How much is on each of these lists."""
    return {name: _count(row, which) for name, (row, which) in _lists(now).items()}


def _count(row: type[Any], which: Collection[ColumnElement[bool]]) -> int:
    return db.session.scalar(select(func.count()).select_from(row).where(*which)) or 0


def _waiting(row: type[Any], which: Collection[ColumnElement[bool]]) -> Waiting:
    found = db.session.execute(_with_place(row).where(*which).order_by(row.id).limit(MOST))
    cases = [Case(*each) for each in found]
    return Waiting(cases, len(cases) if len(cases) < MOST else _count(row, which))


def _with_place(row: type[Any]) -> Select[Any]:
    """The rows with their payment and their appointment: its doctor, its clinic, never its patient."""
    place = joinedload(Appointment.sitting).joinedload(Sitting.chamber)
    query = select(row, Attempt, Appointment).select_from(row)
    if row is not Attempt:
        query = query.join(Attempt, Attempt.id == row.attempt_id)
    query = query.join(Appointment, Appointment.id == Attempt.appointment_id)
    return query.options(place.joinedload(Chamber.clinic), place.joinedload(Chamber.doctor))


@dataclass(frozen=True)
class Done:
    """One act of the office: what, by whom, when, and the appointment it was about."""

    act: LazyString
    name: str
    at: datetime
    ref: str | None = None


def money_done() -> list[Done]:
    """What was lately decided about money, newest first."""
    entries = _entries(AuditEntry.kind.in_(MONEY))
    about: dict[tuple[str, int], int] = {}
    for kind in {entry.kind for entry in entries}:
        about |= {
            (kind, row_id): of for row_id, of in _appointments(kind, [e.row_id for e in entries if e.kind == kind])
        }
    known = refs(about.values())
    return _said(entries, {key: known[of] for key, of in about.items() if of in known})


def letters_done() -> list[Done]:
    """Which letters were lately sent again, newest first."""
    return _said(_entries(AuditEntry.kind == "letter"), {})


def who_was_first(kind: str, row_id: int) -> str:
    """Who of the office acted last on this row, and when, as a sentence; empty where nobody did."""
    for done in _said(_entries(AuditEntry.kind == kind, AuditEntry.row_id == row_id, most=1), {}):
        return str(
            _("%(name)s was before you: %(moment)s. Nothing was changed.", name=done.name, moment=moment(done.at))
        )
    return ""


def _entries(*which: ColumnElement[bool], most: int = SHOWN_DONE) -> Sequence[AuditEntry]:
    query = select(AuditEntry).where(AuditEntry.side == "admin", *which).order_by(AuditEntry.id.desc())
    return db.session.scalars(query.limit(most)).all()


def _appointments(kind: str, ids: Collection[int]) -> Sequence[tuple[int, int]]:
    """The appointments that rows of money are about."""
    row = MONEY[kind]
    query = select(row.id, Attempt.appointment_id).where(row.id.in_(ids))
    query = query if row is Attempt else query.join(Attempt, Attempt.id == row.attempt_id)
    return [(row_id, of) for row_id, of in db.session.execute(query)]


def _said(entries: Sequence[AuditEntry], known: dict[tuple[str, int], str]) -> list[Done]:
    names = people.names_of({entry.person_id for entry in entries if entry.person_id is not None})
    return [
        Done(
            act=acts.WORDS.get(entry.act, acts.OTHERWISE),
            name=names.get(entry.person_id or 0, ""),
            at=entry.at,
            ref=known.get((entry.kind, entry.row_id)),
        )
        for entry in entries
    ]
