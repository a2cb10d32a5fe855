"""Rows for tests, every argument defaulted; each is committed, so that requests and other connections see it."""

from __future__ import annotations

import itertools
from datetime import date, timedelta
from functools import cache
from typing import Any

from flask.testing import FlaskClient

from doctapp import clock
from doctapp.accounts import names, passwords
from doctapp.accounts.models import Patient, Person, Session, WayIn
from doctapp.appointments import places, references
from doctapp.appointments.models import Appointment, Event
from doctapp.clinics.models import Area, Clinic, Staff
from doctapp.db import db
from doctapp.doctors.models import Chamber, Doctor, Specialty
from doctapp.schedules.models import Leave, Sitting, WeeklyHours
from doctapp.web import cookies
from tests.people import NOW

_number = itertools.count(1)


def saved(row: Any) -> Any:
    """The row, written and committed."""
    db.session.add(row)
    db.session.commit()
    return row


def area(slug: str | None = None, kind: str = "district", parent: Area | None = None, **given: Any) -> Area:
    n = next(_number)
    values = {"name_en": f"Area {n}", "name_bn": f"এলাকা {n}", **given}
    return saved(Area(slug=slug or f"area-{n}", kind=kind, parent=parent, **values))


def clinic(**given: Any) -> Clinic:
    n = next(_number)
    values = {
        "slug": f"clinic-{n}",
        "name_en": f"Clinic {n}",
        "name_bn": f"ক্লিনিক {n}",
        "address_en": "Kandirpar, Cumilla",
        "address_bn": "কান্দিরপাড়, কুমিল্লা",
        "phone": "08160-0001",
        "zone": "Asia/Dhaka",
        **given,
    }
    values.setdefault("area", area())
    return saved(Clinic(**values))


def specialty(slug: str | None = None, **given: Any) -> Specialty:
    n = next(_number)
    values = {
        "position": n,
        "icon": "steth",
        "name_en": f"Field {n}",
        "name_bn": f"বিষয় {n}",
        "hint_en": "Fever",
        "hint_bn": "জ্বর",
        "words": "fever;জ্বর",
        **given,
    }
    return saved(Specialty(slug=slug or f"field-{n}", **values))


@cache
def hashed_once(password: str) -> str:
    """A password's hash; a good hash takes its time, and most tests have the same password."""
    return passwords.hashed(password)


def person(phone: str | None = None, email: str | None = None, password: str | None = None, **given: Any) -> Person:
    row = Person(created_at=NOW, **{"name": "", "language": "en", **given})
    if password:
        row.password_hash = hashed_once(password)
    for kind, value in (("phone", phone), ("email", email)):
        if value:
            row.ways_in.append(WayIn(kind=kind, value=value, shown=value, proven_at=NOW))
    return saved(row)


def patient(of: Person, name: str = "Rahima Khatun", age: int = 34, **given: Any) -> Patient:
    values = {"sex": "female", "oneself": False, **given}
    row = Patient(person=of, name=name, name_key=names.key(name), born=NOW.year - age, created_at=NOW, **values)
    return saved(row)


def doctor(name: str = "Rokeya Begum", **given: Any) -> Doctor:
    n = next(_number)
    values = {
        "slug": f"doctor-{n}",
        "name_en": name,
        "name_bn": "রোকেয়া বেগম",
        "sex": "female",
        "degrees_en": "MBBS, FCPS (Medicine)",
        "degrees_bn": "এমবিবিএস, এফসিপিএস (মেডিসিন)",
        "college_en": "Cumilla Medical College",
        "college_bn": "কুমিল্লা মেডিকেল কলেজ",
        "passing_year": 2009,
        "registration": f"A-{n:05}",
        "registration_until": date(2028, 6, 30),
        "rating_tenths": 47,
        "rating_count": 128,
        **given,
    }
    values.setdefault("search", names.key(f"{values['name_en']} {values['name_bn']}"))
    return saved(Doctor(**values))


