"""The small world of the walk: two doctors in three chambers of two clinics, in two zones, and whoever comes to them.

It is written once a database; each run is one transaction that is never committed, each step a savepoint of it.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from doctapp import db as database
from doctapp.accounts.models import Person
from doctapp.appointments import deciding, holding, jobs, life, references, requesting
from doctapp.appointments.life import By
from doctapp.appointments.models import Appointment
from doctapp.db import db
from doctapp.doctors.models import Chamber
from doctapp.errors import DomainError
from doctapp.schedules import jobs as schedule_jobs
from doctapp.schedules import sittings
from doctapp.schedules.models import Sitting
from doctapp.web import cookies
from tests import make

BEGINS = datetime(2026, 10, 29, 9, 0, tzinfo=UTC)  # three days before New York's clocks go back
DAYS = 9


@dataclass(frozen=True)
class World:
    """Who and what there is, by ids: the rows are read anew in each step."""

    doctors: dict[int, int | None]
    chambers: tuple[int, ...]
    zones: dict[int, str]
    clinics: dict[int, int]
    owners: tuple[int, ...]
    phone_only: tuple[int, ...]
    staff: dict[int, tuple[int, ...]]
    admin: int

    def clinic_side(self, chamber_id: int, who: int) -> By:
        """One of those who act for the clinic: the doctor, the clerk, the clerk of both."""
        chamber = db.session.get(Chamber, chamber_id)
        assert chamber is not None
        able = [person for person in (self.doctors[chamber.doctor_id], *self.staff[chamber.clinic_id]) if person]
        return By("clinic", able[who % len(able)], chamber.clinic_id)


def built() -> World:
    """Write the world, and commit it."""
    gomoti = make.clinic(name_en="Gomoti Hospital")
    hudson = make.clinic(name_en="Hudson Clinic", zone="America/New_York")
    rokeya = make.doctor("Rokeya Begum", person_id=make.person(phone="+8801711000001", name="Rokeya Begum").id)
    karim_person = make.person(phone="+8801711000002", name="Karim Uddin")
    karim = make.doctor("Karim Uddin", person_id=karim_person.id)
    by_hand = make.chamber(rokeya, gomoti, live_at=BEGINS, cut_off_minutes=120)
    at_once = make.chamber(rokeya, hudson, live_at=BEGINS, acceptance="auto", lead_minutes=0)
    karims = make.chamber(karim, gomoti, live_at=BEGINS)
    for chamber in (by_hand, at_once, karims):
        chamber.methods, chamber.online_part, chamber.advance = "chamber sandbox", "either", 20000
    for weekday in range(0, 7, 2):
        make.hours(by_hand, weekday, 17 * 60, 18 * 60, minutes=15, capacity=4)
        make.hours(karims, weekday, 23 * 60, 24 * 60 + 45, minutes=20, capacity=3)
    make.hours(at_once, 6, 90, 150, minutes=20, capacity=3)  # Sunday from half past one, which comes twice
    make.hours(at_once, 3, 17 * 60, 18 * 60, minutes=20, capacity=3)
    nasrin, both = make.person(name="Nasrin Akter"), make.person(name="Clerk of both")
    for person, clinic in ((nasrin, gomoti), (both, gomoti), (both, hudson)):
        make.staff(person, clinic)
    alice = make.person(phone="+8801711000003", name="Alice Akter", email="alice@a.test")
    make.patient(alice, "Alice Akter", 30, oneself=True)
    make.patient(alice, "Momena Bibi", 58)
    bob = make.person(phone="+8801711000004", name="Bob Barua")
    phone_only = make.person(phone="+8801711000005")
    make.patient(phone_only, "Momena Bibi", 58)
    admin = make.person(name="Admin", admin=True)
    with database.transaction():
        for doctor in (rokeya, karim):
            sittings.generate(doctor.id, now=BEGINS, days=DAYS)
    for chamber, number, person, accepted in (
        (by_hand, 1, alice, True), (by_hand, 2, bob, True), (by_hand, 3, karim_person, False),
        (karims, 1, bob, True), (karims, 2, phone_only, False), (at_once, 1, alice, True), (at_once, 2, bob, True),
    ):  # fmt: skip
        booked(chamber, number, person, accepted=accepted)
    begun(by_hand, at_once)
    return World(
        doctors={rokeya.id: rokeya.person_id, karim.id: karim.person_id},
        chambers=(by_hand.id, at_once.id, karims.id),
        zones={chamber.id: chamber.clinic.zone for chamber in (by_hand, at_once, karims)},
        clinics={chamber.id: chamber.clinic_id for chamber in (by_hand, at_once, karims)},
        owners=(alice.id, bob.id, karim_person.id, phone_only.id),
        phone_only=(phone_only.id,),
        staff={gomoti.id: (nasrin.id, both.id), hudson.id: (both.id,)},
        admin=admin.id,
    )


def booked(chamber: Chamber, number: int, person: Person, *, accepted: bool) -> None:
    """Somebody asked for a number of the chamber's next sitting before the walk begins, and perhaps has it."""
    next_one = select(Sitting.id).filter_by(chamber_id=chamber.id).order_by(Sitting.starts_at).limit(1)
    with database.transaction():
        sitting_id = db.session.scalar(next_one)
        assert sitting_id is not None
        row = holding.hold(
            sitting_id=sitting_id,
            number=number,
            browser_hash=f"before {number} of {sitting_id}",
            person_id=person.id,
            address="before",
            language="en",
            now=BEGINS,
        )
        given = {"name": person.name or "Momena Bibi", "age": 58 if not person.name else 30, "sex": "female"}
        requesting.answers(row, who="me", phone="", visit="new", reason="Cough", **given)
        requesting.request(row, method="chamber", now=BEGINS)
        if accepted and row.status == "requested":
            doctor = By("clinic", chamber.doctor.person_id, chamber.clinic_id)
            deciding.accept(row, by=doctor, now=BEGINS)


