"""What the tests of planning share: a chamber whose doctor signs in, and its rows as they stand."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from flask.testing import FlaskClient

from doctapp.accounts.models import Person
from doctapp.clock import local
from doctapp.db import db, transaction
from doctapp.doctors.models import Chamber
from doctapp.schedules import sittings
from doctapp.schedules.models import Sitting
from tests import make
from tests.people import NOW

ZONE = "Asia/Dhaka"
HTMX = {"HX-Request": "true", "HX-Request-Type": "partial"}
NAMES = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def in_days(days: int) -> date:
    """The date so many days from today in Dhaka."""
    return local(NOW, ZONE).date() + timedelta(days=days)


def weekday(days: int) -> int:
    """The weekday of that date."""
    return in_days(days).weekday()


def doctors_chamber(name: str = "Rokeya Begum", **given: Any) -> Chamber:
    """A chamber of a doctor who can sign in."""
    person = make.person(name=name)
    return make.chamber(make.doctor(name, person_id=person.id), **given)


def sign_in(client: FlaskClient, chamber: Chamber) -> FlaskClient:
    """The browser of the chamber's doctor."""
    person = db.session.get(Person, chamber.doctor.person_id)
    assert person
    return make.sign_in(client, person)


def with_hours(chamber: Chamber, *, days: int = 3, **given: Any) -> Any:
    """Hours on the weekday of that day, and the sittings made from them."""
    row = make.hours(chamber, weekday=weekday(days), **given)
    generate(chamber)
    return row


def generate(chamber: Chamber) -> None:
    """Make the sittings."""
    with transaction():
        sittings.generate(chamber.doctor_id, now=NOW)


def standing(chamber: Chamber) -> list[Sitting]:
    """The chamber's sittings as the database has them now, soonest first."""
    db.session.rollback()
    query = db.select(Sitting).where(Sitting.chamber_id == chamber.id).order_by(Sitting.starts_at)
    return list(db.session.scalars(query.execution_options(populate_existing=True)))


def times(chamber: Chamber) -> list[tuple[int, int]]:
    """From when to when they are, in minutes after midnight."""
    spans = [(s.local_start, int((s.ends_at - s.starts_at).total_seconds() // 60)) for s in standing(chamber)]
    return [(start, start + length) for start, length in spans]