def chamber(doctor: Doctor | None = None, clinic: Clinic | None = None, **given: Any) -> Chamber:
    values = {
        "room_en": "room 204",
        "room_bn": "রুম ২০৪",
        "fee_new": 70000,
        "fee_follow_up": 50000,
        "fee_report": 0,
        "live_at": NOW - timedelta(days=30),
        **given,
    }
    return saved(Chamber(doctor=doctor or globals()["doctor"](), clinic=clinic or globals()["clinic"](), **values))


def sitting(
    chamber: Chamber | None = None,
    *,
    days: int = 1,
    start: int = 17 * 60,
    capacity: int = 24,
    minutes: int = 10,
    **given: Any,
) -> Sitting:
    """A sitting so many days from today, from `start` minutes after the clinic's midnight."""
    chamber = chamber or globals()["chamber"]()
    zone = chamber.clinic.zone
    day = clock.local(NOW, zone).date() + timedelta(days=days)
    starts_at = given.pop("starts_at", None) or clock.wall_start(day, start, zone)
    return saved(
        Sitting(
            chamber=chamber,
            doctor_id=chamber.doctor_id,
            local_date=day,
            local_start=start,
            starts_at=starts_at,
            ends_at=starts_at + timedelta(minutes=minutes * capacity),
            minutes=minutes,
            capacity=capacity,
            **given,
        )
    )


def hours(chamber: Chamber, weekday: int = 0, start: int = 17 * 60, until: int = 21 * 60, **given: Any) -> WeeklyHours:
    values = {"minutes": 10, "capacity": 24, **given}
    return saved(WeeklyHours(chamber=chamber, weekday=weekday, start=start, until=until, **values))


def leave(doctor: Doctor, first: date, last: date, **given: Any) -> Leave:
    return saved(Leave(doctor_id=doctor.id, first=first, last=last, **given))


def staff(person: Person, clinic: Clinic, role: str = "clerk") -> Staff:
    return saved(Staff(person_id=person.id, clinic=clinic, role=role))


def appointment(
    sitting: Sitting | None = None, *, number: int = 12, status: str = "booked", of: Patient | None = None, **given: Any
) -> Appointment:
    """An appointment in any state, with the event that led there."""
    sitting = sitting or globals()["sitting"]()
    if of is None and status not in {"held", "expired"}:
        of = patient(person(phone=f"+88017{next(_number):08}"))
    now = given.pop("now", NOW)
    values: dict[str, Any] = {
        "ref": references.draw(),
        "about_at": places.about(sitting, number),
        "created_at": now,
        "language": "en",
    }
    if of is not None:
        values |= {
            "patient": of,
            "person_id": of.person_id,
            "phone": of.phone or next((w.value for w in of.person.ways_in if w.kind == "phone"), None),
            "price": 70000,
            "method": "chamber",
            "cut_off_minutes": 120,
            "requested_at": now,
            "lapses_at": min(now + timedelta(hours=24), values["about_at"] - timedelta(hours=2)),
        }
    if status == "booked":
        values["booked_at"] = now
    row = saved(
        Appointment(sitting=sitting, doctor_id=sitting.doctor_id, number=number, status=status, **{**values, **given})
    )
    event = saved(Event(appointment_id=row.id, act="make", was=None, became=status, side="patient", at=now))
    row.last_event_id = event.id
    return saved(row)


def hold(sitting: Sitting | None = None, *, number: int = 12, browser: str = "a", **given: Any) -> Appointment:
    """A hold of this browser, fifteen minutes from now."""
    values = {"browser_hash": cookies.hashed(browser), "held_until": NOW + timedelta(minutes=15), **given}
    return appointment(sitting, number=number, status="held", **values)


def sign_in(client: FlaskClient, person: Person, **given: Any) -> FlaskClient:
    """The client, with an open session of this person, who just gave the password or a code."""
    token = f"session-token-{next(_number)}-{person.id}"
    now = clock.now()
    moments = {"created_at": now, "last_seen_at": now, "authenticated_at": now, **given}
    saved(Session(token_hash=cookies.hashed(token), person_id=person.id, **moments))
    client.set_cookie("session", token)
    return client
