"""Who stands in the way when a doctor's hours change: nobody is moved, so whoever changes them is shown a list first.

The list is read again when it is saved; what was shown is known by its digest, and anything new is shown again.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, and_, func, literal, or_, select
from sqlalchemy.orm import joinedload

from doctapp.appointments import places
from doctapp.appointments.models import Appointment, Event, Waiting
from doctapp.db import db
from doctapp.doctors.models import Chamber
from doctapp.errors import DomainError
from doctapp.schedules.models import Sitting

STOOD = ("completed", "no_show", "left", "elapsed")


@dataclass(frozen=True)
class Standing:
    """A sitting that follows no change, and the appointments that live in it, by their numbers."""

    sitting: Sitting
    rows: Sequence[Appointment]


class InTheWay(DomainError):
    """Nothing was changed: these sittings have appointments, and nobody has said that they shall stay."""

    message = _l("Patients are booked at times that would no longer be yours. Nothing was changed yet.")

    def __init__(self, ids: Sequence[int]) -> None:
        super().__init__()
        self.ids = ids


def unused() -> ColumnElement[bool]:
    """That a sitting never had an appointment of any kind, none was moved out of it, and nobody ever waited for it."""
    here = select(literal(1)).select_from(Appointment).where(Appointment.sitting_id == Sitting.id)
    left = select(literal(1)).select_from(Event).where(Event.was_sitting_id == Sitting.id)
    waited = select(literal(1)).select_from(Waiting).where(Waiting.sitting_id == Sitting.id)
    return and_(*(~something.correlate(Sitting).exists() for something in (here, left, waited)))


def among(ids: Sequence[int], *, now: datetime, empty: bool = True) -> list[Standing]:
    """Those of these sittings that something happened in, soonest first; with `empty` also where nobody lives."""
    place = joinedload(Sitting.chamber).options(joinedload(Chamber.clinic), joinedload(Chamber.doctor))
    query = select(Sitting).where(Sitting.id.in_(ids), ~unused()).options(place).order_by(Sitting.starts_at)
    rows = _living(ids, now=now)
    standing = [Standing(sitting, rows[sitting.id]) for sitting in db.session.scalars(query)]
    return [each for each in standing if each.rows or empty]


def _living(ids: Sequence[int], *, now: datetime) -> dict[int, list[Appointment]]:
    query = select(Appointment).where(Appointment.sitting_id.in_(ids), places.is_kept(now))
    query = query.options(joinedload(Appointment.patient)).order_by(Appointment.sitting_id, Appointment.number)
    rows: dict[int, list[Appointment]] = defaultdict(list)
    for row in db.session.scalars(query):
        rows[row.sitting_id].append(row)
    return rows


def digest(standing: Sequence[Standing]) -> str:
    """What a list showed, in a few letters; two lists with the same sittings and appointments have the same."""
    shown = [(each.sitting.id, [(row.id, row.number) for row in each.rows]) for each in standing]
    return hashlib.sha256(repr(shown).encode()).hexdigest()[:24]


def settle(ids: Sequence[int], *, seen: str, now: datetime, empty: bool = True) -> list[Standing]:
    """The sittings that stay, if the list of them is the one that was seen; raises InTheWay where it is not.

    The sittings are locked, so that nobody can come between.
    """
    standing = among(ids, now=now, empty=empty)
    if standing and digest(standing) != seen:
        raise InTheWay(ids)
    return standing


def booked(ids: Sequence[int], *, now: datetime) -> dict[int, int]:
    """How many appointments live in each of these sittings, or stood to its end."""
    count = func.count().label("n")
    stood = or_(places.is_kept(now), Appointment.status.in_(STOOD))
    query = select(Appointment.sitting_id, count).where(Appointment.sitting_id.in_(ids), stood)
    return {row.sitting_id: row.n for row in db.session.execute(query.group_by(Appointment.sitting_id))}