def begun(by_hand: Chamber, at_once: Chamber) -> None:
    """A number of the next sitting is held, somebody is in the room already, and the next one was called."""
    with database.transaction():
        rows = db.session.scalars(select(Appointment).order_by(Appointment.id)).all()
        first = next(row for row in rows if row.sitting.chamber_id == by_hand.id)
        given = {"person_id": None, "address": "before", "language": "en", "now": BEGINS}
        holding.hold(sitting_id=first.sitting_id, number=4, browser_hash=cookies.hashed("browser 0"), **given)
        inside, called = [row for row in rows if row.sitting.chamber_id == at_once.id]
        desk = By("clinic", by_hand.doctor.person_id, at_once.clinic_id)
        for row, act, was, became in (
            (inside, "arrive", "booked", "arrived"), (inside, "call", "arrived", "called"),
            (inside, "enter", "called", "in_consultation"),
            (called, "arrive", "booked", "arrived"), (called, "call", "arrived", "called"),
        ):  # fmt: skip
            assert life.change(row, act=act, was=was, became=became, by=desk, now=BEGINS)


class NeverCommitted(Exception):
    """The end of a run: all of it is taken back."""


@contextmanager
def run() -> Iterator[None]:
    """One run: a transaction that is taken back."""
    try:
        with database.transaction():
            yield
            raise NeverCommitted
    except NeverCommitted:
        pass


@contextmanager
def step() -> Iterator[None]:
    """One step, as a door's transaction: a refusal takes back what it did."""
    with db.session.begin_nested():
        yield
    db.session.expire_all()


def tried(act: Callable[[], Any]) -> DomainError | None:
    """Do it as a door would; the refusal, if it was refused."""
    try:
        with step():
            act()
    except DomainError as refusal:
        db.session.expire_all()
        return refusal
    return None


def prepare(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let jobs run inside a run, make fewer sittings, and draw references that are the same in each run."""
    for module in (jobs, schedule_jobs):
        monkeypatch.setattr(module, "transaction", step)
    drawn = itertools.count(1)
    monkeypatch.setattr(references, "draw", lambda: written(next(drawn)))
    monkeypatch.setattr(sittings, "AHEAD", timedelta(days=DAYS))
    given = sittings.generate
    monkeypatch.setattr(sittings, "generate", lambda doctor_id, *, now, days=DAYS: given(doctor_id, now=now, days=days))


def written(number: int) -> str:
    """A reference that no other number has."""
    letters = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
    found = ""
    for _ in range(6):
        number, last = divmod(number, len(letters))
        found = letters[last] + found
    return f"{found[:3]}-{found[3:]}"
